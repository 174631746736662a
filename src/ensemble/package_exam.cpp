#include "ensemble/package_exam.hpp"

#include "inference/loading.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <numeric>

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

std::string PackageExam::name_of(std::size_t question) const {
  return "question " + shown_id(questions[question].id);
}

std::string PackageExam::cut_questions() const {
  if (encoded.cut.empty())
    return {};
  constexpr std::size_t kNamed = 5;
  std::string ids;
  for (std::size_t i = 0; i < std::min(encoded.cut.size(), kNamed); ++i)
    ids += (i == 0 ? "" : ", ") + shown_id(questions[encoded.cut[i]].id);
  if (encoded.cut.size() > kNamed)
    ids += " and " + std::to_string(encoded.cut.size() - kNamed) + " more";
  return counted(encoded.cut.size(), "question") + " had too much text, of which the models saw the first " +
         counted(kLongestSequence, "token") + " for each option: " + ids;
}

std::uint64_t PackageExam::tokens_of(std::span<const std::size_t> some) const {
  std::uint64_t tokens = 0;
  for (const std::size_t q : some)
    tokens += static_cast<std::uint64_t>(token_count(encoded.questions[q]));
  return tokens;
}

PackageExam encode_for(const Package& package, std::span<const Question> questions, int threads,
                       const std::function<bool()>& stop) {
  Tokenizer tokenizer = Tokenizer::from_bytes(package.vocabulary(), package.manifest().vocabulary.name);
  EncodedExam encoded = encode_exam(tokenizer, questions, package.template_options(), threads, stop);
  std::vector<QuestionLengths> lengths = lengths_of(encoded.questions);
  return {questions, std::move(tokenizer), std::move(encoded), std::move(lengths)};
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
