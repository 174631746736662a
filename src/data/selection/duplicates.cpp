#include "data/selection/duplicates.hpp"

#include "exam/contexts.hpp"
#include "exam/folds.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <utility>

namespace sciexam::inline data {
namespace {

std::vector<Question> questions_of(const std::vector<Record>& records) {
  std::vector<Question> questions;
  questions.reserve(records.size());
  for (const Record& record : records) {
    questions.push_back(record.question);
    set_contexts(questions.back(), {}); // not compared, but long
  }
  return questions;
}

/// "similarity 0.92 to train.csv, row 7".
std::string describe(double similarity, const std::string& place) {
  return "similarity " + format_fixed(similarity, 2) + " to " + place;
}

void drop_held_out(DataSet& data, const HoldOut& hold_out, double threshold) {
  std::vector<bool> dropped(data.records.size());
  const std::string name = std::filesystem::path(hold_out.path).filename().string();
  for (const NearDuplicate& pair : near_duplicates(questions_of(data.records), hold_out.questions, threshold)) {
    const Record& record = data.records[pair.first];
    const std::string place = name + ", row " + std::to_string(hold_out.rows.at(pair.second));
    data.alike.push_back({.kept = hold_out.questions[pair.second].prompt,
                          .dropped = record.question.prompt,
                          .kept_place = place,
                          .dropped_place = data.place_of(record),
                          .similarity = pair.similarity,
                          .held_out = true});
    if (!dropped[pair.first])
      data.reject(record, Reason::held_out, describe(pair.similarity, place));
    dropped[pair.first] = true;
  }
  remove_records(data, dropped);
}

/// What exact duplicates have in common: the prompt and the sorted options.
std::vector<std::string> key_of(const Question& question) {
  std::vector<std::string> key(question.options.begin(), question.options.end());
  std::sort(key.begin(), key.end());
  key.push_back(question.prompt);
  return key;
}

const std::string& right_option(const Question& question) {
  return question.options[static_cast<std::size_t>(*question.answer)];
}

void drop_exact(DataSet& data) {
  std::vector<bool> dropped(data.records.size());
  std::map<std::vector<std::string>, std::size_t> first_of;
  for (std::size_t i = 0; i < data.records.size(); ++i) {
    const Record& record = data.records[i];
    const auto [entry, is_new] = first_of.emplace(key_of(record.question), i);
    if (is_new)
      continue;
    const Record& first = data.records[entry->second];
    const bool agree = right_option(first.question) == right_option(record.question);
    data.reject(record, Reason::duplicate,
                "of " + data.place_of(first) + (agree ? "" : ", which has another right answer"));
    dropped[i] = true;
  }
  remove_records(data, dropped);
}

void drop_near(DataSet& data, double threshold) {
  std::vector<bool> dropped(data.records.size());
  std::vector<NearDuplicate> pairs =
      near_duplicates_within(questions_of(data.records), threshold, EqualPrompts::need_options);
  std::sort(pairs.begin(), pairs.end(), [](const NearDuplicate& a, const NearDuplicate& b) {
    return std::pair(a.second, a.first) < std::pair(b.second, b.first);
  });
  for (const NearDuplicate& pair : pairs) {
    if (dropped[pair.first] || dropped[pair.second])
      continue;
    const Record& kept = data.records[pair.first];
    const Record& record = data.records[pair.second];
    data.reject(record, Reason::near_duplicate, describe(pair.similarity, data.place_of(kept)));
    data.alike.push_back({.kept = kept.question.prompt,
                          .dropped = record.question.prompt,
                          .kept_place = data.place_of(kept),
                          .dropped_place = data.place_of(record),
                          .similarity = pair.similarity});
    dropped[pair.second] = true;
  }
  remove_records(data, dropped);
}

} // namespace

void drop_duplicates(DataSet& data, std::span<const HoldOut> hold_outs, const DuplicateRules& rules) {
  for (const HoldOut& hold_out : hold_outs)
    drop_held_out(data, hold_out, rules.threshold);
  drop_exact(data);
  if (!rules.keep_near_duplicates)
    drop_near(data, rules.threshold);
  std::vector<std::size_t> groups(data.records.size());
  std::iota(groups.begin(), groups.end(), std::size_t{0});
  if (rules.keep_near_duplicates)
    groups = duplicate_groups(questions_of(data.records), rules.threshold);
  for (std::size_t i = 0; i < groups.size(); ++i)
    data.records[i].group = groups[i];
}

} // namespace sciexam::inline data
