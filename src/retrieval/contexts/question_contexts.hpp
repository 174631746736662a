// The contexts that a question is answered and trained with.
#pragma once

#include "exam/question.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

/// [streams]: stream s has the question's own s-th context (exam/contexts.hpp); where it has none, what was found as
/// the s-th; where that is nothing either, it is empty.
std::vector<std::string> question_contexts(const Question& question, const FoundPassages& found, std::size_t streams);

} // namespace sciexam::inline retrieval
