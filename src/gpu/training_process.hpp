// A training on a GPU behind its helper process: what DeviceTraining (training/device_training.hpp) does, asked for
// over the protocol.
#pragma once

#include "gpu/device_process.hpp"
#include "gpu/training/training_setup.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

/// A parameter and its step; names are Hugging Face's.
struct NamedStep {
  std::string name;
  DeviceStep step;
};

/// All members throw DeviceError, after which the process is gone.
class TrainingProcess {
public:
  /// `process` has been asked for its facts(); it must outlive this. Everything on the device is 0.
  TrainingProcess(DeviceProcess& process, const NetworkShape& shape, const TrainingSetup& setup,
                  const DeviceLimits& limits, std::span<const std::uint16_t> rows_by_distance);

  DeviceProcess& process() noexcept { return process_; }

  void write(std::string_view name, TrainingArray array, std::uint64_t first, std::span<const float> values);
  void read(std::string_view name, TrainingArray array, std::uint64_t first, std::span<float> values);
  void round_weights();
  std::vector<float> forward(const DeviceBatch& batch, const std::optional<TrainingPass>& pass);
  void backward(std::span<const float> d_logits);
  /// Of all gradients, or of one parameter's.
  double sum_of_squares(std::string_view name = {});
  void step(std::span<const NamedStep> steps, double average_decay);
  void clear_gradients();
  void perturb(const std::vector<std::string>& names, double rate, double reach);
  void restore();
  void swap_average(const std::vector<std::string>& names);

private:
  protocol::Message call(protocol::Kind kind);
  protocol::Message naming(protocol::Kind kind, std::string_view name) const;
  std::uint32_t put_names(const std::vector<std::string>& names);

  DeviceProcess& process_;
};

} // namespace sciexam::inline gpu
