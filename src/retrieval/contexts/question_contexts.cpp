#include "retrieval/contexts/question_contexts.hpp"

#include "exam/contexts.hpp"

namespace sciexam::inline retrieval {

std::vector<std::string> question_contexts(const Question& question, const FoundPassages& found, std::size_t streams) {
  const std::vector<std::string_view> own = contexts_of(question);
  std::vector<std::string> contexts(streams);
  for (std::size_t s = 0; s < streams; ++s)
    if (s < own.size())
      contexts[s] = own[s];
    else if (s == 0)
      contexts[s] = context_of(found.passages);
    else if (s <= found.further.size())
      contexts[s] = context_of(found.further[s - 1]);
  return contexts;
}

} // namespace sciexam::inline retrieval
