#include "gpu/training_process.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cstring>

namespace sciexam::inline gpu {
namespace {

using protocol::Kind;
using protocol::Message;
using protocol::TrainingEntry;

TrainingEntry* entries(protocol::SharedMemory& memory, std::size_t count) {
  if (count > protocol::kMostEntries)
    throw InternalError("a device was given more parameters than it has room for");
  return reinterpret_cast<TrainingEntry*>(memory.chunks[0].data());
}

TrainingEntry named(const std::string& name) {
  TrainingEntry entry;
  if (name.size() >= entry.name.size())
    throw InternalError("a parameter's name is too long for a device: " + name);
  std::copy(name.begin(), name.end(), entry.name.begin());
  return entry;
}

} // namespace

TrainingProcess::TrainingProcess(DeviceProcess& process, const NetworkShape& shape, const TrainingSetup& setup,
                                 const DeviceLimits& limits, std::span<const std::uint16_t> rows_by_distance)
    : process_(process) {
  protocol::SharedMemory& memory = process.memory();
  if (rows_by_distance.size() > memory.rows.size())
    throw InternalError("a device was given more relative rows than it has room for");
  std::copy(rows_by_distance.begin(), rows_by_distance.end(), memory.rows.begin());
  Message message;
  message.kind = Kind::open_training;
  message.shape = shape;
  message.setup = setup;
  message.limits = limits;
  process_.call(message);
}

Message TrainingProcess::call(Kind kind) {
  Message message;
  message.kind = kind;
  return process_.call(message);
}

Message TrainingProcess::naming(Kind kind, std::string_view name) const {
  Message message;
  message.kind = kind;
  if (name.size() >= message.text.size())
    throw InternalError("a parameter's name is too long for a device: " + std::string(name));
  std::copy(name.begin(), name.end(), message.text.begin());
  return message;
}

void TrainingProcess::write(std::string_view name, TrainingArray array, std::uint64_t first,
                            std::span<const float> values) {
  Message message = naming(Kind::write_array, name);
  message.array = array;
  while (!values.empty()) {
    const auto part = values.first(std::min(values.size(), protocol::kChunkBytes / 4));
    std::memcpy(process_.memory().chunks[0].data(), part.data(), part.size_bytes());
    message.first = first;
    message.bytes = part.size_bytes();
    process_.call(message);
    first += part.size();
    values = values.subspan(part.size());
  }
}

void TrainingProcess::read(std::string_view name, TrainingArray array, std::uint64_t first, std::span<float> values) {
  Message message = naming(Kind::read_array, name);
  message.array = array;
  while (!values.empty()) {
    const auto part = values.first(std::min(values.size(), protocol::kChunkBytes / 4));
    message.first = first;
    message.bytes = part.size_bytes();
    process_.call(message);
    std::memcpy(part.data(), process_.memory().chunks[0].data(), part.size_bytes());
    first += part.size();
    values = values.subspan(part.size());
  }
}

void TrainingProcess::round_weights() {
  call(Kind::round_weights);
}

std::vector<float> TrainingProcess::forward(const DeviceBatch& batch, const std::optional<TrainingPass>& pass) {
  Message message = process_.put_batch(batch, 0);
  message.kind = Kind::forward;
  message.with_dropout = pass.has_value();
  message.pass = pass.value_or(TrainingPass{});
  process_.call(message);
  const auto logits = std::span(process_.memory().lanes[0].logits).first(message.sequences);
  return {logits.begin(), logits.end()};
}

void TrainingProcess::backward(std::span<const float> d_logits) {
  protocol::Lane& lane = process_.memory().lanes[0];
  if (d_logits.size() > lane.logits.size())
    throw InternalError("a device was given gradients that it has no room for");
  std::copy(d_logits.begin(), d_logits.end(), lane.logits.begin());
  Message message;
  message.kind = Kind::backward;
  message.sequences = static_cast<std::uint32_t>(d_logits.size());
  process_.call(message);
}

double TrainingProcess::sum_of_squares(std::string_view name) {
  return process_.call(naming(Kind::sum_of_squares, name)).value;
}

void TrainingProcess::step(std::span<const NamedStep> steps, double average_decay) {
  TrainingEntry* to = entries(process_.memory(), steps.size());
  for (const NamedStep& one : steps) {
    TrainingEntry entry = named(one.name);
    entry.step = one.step;
    *to++ = entry;
  }
  Message message;
  message.kind = Kind::step;
  message.count = static_cast<std::uint32_t>(steps.size());
  message.value = average_decay;
  process_.call(message);
}

void TrainingProcess::clear_gradients() {
  call(Kind::clear_gradients);
}

std::uint32_t TrainingProcess::put_names(const std::vector<std::string>& names) {
  std::transform(names.begin(), names.end(), entries(process_.memory(), names.size()), named);
  return static_cast<std::uint32_t>(names.size());
}

void TrainingProcess::perturb(const std::vector<std::string>& names, double rate, double reach) {
  Message message;
  message.kind = Kind::perturb;
  message.count = put_names(names);
  message.value = rate;
  message.reach = reach;
  process_.call(message);
}

void TrainingProcess::restore() {
  call(Kind::restore);
}

void TrainingProcess::swap_average(const std::vector<std::string>& names) {
  Message message;
  message.kind = Kind::swap_average;
  message.count = put_names(names);
  process_.call(message);
}

} // namespace sciexam::inline gpu
