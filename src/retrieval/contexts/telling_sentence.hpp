// Of a passage the sentence that shows best why it was found.
#pragma once

#include "retrieval/text/analyser.hpp"

#include <string_view>

namespace sciexam::inline retrieval {

/// The sentence of `passage` that has the most different terms of `query`, the first of equal ones, without the white
/// space around it.
std::string_view telling_sentence(Analyser& analyser, std::string_view passage, std::string_view query);

} // namespace sciexam::inline retrieval
