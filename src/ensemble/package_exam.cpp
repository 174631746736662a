#include "ensemble/package_exam.hpp"

#include "exam/contexts.hpp"
#include "inference/loading.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

namespace sciexam::inline ensemble {
namespace {

std::string shown_id(const std::string& id) {
  const std::string_view shown = utf8_prefix(id, 40);
  return std::string(shown) + (shown.size() < id.size() ? "..." : "");
}

std::vector<QuestionLengths> lengths_of(std::span<const EncodedQuestion> questions) {
  std::vector<QuestionLengths> lengths(questions.size());
  for (std::size_t q = 0; q < questions.size(); ++q)
    for (std::size_t i = 0; i < kOptions; ++i)
      lengths[q][i] = static_cast<std::int32_t>(questions[q][i].ids.size());
  return lengths;
}

} // namespace

PackageExam::PackageExam(std::span<const Question> questions, Tokenizer tokenizer, const ReadingOptions& options)
    : questions_(questions), readings_(questions), template_options_(options.template_options),
      tokenizer_(std::move(tokenizer)) {
  std::size_t most = 1;
  for (const Question& question : questions)
    most = std::max(most, contexts_of(question).size());
  streams_ = template_options_.kind == Template::open_book ? std::min(most, options.streams) : 1;
  if (streams_ == 1)
    return;
  for (std::size_t stream = 0; stream < streams_; ++stream)
    for (const Question& question : questions) {
      const std::vector<std::string_view> contexts = contexts_of(question);
      with_contexts_.push_back({.id = question.id, .prompt = question.prompt, .options = question.options});
      if (stream < contexts.size())
        with_contexts_.back().context = contexts[stream];
    }
  readings_ = with_contexts_;
}

/// Every question is read at least once, be it without a context.
bool PackageExam::exists(std::size_t reading) const {
  return reading < questions_.size() || !readings_[reading].context.empty();
}

void PackageExam::encode(int threads, const std::function<bool()>& stop) {
  std::vector<Question> texts;
  std::vector<std::size_t> existing;
  for (std::size_t reading = 0; reading < readings_.size(); ++reading)
    if (exists(reading)) {
      existing.push_back(reading);
      texts.push_back(readings_[reading]);
    }
  EncodedExam encoded = encode_exam(tokenizer_, texts, template_options_, threads, stop);
  encoded_ = {.questions = std::vector<EncodedQuestion>(readings_.size()), .cut = {}};
  for (std::size_t i = 0; i < existing.size(); ++i)
    encoded_.questions[existing[i]] = std::move(encoded.questions[i]);
  for (const std::size_t i : encoded.cut)
    encoded_.cut.push_back(existing[i]);
  lengths_ = lengths_of(encoded_.questions);
}

std::string PackageExam::name_of(std::size_t reading) const {
  const std::size_t context = reading / questions_.size() + 1;
  return "question " + shown_id(readings_[reading].id) +
         (context > 1 ? " with context " + std::to_string(context) : "");
}

std::string PackageExam::cut_questions() const {
  std::set<std::size_t> cut;
  for (const std::size_t reading : encoded_.cut)
    cut.insert(reading % questions_.size());
  if (cut.empty())
    return {};
  constexpr std::size_t kNamed = 5;
  std::string ids;
  std::size_t named = 0;
  for (auto question = cut.begin(); question != cut.end() && named < kNamed; ++question, ++named)
    ids += (named == 0 ? "" : ", ") + shown_id(questions_[*question].id);
  if (cut.size() > kNamed)
    ids += " and " + std::to_string(cut.size() - kNamed) + " more";
  return counted(cut.size(), "question") + " had too much text, of which the models saw the first " +
         counted(kLongestSequence, "token") + " for each option: " + ids;
}

std::uint64_t PackageExam::tokens_of(std::span<const std::size_t> some) const {
  std::uint64_t tokens = 0;
  for (const std::size_t reading : some)
    tokens += static_cast<std::uint64_t>(token_count(encoded_.questions[reading]));
  return tokens;
}

PackageExam encode_for(const Package& package, std::span<const Question> questions, const ReadingOptions& options,
                       int threads, const std::function<bool()>& stop) {
  PackageExam exam(questions, Tokenizer::from_bytes(package.vocabulary(), package.manifest().vocabulary.name), options);
  exam.encode(threads, stop);
  return exam;
}

std::int64_t plan_token_budget(const Package& package, Precision precision, std::span<const QuestionLengths> lengths) {
  std::int64_t largest = 1;
  for (const QuestionLengths& question : lengths)
    if (*std::max_element(question.begin(), question.end()) <= kLongSequence)
      largest = std::max<std::int64_t>(largest, std::accumulate(question.begin(), question.end(), 0));
  std::int64_t budget = kTokenBudget;
  const std::uint64_t available = available_memory();
  if (available == 0)
    return budget;
  for (std::size_t model = 0; model < package.manifest().models.size(); ++model)
    try {
      const DebertaConfig config = package.config(model);
      const DType stored = package.manifest().models[model].dtype;
      while (budget > largest && answering_memory(config, stored, precision, budget) > available)
        budget = std::max(largest, budget / 2);
    } catch (const PackageError&) {
      continue; // reported when it is its turn
    }
  if (budget < kTokenBudget)
    log_line("memory: " + format_memory(available) + " available: at most " + counted(budget, "token") + " at once");
  return budget;
}

} // namespace sciexam::inline ensemble
