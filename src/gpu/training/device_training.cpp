#include "gpu/training/device_training.hpp"

#include "gpu/training/backward.hpp"
#include "gpu/training/forward.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace sciexam::inline gpu {

struct DeviceTraining::State : TrainingState {
  using TrainingState::TrainingState;

  std::vector<const TrainedTensor*> perturbed;
  const TrainedTensor& words = *layout.find("deberta.embeddings.word_embeddings.weight");
  std::set<std::int32_t> step_rows;      ///< of the word embeddings, that have a gradient
  bool step_rows_sent = false;           ///< to buffers.step_words
  std::vector<std::uint8_t> has_moments; ///< by row of the word embeddings, as far as moments were written

  const TrainedTensor& tensor(std::string_view name) const {
    const TrainedTensor* found = layout.find(name);
    if (found == nullptr)
      throw InternalError("the device was asked for a parameter that its network lacks: " + std::string(name));
    return *found;
  }
  driver::Pointer address(TrainingArray array) const {
    switch (array) {
    case TrainingArray::weights:
      return arrays.weights;
    case TrainingArray::gradients:
      return arrays.gradients;
    case TrainingArray::exp_avg:
      return arrays.exp_avg;
    case TrainingArray::exp_avg_sq:
      return arrays.exp_avg_sq;
    case TrainingArray::average:
      break;
    }
    if (arrays.average == 0)
      throw InternalError("the device keeps no average");
    return arrays.average;
  }
  void wait(const char* what) const { device.check(device.driver().stream_synchronize(stream), what); }
  int send_step_rows();
  double sum_of_squares();
  double sum_of_squares(driver::Pointer array, std::uint64_t elements) const;
  std::vector<float> read_parts(std::size_t count) const;
  void note_moments(std::uint64_t first, std::span<const float> values);
  /// Calls copy(address on the device, first of the values, count) for contiguous runs.
  template <class Copy>
  void for_runs(const TrainedTensor& tensor, TrainingArray array, std::uint64_t first, std::size_t count,
                Copy copy) const;
  void round(const TrainedTensor& tensor) const;
};

/// Tells the device which rows of the word embeddings this step has touched; how many.
int DeviceTraining::State::send_step_rows() {
  if (step_rows_sent)
    return static_cast<int>(step_rows.size());
  step_rows_sent = true;
  const std::vector<std::int32_t> rows_now(step_rows.begin(), step_rows.end());
  wait("training"); // the list before is read no more
  device.check(device.driver().memcpy_htod(buffers.step_words, rows_now.data(), 4 * rows_now.size()), "copying rows");
  device.check(device.driver().ctx_synchronize(), "copying rows");
  return static_cast<int>(rows_now.size());
}

/// Of all gradients: the word embeddings' rows that have one, and everything behind the word embeddings.
double DeviceTraining::State::sum_of_squares() {
  const std::uint64_t others = layout.elements - words.count;
  double sum = sum_of_squares(arrays.gradient(words.count), others);
  if (step_rows.empty())
    return sum;
  const int count = send_step_rows();
  kernels.square_rows(arrays.gradients, buffers.step_words, buffers.parts, count, layout.embedding_width, stream);
  for (const float part : read_parts(static_cast<std::size_t>(count)))
    sum += part;
  return sum;
}

std::vector<float> DeviceTraining::State::read_parts(std::size_t count) const {
  std::vector<float> parts(count);
  wait("summing squares");
  device.check(device.driver().memcpy_dtoh(parts.data(), buffers.parts, 4 * count), "copying sums");
  return parts;
}

double DeviceTraining::State::sum_of_squares(driver::Pointer array, std::uint64_t elements) const {
  const auto count = static_cast<std::int64_t>(elements);
  kernels.squares(array, count, buffers.parts, stream);
  const std::vector<float> parts = read_parts(parts_of_squares(count));
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

template <class Copy>
void DeviceTraining::State::for_runs(const TrainedTensor& tensor, TrainingArray array, std::uint64_t first,
                                     std::size_t count, Copy copy) const {
  if (first > tensor.place.elements() || count > tensor.place.elements() - first)
    throw InternalError("the device was asked for elements outside " + tensor.name);
  for (std::uint64_t i = 0, length = 0; i < count; i += length) {
    length = std::min<std::uint64_t>(count - i, tensor.place.run(first + i));
    copy(address(array) + 4 * (tensor.first + tensor.place.place(first + i)), i, length);
  }
}

/// Moments of the word embeddings are written: rows that are not all zero had a gradient.
void DeviceTraining::State::note_moments(std::uint64_t first, std::span<const float> values) {
  has_moments.resize(words.place.rows);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0)
      has_moments[(first + i) / words.place.columns] = 1;
}

