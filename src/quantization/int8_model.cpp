#include "quantization/int8_model.hpp"

#include "checkpoint/int8_tensors.hpp"
#include "inference/answering.hpp"
#include "inference/token_batches.hpp"
#include "kernels/int8_weights.hpp"
#include "model/torch_workers.hpp"
#include "model/weights.hpp"
#include "quantization/agreement.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <ATen/core/grad_mode.h>

namespace sciexam::inline quantization {
namespace {

/// Questions on which inputs are observed, and rows of each layer's input that are kept.
constexpr std::size_t kObservedQuestions = 32, kSampleRows = 192;

/// Every tensor in memory, dense weights both as f16 and as bytes.
class Int8Tensors final : public WeightSource {
public:
  Int8Tensors(const DebertaConfig& config, std::string description)
      : config_(config), description_(std::move(description)) {}

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return description_; }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override {
    parallel_for(tensors_.size(), threads, [&](std::size_t i) {
      if (wanted(tensors_[i]))
        sink({tensors_[i], 0, data_.at({tensors_[i].name, tensors_[i].dtype})});
    });
  }

  void add(const std::string& name, DType dtype, std::span<const float> values) {
    std::vector<std::byte> bytes(values.size() * size_of(dtype));
    convert_from_f32(dtype, values, bytes);
    data_[{name, dtype}] = std::move(bytes);
  }
  void add(const std::string& name, std::span<const std::int8_t> values) {
    const auto bytes = std::as_bytes(values);
    data_[{name, DType::i8}].assign(bytes.begin(), bytes.end());
  }
  /// The groups whose weights are bytes from now on.
  void choose(const std::set<std::string>& groups) { tensors_ = tensors_with_int8(config_, groups, DType::f16); }

private:
  DebertaConfig config_;
  std::string description_;
  std::vector<TensorInfo> tensors_;
  std::map<std::pair<std::string, DType>, std::vector<std::byte>> data_;
};

/// Keeps the largest absolute values, and rows from everywhere.
void observe(const at::Tensor& input, std::size_t rows_to_keep, InputSample& sample) {
  const auto rows = static_cast<std::size_t>(input.size(0)), size = static_cast<std::size_t>(input.size(1));
  const at::Tensor values = input.contiguous();
  const auto* x = values.const_data_ptr<float>();
  sample.largest.resize(size);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t i = 0; i < size; ++i)
      sample.largest[i] = std::max(sample.largest[i], std::abs(x[row * size + i]));
  rows_to_keep = std::min(rows_to_keep, rows);
  for (std::size_t n = 0; n < rows_to_keep; ++n) {
    const float* row = x + n * rows / rows_to_keep * size;
    sample.rows.insert(sample.rows.end(), row, row + size);
  }
}

std::map<std::string, InputSample> observe_inputs(const DebertaForMultipleChoice& network,
                                                  std::span<const EncodedQuestion> questions) {
  const std::size_t count = std::min(kObservedQuestions, questions.size());
  std::vector<EncodedQuestion> some;
  for (std::size_t n = 0; n < count; ++n)
    some.push_back(questions[n * questions.size() / count]);
  const std::vector<QuestionBatch> batches = plan_batches(some, kTokenBudget);
  const std::size_t rows_a_batch = (kSampleRows + batches.size() - 1) / batches.size();
  std::map<std::string, InputSample> samples;
  ForwardOptions options;
  options.observe = [&](const std::string& group, const at::Tensor& input) {
    observe(input, rows_a_batch, samples[group]);
  };
  for (const QuestionBatch& batch : batches)
    network.forward(pack_sequences(some, batch), options);
  return samples;
}

/// int8 would hide any other value.
void require_finite(const std::string& name, std::span<const float> values, const WeightSource& checkpoint) {
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
    throw InputError({checkpoint.description()}, "tensor " + name + " holds a value that is not a finite number",
                     "Use a checkpoint from a training run that did not diverge");
}

