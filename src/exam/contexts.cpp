#include "exam/contexts.hpp"

#include <utility>

namespace sciexam::inline exam {

void set_contexts(Question& question, std::vector<std::string> cells) {
  RowContexts contexts = row_contexts(std::move(cells));
  question.context = std::move(contexts.first);
  question.further_contexts = std::move(contexts.further);
}

std::vector<std::string_view> contexts_of(const Question& question) {
  std::vector<std::string_view> contexts;
  if (!question.context.empty())
    contexts.emplace_back(question.context);
  contexts.insert(contexts.end(), question.further_contexts.begin(), question.further_contexts.end());
  return contexts;
}

} // namespace sciexam::inline exam