void DeviceTraining::State::round(const TrainedTensor& tensor) const {
  if (arrays.half(tensor.first) == 0)
    return;
  // Tensors begin at even places, and an odd one ends before padding.
  kernels.to_halves(arrays.weight(tensor.first), arrays.half(tensor.first),
                    static_cast<std::int64_t>(tensor.count + tensor.count % 2), stream);
}

DeviceTraining::DeviceTraining(const GpuDevice& device, const std::string& ptx, const NetworkShape& shape,
                               const TrainingSetup& setup, const DeviceLimits& limits,
                               std::span<const std::uint16_t> rows_by_distance)
    : state_(std::make_unique<State>(device, ptx, shape, setup, limits, rows_by_distance)) {}

DeviceTraining::~DeviceTraining() = default;

void DeviceTraining::write(std::string_view name, TrainingArray array, std::uint64_t first,
                           std::span<const float> values) {
  const GpuDevice& device = state_->device;
  const TrainedTensor& tensor = state_->tensor(name);
  state_->wait("training");
  if (&tensor == &state_->words && (array == TrainingArray::exp_avg || array == TrainingArray::exp_avg_sq))
    state_->note_moments(first, values);
  state_->for_runs(tensor, array, first, values.size(),
                   [&](driver::Pointer to, std::uint64_t from, std::uint64_t count) {
                     device.check(device.driver().memcpy_htod(to, values.data() + from, 4 * count), "copying weights");
                   });
}

void DeviceTraining::read(std::string_view name, TrainingArray array, std::uint64_t first,
                          std::span<float> values) const {
  const GpuDevice& device = state_->device;
  state_->wait("training");
  state_->for_runs(state_->tensor(name), array, first, values.size(),
                   [&](driver::Pointer from, std::uint64_t to, std::uint64_t count) {
                     device.check(device.driver().memcpy_dtoh(values.data() + to, from, 4 * count), "reading weights");
                   });
}

void DeviceTraining::round_weights() {
  // A copy may return before its bytes have arrived, and the stream does not wait for it.
  state_->device.check(state_->device.driver().ctx_synchronize(), "copying weights");
  for (const TrainedTensor& tensor : state_->layout.tensors)
    state_->round(tensor);
  if (state_->has_moments.empty())
    return;
  state_->device.check(state_->device.driver().memcpy_htod(state_->buffers.touched_words, state_->has_moments.data(),
                                                           state_->has_moments.size()),
                       "copying rows");
  state_->device.check(state_->device.driver().ctx_synchronize(), "copying rows");
}

std::vector<float> DeviceTraining::forward(const DeviceBatch& batch, const std::optional<TrainingPass>& pass) {
  State& state = *state_;
  state.wait("training"); // the batch before is read no more
  state.pass = pass;
  state.batch.take(batch, state.stream);
  run_forward(state);
  std::vector<float> logits(static_cast<std::size_t>(state.batch.sequences));
  state.wait("a forward pass");
  state.device.check(state.device.driver().memcpy_dtoh(logits.data(), state.buffers.logits, 4 * logits.size()),
                     "copying logits");
  return logits;
}

void DeviceTraining::backward(std::span<const float> d_logits) {
  State& state = *state_;
  if (d_logits.size() != static_cast<std::size_t>(state.batch.sequences))
    throw InternalError("the device was given gradients of other logits");
  state.device.check(state.device.driver().memcpy_htod(state.buffers.d_logits, d_logits.data(), 4 * d_logits.size()),
                     "copying gradients");
  state.device.check(state.device.driver().ctx_synchronize(), "copying gradients");
  run_backward(state);
  state.has_gradients = true;
  if (state.setup.freeze_embeddings || state.setup.frozen_layers > 0)
    return;
  const std::span<const std::int32_t> rows = state.batch.word_rows();
  state.step_rows.insert(rows.begin(), rows.end());
  state.step_rows_sent = false;
  state.kernels.touch_rows(state.buffers.touched_words, state.batch.words.rows, state.batch.words.count, state.stream);
}

