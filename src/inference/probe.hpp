// Sequences whose logits a package carries, so that another machine can see
// that it computes the same.
#pragma once

#include "model/answering_network.hpp"
#include "package/manifest.hpp"
#include "tokenizer/question_encoding.hpp"

#include <vector>

namespace sciexam::inline inference {

/// How far a probe's logit may be off: kernels of other CPUs sum in another
/// order, which moves the logits of a large model by up to about 1e-4.
inline constexpr double kProbeTolerance = 1e-3;
/// Where weights are int8: inputs that differ in the last bits may be rounded to another byte.
inline constexpr double kInt8ProbeTolerance = 0.05;

/// The logits that `network` gives to two fixed questions.
std::vector<Probe> compute_probe(AnsweringNetwork& network, const Tokenizer& tokenizer, const TemplateOptions& options);

/// The largest difference between the probe's logits and those that `network` computes now.
double probe_difference(AnsweringNetwork& network, const std::vector<Probe>& probe);

} // namespace sciexam::inline inference
