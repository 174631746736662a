#include "gpu/helper/training_server.hpp"

#include "gpu/network/kernel_images.hpp"
#include "support/errors.hpp"

#include <algorithm>

namespace sciexam::inline gpu {
namespace {

using protocol::Kind;
using protocol::Message;
using protocol::require;

} // namespace

bool TrainingServer::takes(Kind kind) {
  return kind >= Kind::open_training && kind <= Kind::swap_average;
}

void TrainingServer::open(const GpuDevice& device, const Message& request) {
  const DeviceLimits& limits = request.limits;
  require(limits.tokens <= protocol::kMost.tokens && limits.sequences <= protocol::kMost.sequences &&
              limits.longest <= protocol::kMost.longest,
          "invalid limits");
  training_.reset(); // before the next one needs the memory
  const std::size_t count = request.shape.relative_rows > 0 ? 2 * static_cast<std::size_t>(limits.longest) - 1 : 0;
  training_ = std::make_unique<DeviceTraining>(device, kernel_image(device.compute_capability()), request.shape,
                                               request.setup, limits, std::span(memory_.rows).first(count));
}

void TrainingServer::move_elements(const Message& request) {
  require(request.place < protocol::kChunks && request.bytes <= protocol::kChunkBytes && request.bytes % 4 == 0,
          "a chunk of an invalid size");
  const std::span<float> values(reinterpret_cast<float*>(memory_.chunks[request.place].data()), request.bytes / 4);
  if (request.kind == Kind::write_array)
    training_->write(request.text.data(), request.array, request.first, values);
  else
    training_->read(request.text.data(), request.array, request.first, values);
}

void TrainingServer::forward(const Message& request) {
  require(request.tokens <= protocol::kMost.tokens && request.sequences <= protocol::kMost.sequences,
          "a batch of an invalid size");
  protocol::Lane& lane = memory_.lanes[0];
  const std::vector<float> logits =
      training_->forward({.token_ids = std::span(lane.ids).first(request.tokens),
                          .token_type_ids = std::span(lane.types).first(request.tokens),
                          .offsets = std::span(lane.offsets).first(request.sequences + 1)},
                         request.with_dropout ? std::optional(request.pass) : std::nullopt);
  std::copy(logits.begin(), logits.end(), lane.logits.begin());
}

const protocol::TrainingEntry& TrainingServer::entry(std::size_t i) const {
  return reinterpret_cast<const protocol::TrainingEntry*>(memory_.chunks[0].data())[i];
}

std::vector<std::string> TrainingServer::names(const Message& request) const {
  require(request.count <= protocol::kMostEntries, "too many entries");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < request.count; ++i) {
    const auto& name = entry(i).name;
    names.emplace_back(name.begin(), std::find(name.begin(), name.end(), '\0'));
  }
  return names;
}

void TrainingServer::step(const Message& request) {
  const std::vector<std::string> all = names(request);
  std::vector<DeviceStep> steps;
  for (std::size_t i = 0; i < all.size(); ++i)
    steps.push_back(entry(i).step);
  training_->step(all, steps, static_cast<float>(request.value));
}

void TrainingServer::serve(const GpuDevice& device, const Message& request, Message& answer) {
  require(request.kind == Kind::open_training || training_ != nullptr, "no training");
  switch (request.kind) {
  case Kind::open_training:
    return open(device, request);
  case Kind::write_array:
  case Kind::read_array:
    return move_elements(request);
  case Kind::round_weights:
    return training_->round_weights();
  case Kind::forward:
    return forward(request);
  case Kind::backward:
    require(request.sequences <= protocol::kMost.sequences, "a batch of an invalid size");
    return training_->backward(std::span(memory_.lanes[0].logits).first(request.sequences));
  case Kind::sum_of_squares:
    answer.value =
        request.text[0] == '\0' ? training_->sum_of_squares() : training_->sum_of_squares(request.text.data());
    return;
  case Kind::step:
    return step(request);
  case Kind::clear_gradients:
    return training_->clear_gradients();
  case Kind::perturb:
    return training_->perturb(names(request), static_cast<float>(request.value), static_cast<float>(request.reach));
  case Kind::restore:
    return training_->restore();
  case Kind::swap_average:
    return training_->swap_average(names(request));
  default:
    require(false, "an unknown kind");
  }
}

} // namespace sciexam::inline gpu
