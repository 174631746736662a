#include "train/engine/device_engine.hpp"

#include "checkpoint/parameters.hpp"
#include "checkpoint/safetensors.hpp"
#include "gpu/device_support.hpp"
#include "inference/device_batch.hpp"
#include "inference/token_batches.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"
#include "support/text/numbers.hpp"
#include "train/engine/option_loss.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/inputs/context_draw.hpp"
#include "train/optimizer/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

namespace sciexam::inline train {
namespace {

constexpr std::string_view kLossScale = "loss_scale"; ///< a state tensor: factor, steps since it changed

std::span<const float> floats_of(const at::Tensor& tensor) {
  return {tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

/// "exp_avg/NAME" -> the array; the name is what follows.
TrainingArray array_of(std::string_view kind) {
  if (kind == "parameter")
    return TrainingArray::weights;
  if (kind == "exp_avg")
    return TrainingArray::exp_avg;
  return kind == "exp_avg_sq" ? TrainingArray::exp_avg_sq : TrainingArray::average;
}

} // namespace

DeviceLimits training_limits(const TrainingSettings& settings, const PassSize& pass, const TrainingSet& valid) {
  DeviceLimits limits;
  std::int64_t tokens = pass.tokens, longest = pass.longest_sequence;
  for (const EncodedQuestion& question : valid.encoded) {
    tokens = std::max(tokens, token_count(question));
    longest = std::max(longest, longest_sequence(question));
  }
  if (tokens > DeviceLimits{}.tokens || longest > DeviceLimits{}.longest)
    throw UsageError("a pass has " + std::to_string(tokens) + " tokens, the longest sequence " +
                     std::to_string(longest) + ": a GPU trains with " + std::to_string(DeviceLimits{}.tokens) +
                     " and " + std::to_string(DeviceLimits{}.longest) +
                     " at most. Set a smaller token_budget or max_length");
  limits.tokens = static_cast<std::int32_t>(tokens);
  limits.longest = static_cast<std::int32_t>(longest);
  limits.sequences = static_cast<std::int32_t>(
      std::min<std::int64_t>(settings.batch_size * static_cast<std::int64_t>(kOptions), DeviceLimits{}.sequences));
  return limits;
}

TrainingSetup training_setup(const DebertaConfig& config, const TrainingSettings& settings) {
  TrainingSetup setup;
  setup.hidden_dropout = config.hidden_dropout_prob;
  setup.attention_dropout = config.attention_probs_dropout_prob;
  setup.pooler_dropout = config.pooler_dropout;
  setup.classifier_dropout = config.classifier_dropout();
  setup.frozen_layers = static_cast<std::int32_t>(settings.freeze_layers);
  setup.freeze_embeddings = settings.freeze_embeddings;
  setup.freeze_relative_embeddings = settings.freeze_relative_embeddings;
  setup.keep_average = settings.ema_decay > 0;
  setup.perturbs = settings.awp_lr > 0;
  setup.recomputes = settings.gradient_checkpointing;
  return setup;
}

DeviceEngine::DeviceEngine(DeviceProcess& device, const DebertaForMultipleChoice& network,
                           const TrainingSettings& settings, const TrainingSet& train, const DeviceLimits& limits)
    : device_(device, network_shape(network.config()), training_setup(network.config(), settings), limits,
              relative_rows_of(network.config(), limits.longest)),
      settings_(settings), train_(train), limits_(limits), tensors_(parameters_of(network.config())),
      parameters_(trained_parameters(network, settings)) {
  for (const auto& [name, tensor] : network.parameters())
    device_.write(name, TrainingArray::weights, 0, floats_of(tensor));
  for (const TrainedParameter& parameter : parameters_) {
    names_.push_back(parameter.name);
    if (settings.ema_decay > 0)
      device_.write(parameter.name, TrainingArray::average, 0, floats_of(parameter.tensor));
  }
  device_.round_weights();
}

/// In the same parts as on the CPU, so that the masks are the same.
BatchLoss DeviceEngine::run_pass(const Pass& work) const {
  BatchLoss result;
  const ContextDraw draw(train_, settings_);
  const std::int64_t epoch = work.step / steps_per_epoch(train_.size(), static_cast<std::size_t>(settings_.batch_size));
  const auto tokens_of = [&](std::size_t question) { return draw.tokens(question, epoch); };
  std::uint32_t pass = work.pass;
  for (const QuestionBatch& part : split_by_tokens(work.batch, settings_.token_budget, tokens_of)) {
    DeviceSequences sequences;
    for (const std::size_t question : part)
      sequences.add(draw.encoded(question, epoch));
    const std::vector<float> logits =
        device_.forward(sequences.view(), TrainingPass{static_cast<std::uint64_t>(settings_.seed), work.step, pass++});
    std::vector<float> d_logits;
    for (std::size_t i = 0; i < part.size(); ++i) {
      OptionLogits own{};
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * kOptions), kOptions, own.begin());
      const OptionLoss loss =
          question_loss(own, train_.questions[part[i]].answer, draw.teacher(part[i], epoch), settings_);
      result.loss += loss.loss / static_cast<double>(work.batch.size());
      for (const double gradient : loss.gradient)
        d_logits.push_back(static_cast<float>(gradient * scale_.factor() / static_cast<double>(work.batch.size())));
    }
    device_.backward(d_logits);
    result.tokens += sequences.offsets.back();
  }
  return result;
}

BatchLoss DeviceEngine::add_gradients(const QuestionBatch& batch, std::uint32_t step, std::uint32_t pass) {
  work_.emplace_back(Pass{batch, step, pass});
  const BatchLoss loss = run_pass(std::get<Pass>(work_.back()));
  loss_is_finite_ = loss_is_finite_ && std::isfinite(loss.loss);
  return loss;
}

/// All of the step's passes again, with a loss scale half as large.
void DeviceEngine::repeat_smaller() const {
  const std::string tensor = overflowed_tensor();
  if (!scale_.shrink())
    throw WorkError("the gradients of " + tensor +
                    " are beyond f16's range, however small the loss is scaled. Lower --learning-rate or "
                    "--max-grad-norm, or lengthen --warmup-ratio");
  log_line(printed("the gradients of %s left f16's range: the step is repeated with the loss times %g", tensor.c_str(),
                   scale_.factor()));
  device_.clear_gradients();
  for (const Work& work : work_)
    if (const Pass* pass = std::get_if<Pass>(&work))
      run_pass(*pass);
    else if (std::get<Perturbation>(work) == Perturbation::begin)
      perturb_now();
    else
      device_.restore();
}

std::string DeviceEngine::overflowed_tensor() const {
  // From the last one on, where the backward pass begins.
  const auto found = std::find_if(names_.rbegin(), names_.rend(), [&](const std::string& name) {
    return !std::isfinite(device_.sum_of_squares(name));
  });
  return found == names_.rend() ? "all tensors together" : *found;
}

double DeviceEngine::gradient_norm() const {
  double squares = device_.sum_of_squares();
  for (; loss_is_finite_ && !std::isfinite(squares); squares = device_.sum_of_squares())
    repeat_smaller();
  return std::sqrt(squares) / scale_.factor();
}

void DeviceEngine::step(double learning_rate, double gradient_scale) {
  ++steps_;
  std::vector<NamedStep> steps;
  for (const TrainedParameter& parameter : parameters_) {
    const AdamWStep s = adamw_step(settings_, parameter, steps_, learning_rate, gradient_scale / scale_.factor());
    steps.push_back({parameter.name,
                     {s.beta1, s.beta2, s.rest1, s.rest2, s.epsilon, s.gradient_scale, s.step_size, s.root_scale,
                      s.decay_before, s.decay_after}});
  }
  device_.step(steps, settings_.ema_decay);
  scale_.note_step();
  work_.clear();
  loss_is_finite_ = true;
}

std::vector<float> DeviceEngine::gradient(const std::string& name) const {
  const auto parameter = std::find_if(parameters_.begin(), parameters_.end(),
                                      [&](const TrainedParameter& one) { return one.name == name; });
  std::vector<float> values(static_cast<std::size_t>(parameter->tensor.numel()));
  device_.read(name, TrainingArray::gradients, 0, values);
  const auto scale = static_cast<float>(1 / scale_.factor()); // a power of two
  std::transform(values.begin(), values.end(), values.begin(), [&](float value) { return value * scale; });
  return values;
}

void DeviceEngine::drop_gradients() {
  device_.clear_gradients();
  work_.clear();
  loss_is_finite_ = true;
}

void DeviceEngine::perturb() {
  gradient_norm(); // an overflow must not move the weights
  work_.emplace_back(Perturbation::begin);
  perturb_now();
}

void DeviceEngine::perturb_now() const {
  std::vector<std::string> names;
  for (const TrainedParameter& parameter : parameters_)
    if (is_perturbed(parameter))
      names.push_back(parameter.name);
  device_.perturb(names, settings_.awp_lr, settings_.awp_eps);
}

void DeviceEngine::restore() {
  work_.emplace_back(Perturbation::end);
  device_.restore();
}

void DeviceEngine::swap_average() {
  if (settings_.ema_decay > 0)
    device_.swap_average(names_);
}

std::vector<OptionLogits> DeviceEngine::logits(const TrainingSet& set, const std::string& label) {
  std::vector<OptionLogits> all(set.size());
  Progress progress(label, static_cast<std::uint64_t>(set.total_tokens()), "tokens");
  std::vector<std::size_t> order(set.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto tokens_of = [&](std::size_t question) { return token_count(set.encoded[question]); };
  const std::size_t most = static_cast<std::size_t>(limits_.sequences) / kOptions;
  for (const QuestionBatch& batch : split_by_tokens(order, limits_.tokens, tokens_of, most)) {
    DeviceSequences sequences;
    for (const std::size_t question : batch)
      sequences.add(set.encoded[question]);
    const std::vector<float> logits = device_.forward(sequences.view(), std::nullopt);
    for (std::size_t i = 0; i < batch.size(); ++i)
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(i * kOptions), kOptions, all[batch[i]].begin());
    progress.advance(static_cast<std::uint64_t>(sequences.offsets.back()));
  }
  progress.finish();
  return all;
}

void DeviceEngine::save_weights(const std::filesystem::path& file) const {
  write_safetensors(file, tensors_, {}, [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
    std::vector<float> values(out.size() / sizeof(float));
    device_.read(tensors_[index].name, TrainingArray::weights, first / sizeof(float), values);
    std::memcpy(out.data(), values.data(), out.size());
  });
}

std::vector<TensorInfo> DeviceEngine::state_tensors() const {
  std::vector<TensorInfo> infos;
  for (const TrainedParameter& parameter : parameters_) {
    const std::vector<std::int64_t> shape = parameter.tensor.sizes().vec();
    for (const char* kind : {"parameter/", "exp_avg/", "exp_avg_sq/"})
      infos.push_back({kind + parameter.name, DType::f32, shape});
    if (settings_.ema_decay > 0)
      infos.push_back({"average/" + parameter.name, DType::f32, shape});
  }
  infos.push_back({std::string(kLossScale), DType::f32, {2}});
  return infos;
}

void DeviceEngine::read_state(const std::string& name, std::size_t first, std::span<std::byte> out) const {
  std::vector<float> values(out.size() / sizeof(float));
  if (name == kLossScale) {
    const float state[] = {static_cast<float>(scale_.factor()), static_cast<float>(scale_.steps())};
    std::copy_n(state + first / sizeof(float), values.size(), values.begin());
  } else {
    const std::size_t slash = name.find('/');
    device_.read(name.substr(slash + 1), array_of(name.substr(0, slash)), first / sizeof(float), values);
  }
  std::memcpy(out.data(), values.data(), out.size());
}

void DeviceEngine::write_state(const std::string& name, std::size_t first, std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  if (name != kLossScale) {
    const std::size_t slash = name.find('/');
    device_.write(name.substr(slash + 1), array_of(name.substr(0, slash)), first / sizeof(float), values);
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) // two numbers, which may come one by one
    if (first / sizeof(float) + i == 0)
      scale_.set(values[i], scale_.steps());
    else
      scale_.set(scale_.factor(), static_cast<std::int64_t>(values[i]));
}

void DeviceEngine::resume(std::int64_t steps) {
  steps_ = steps;
  device_.round_weights();
}

} // namespace sciexam::inline train
