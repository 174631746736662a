#include "inference/probe.hpp"

#include "inference/batches.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

namespace sciexam::inline inference {
namespace {

/// A short and a long question, so that distances inside and beyond the first buckets occur.
const std::vector<Question>& probe_questions() {
  static const std::vector<Question> questions = {
      {"short",
       "What is the chemical symbol of water?",
       {"H2O", "CO2", "NaCl", "O2", "CH4"},
       "Water is a compound of hydrogen and oxygen.",
       {}},
      {"long",
       "Which of the following statements accurately describes how the half-life of a radioactive isotope relates to "
       "the number of nuclei that are left after a given time, and which assumptions does the relation rest upon?",
       {"The number halves with every half-life, since each nucleus decays with a constant probability per unit of "
        "time, independently of its age, of its neighbours, and of temperature, pressure or chemical bonds.",
        "The number falls by the same amount in every half-life.", "It grows.",
        "It stays constant until the last half-life.", "It depends on the chemical compound alone."},
       "Radioactive decay is a random process at the level of single atoms: it is impossible to predict when a "
       "particular atom will decay, however long the atom has existed.",
       {}},
  };
  return questions;
}

PackedSequences pack_probe(const std::vector<Probe>& probe) {
  PackedSequences packed;
  for (const Probe& sequence : probe)
    packed.offsets.push_back(packed.offsets.back() + static_cast<std::int64_t>(sequence.ids.size()));
  packed.input_ids = at::empty({packed.offsets.back()}, at::TensorOptions(at::kLong));
  auto* ids = packed.input_ids.mutable_data_ptr<std::int64_t>();
  for (const Probe& sequence : probe)
    ids = std::copy(sequence.ids.begin(), sequence.ids.end(), ids);
  packed.token_type_ids = at::zeros_like(packed.input_ids);
  return packed;
}

std::vector<double> logits_of(AnsweringNetwork& network, const std::vector<Probe>& probe) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = network.forward(pack_probe(probe))->logits.to(at::kDouble).contiguous();
  return {logits.const_data_ptr<double>(), logits.const_data_ptr<double>() + logits.numel()};
}

} // namespace

std::vector<Probe> compute_probe(AnsweringNetwork& network, const Tokenizer& tokenizer,
                                 const TemplateOptions& options) {
  std::vector<Probe> probe;
  for (const Question& question : probe_questions())
    for (Encoding& encoding : encode_question(tokenizer, question, {options.kind, 0}))
      probe.push_back({std::move(encoding.ids), 0});
  const std::vector<double> logits = logits_of(network, probe);
  for (std::size_t i = 0; i < probe.size(); ++i)
    probe[i].logit = logits[i];
  return probe;
}

double probe_difference(AnsweringNetwork& network, const std::vector<Probe>& probe) {
  if (probe.empty())
    return 0;
  const std::vector<double> logits = logits_of(network, probe);
  double difference = 0;
  for (std::size_t i = 0; i < probe.size(); ++i) {
    const double off = std::abs(logits[i] - probe[i].logit);
    difference = std::isnan(off) ? INFINITY : std::max(difference, off);
  }
  return difference;
}

} // namespace sciexam::inline inference
