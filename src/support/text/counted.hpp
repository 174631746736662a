// Counts of things in messages.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace sciexam::inline support {

/// "1 question", "2 questions", for nouns with a plural in s.
template <std::integral Count>
std::string counted(Count count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

} // namespace sciexam::inline support