double DeviceTraining::sum_of_squares() const {
  return state_->has_gradients ? state_->sum_of_squares() : 0;
}

double DeviceTraining::sum_of_squares(std::string_view name) const {
  const TrainedTensor& tensor = state_->tensor(name);
  return state_->sum_of_squares(state_->arrays.gradient(tensor.first), tensor.count);
}

void DeviceTraining::step(std::span<const std::string> names, std::span<const DeviceStep> steps, float average_decay) {
  State& state = *state_;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TrainedTensor& tensor = state.tensor(names[i]);
    const DeviceStep& s = steps[i];
    const auto at = [&](driver::Pointer array) { return array + 4 * tensor.first; };
    const auto count = static_cast<std::int64_t>(tensor.count);
    const DeviceAdamW adamw{at(state.arrays.weights),
                            at(state.arrays.exp_avg),
                            at(state.arrays.exp_avg_sq),
                            at(state.arrays.gradients),
                            state.arrays.half(tensor.first),
                            count,
                            s.beta1,
                            s.beta2,
                            s.rest1,
                            s.rest2,
                            s.epsilon,
                            s.gradient_scale,
                            s.step_size,
                            s.root_scale,
                            s.decay_before,
                            s.decay_after};
    if (&tensor == &state.words)
      state.kernels.adamw_rows(adamw, state.buffers.touched_words, state.shape.vocab_size, state.layout.embedding_width,
                               state.stream);
    else
      state.kernels.adamw(adamw, state.stream);
    if (state.arrays.average != 0)
      state.kernels.follow_average(at(state.arrays.average), at(state.arrays.weights), count, average_decay,
                                   state.stream);
  }
  clear_gradients();
}

/// All are written anew by the next backward pass, but rows of tables, which are added to.
void DeviceTraining::clear_gradients() {
  State& state = *state_;
  state.has_gradients = false;
  const std::uint64_t words = state.words.count;
  state.clear(state.arrays.gradient(words), 4 * (state.layout.tables - words));
  if (state.step_rows.empty())
    return;
  state.kernels.clear_rows(state.arrays.gradients, state.buffers.step_words, state.send_step_rows(),
                           state.layout.embedding_width, state.stream);
  state.step_rows.clear();
}

void DeviceTraining::perturb(std::span<const std::string> names, float rate, float reach) {
  State& state = *state_;
  for (const std::string& name : names) {
    const TrainedTensor& tensor = state.tensor(name);
    const auto count = static_cast<std::int64_t>(tensor.count);
    const double gradient_norm = std::sqrt(state.sum_of_squares(state.arrays.gradient(tensor.first), tensor.count)),
                 weight_norm = std::sqrt(state.sum_of_squares(state.arrays.weight(tensor.first), tensor.count));
    if (gradient_norm == 0)
      continue;
    state.kernels.perturb(state.arrays.weight(tensor.first), state.arrays.gradient(tensor.first),
                          state.arrays.kept + 4 * tensor.first, count,
                          static_cast<float>(rate * weight_norm / gradient_norm), reach, state.stream);
    state.round(tensor);
    state.perturbed.push_back(&tensor);
  }
}

void DeviceTraining::restore() {
  for (const TrainedTensor* tensor : state_->perturbed) {
    state_->kernels.exchange(state_->arrays.kept + 4 * tensor->first, state_->arrays.weight(tensor->first),
                             static_cast<std::int64_t>(tensor->count), state_->stream);
    state_->round(*tensor);
  }
  state_->perturbed.clear();
}

void DeviceTraining::swap_average(std::span<const std::string> names) {
  for (const std::string& name : names) {
    const TrainedTensor& tensor = state_->tensor(name);
    state_->kernels.exchange(state_->address(TrainingArray::average) + 4 * tensor.first,
                             state_->arrays.weight(tensor.first), static_cast<std::int64_t>(tensor.count),
                             state_->stream);
    state_->round(tensor);
  }
}

} // namespace sciexam::inline gpu