/// Rounds a group, whose layers share the factors, as one matrix; returns its error.
double add_rounded(const std::map<std::string, std::span<const float>>& parameters, const DenseGroup& group,
                   const InputSample& sample, Workspace& workspace, Int8Tensors& tensors) {
  std::vector<float> weight;
  for (const std::string& layer : group.layers) {
    const std::span<const float> part = parameters.at(layer + ".weight");
    weight.insert(weight.end(), part.begin(), part.end());
  }
  const Int8Weights rounded = round_to_int8(weight, group.in_features, sample, torch_workers(), workspace);
  const auto outputs = static_cast<std::size_t>(group.out_features), elements = weight.size() / group.layers.size();
  for (std::size_t i = 0; i < group.layers.size(); ++i) {
    tensors.add(group.layers[i] + ".weight", std::span(rounded.weights).subspan(i * elements, elements));
    tensors.add(group.layers[i] + ".weight_scale", DType::f32, std::span(rounded.scales).subspan(i * outputs, outputs));
  }
  tensors.add(group.name + ".input_factor", DType::f32, rounded.input_factors);
  return rounded.error;
}

/// All tensors, and the groups' names, the largest error first.
std::vector<std::string> round_all(const DebertaConfig& config, WeightSource& checkpoint,
                                   const Int8ModelRequest& request, Int8Tensors& tensors) {
  DebertaForMultipleChoice network(config);
  load_weights(network, checkpoint, Purpose::answering, request.threads);
  std::map<std::string, std::span<const float>> parameters;
  for (const auto& [name, tensor] : network.parameters())
    parameters[name] = {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
  for (const auto& [name, values] : parameters) {
    require_finite(name, values, checkpoint);
    tensors.add(name, DType::f16, values);
  }
  std::map<std::string, InputSample> samples = observe_inputs(network, request.questions);
  Workspace workspace;
  std::vector<std::pair<double, std::string>> errors;
  for (const DenseGroup& group : dense_groups(config))
    errors.emplace_back(add_rounded(parameters, group, samples[group.name], workspace, tensors), group.name);
  std::sort(errors.rbegin(), errors.rend());
  std::vector<std::string> names;
  names.reserve(errors.size());
  for (const auto& [error, name] : errors)
    names.push_back(name);
  return names;
}

} // namespace

std::unique_ptr<WeightSource> make_int8_model(const DebertaConfig& config, WeightSource& checkpoint,
                                              const std::string& name, const Int8ModelRequest& request) {
  const at::NoGradGuard no_grad;
  if (!can_have_int8(config))
    throw UsageError(name + ": a network of this kind (hidden_act " + config.hidden_act +
                     ") cannot have int8 weights. Pack it with --precision f16");
  auto tensors = std::make_unique<Int8Tensors>(config, name);
  const std::vector<std::string> worst = round_all(config, checkpoint, request, *tensors);
  const std::vector<OptionLogits> exact =
      answer_all(*load_to_answer(config, checkpoint, request.threads), request.questions, name + " as it is");
  std::set<std::size_t> tries = {0}; // how many groups stay f16
  for (const std::size_t parts : {16, 8, 4, 2})
    tries.insert((worst.size() + parts - 1) / parts);
  Agreement agreement;
  for (const std::size_t kept : tries) {
    tensors->choose({worst.begin() + static_cast<std::ptrdiff_t>(kept), worst.end()});
    agreement = compare(
        answer_all(*load_to_answer(config, *tensors, request.threads), request.questions, name + " as int8"), exact);
    if (request.note)
      request.note(name + ", " + std::to_string(worst.size() - kept) + " of " + std::to_string(worst.size()) +
                   " products as int8: " + describe(agreement));
    const double most = kMostOtherOrders * static_cast<double>(agreement.questions);
    if (request.allow_disagreement || static_cast<double>(agreement.other_order) <= most)
      return tensors;
  }
  throw WorkError(name + ": even with half of its products as f16, " + describe(agreement) +
                  ". More than 1 % is too much: pack with --precision f16, or calibrate with more questions of the "
                  "exam's kind, or accept it with --allow-disagreement");
}

} // namespace sciexam::inline quantization
