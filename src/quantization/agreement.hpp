// How far a model's answers stay the same when it computes in another precision.
#pragma once

#include "inference/logits.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace sciexam::inline quantization {

/// How two sets of answers to the same questions differ.
struct Agreement {
  std::size_t questions = 0;
  std::size_t other_first = 0;   ///< questions whose first guess differs
  std::size_t other_order = 0;   ///< questions whose first three guesses differ, or their order
  double largest_difference = 0; ///< of logits
};
/// Answers to the same questions, in the same order.
Agreement compare(std::span<const OptionLogits> a, std::span<const OptionLogits> b);

/// "of 200 questions the first guess differs for 1 and the order of the first three for 2; logits differ by up to
/// 0.012"
std::string describe(const Agreement& agreement);

} // namespace sciexam::inline quantization
