#include "data/selection/arrange.hpp"

#include "exam/folds.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sciexam::inline data {
namespace {

constexpr std::uint32_t kOptionPlace = 0xF0000002, kFoldPlace = 0xF0000003; // streams apart from training's

bool ids_are_unique(const DataSet& data) {
  std::unordered_set<std::string_view> ids;
  return std::all_of(data.records.begin(), data.records.end(), [&](const Record& record) {
    return !record.question.id.empty() && ids.insert(record.question.id).second;
  });
}

std::uint64_t text_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u; // FNV-1a
  for (const char byte : text)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return hash;
}

/// For each record, the number of its source and right letter.
std::vector<std::size_t> strata_of(const DataSet& data) {
  std::map<std::pair<std::string_view, int>, std::size_t> numbers;
  std::vector<std::size_t> strata;
  for (const Record& record : data.records)
    strata.push_back(
        numbers.try_emplace({record.source, record.question.answer.value_or(-1)}, numbers.size()).first->second);
  return strata;
}

} // namespace

void assign_ids(DataSet& data) {
  if (ids_are_unique(data))
    return;
  std::unordered_set<std::string> taken;
  for (Record& record : data.records) {
    std::string& id = record.question.id;
    const std::string wanted = data.files[record.file].name + "-" + (id.empty() ? std::to_string(record.row) : id);
    id = wanted;
    for (int number = 2; !taken.insert(id).second; ++number)
      id = wanted + "-" + std::to_string(number);
  }
}

void shuffle_options(DataSet& data, std::uint64_t seed) {
  for (Record& record : data.records) {
    Question& question = record.question;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < kOptions; ++i)
      if (!question.options[i].empty())
        places.push_back(i);
    std::vector<std::size_t> order = places;
    // A stream for each question: its order does not depend on what else is in the file.
    const std::uint64_t hash = text_hash(question.prompt);
    RandomSequence random(
        {seed, {kOptionPlace, static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)}});
    shuffle(order, random);
    const Question before = question;
    for (std::size_t i = 0; i < places.size(); ++i) {
      question.options[places[i]] = before.options[order[i]];
      if (before.answer == static_cast<int>(order[i]))
        question.answer = static_cast<int>(places[i]);
    }
  }
}

void assign_folds(DataSet& data, int folds, std::uint64_t seed) {
  std::vector<std::size_t> groups;
  for (const Record& record : data.records)
    groups.push_back(record.group);
  const std::size_t count = std::unordered_set<std::size_t>(groups.begin(), groups.end()).size();
  if (count < static_cast<std::size_t>(folds))
    throw UsageError(counted(count, "question") + " cannot be split into " + counted(folds, "fold") +
                     ". Give fewer --folds");
  const std::vector<int> fold = deal_folds(groups, strata_of(data), folds, Dealing::evenly, {seed, {kFoldPlace, 0, 0}});
  for (std::size_t i = 0; i < fold.size(); ++i)
    data.records[i].question.fold = fold[i];
}

} // namespace sciexam::inline data
