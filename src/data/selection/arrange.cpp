#include "data/selection/arrange.hpp"

#include "support/errors.hpp"
#include "support/random.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>
#include <vector>

namespace sciexam {
namespace {

constexpr std::uint32_t kOptionPlace = 0xF0000002, kFoldPlace = 0xF0000003; // streams apart from training's

bool ids_are_unique(const DataSet& data) {
  std::unordered_set<std::string_view> ids;
  return std::all_of(data.records.begin(), data.records.end(), [&](const Record& record) {
    return !record.question.id.empty() && ids.insert(record.question.id).second;
  });
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u; // FNV-1a
  for (const char byte : text)
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3u;
  return hash;
}

/// Which records belong together, by group; the largest groups first, equal ones in an order by `random`.
std::vector<std::vector<std::size_t>> groups_of(const DataSet& data, RandomSequence& random) {
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < data.records.size(); ++i)
    members[data.records[i].group].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  groups.reserve(members.size());
  for (auto& [group, indices] : members)
    groups.push_back(std::move(indices));
  shuffle(groups, random);
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return groups;
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
    // A stream of each question's own: its order does not depend on what else is in the file.
    const std::uint64_t hash = hash_of(question.prompt);
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
  RandomSequence random({seed, {kFoldPlace, 0, 0}});
  const std::vector<std::vector<std::size_t>> groups = groups_of(data, random);
  if (groups.size() < static_cast<std::size_t>(folds))
    throw UsageError(counted(groups.size(), "question") + " cannot be split into " + counted(folds, "fold") +
                     ". Give fewer --folds");
  using Stratum = std::pair<std::string, int>;
  std::map<Stratum, std::vector<std::size_t>> sizes; // of each stratum, by fold
  std::vector<std::size_t> totals(static_cast<std::size_t>(folds));
  const auto stratum_of = [&](std::size_t i) {
    return Stratum(data.records[i].source, data.records[i].question.answer.value_or(-1));
  };
  for (const std::vector<std::size_t>& group : groups) {
    std::vector<std::size_t>& of_first = sizes[stratum_of(group.front())];
    of_first.resize(totals.size());
    std::size_t best = 0;
    for (std::size_t fold = 1; fold < totals.size(); ++fold)
      if (std::tie(of_first[fold], totals[fold]) < std::tie(of_first[best], totals[best]))
        best = fold;
    for (const std::size_t i : group) {
      std::vector<std::size_t>& of_stratum = sizes[stratum_of(i)];
      of_stratum.resize(totals.size());
      ++of_stratum[best];
      ++totals[best];
      data.records[i].question.fold = static_cast<int>(best);
    }
  }
}

} // namespace sciexam
