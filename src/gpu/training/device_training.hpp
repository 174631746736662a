// The training of DeBERTa for multiple choice on one GPU: weights, gradients and the optimiser's moments there, token
// ids in, logits out, the logits' gradients in. f32 weights, moments and gradients of weights; f16 activations and
// their gradients, which the caller scales. Sums have fixed orders: equal calls give equal bits on one kind of device.
// Needs neither LibTorch nor CUDA's headers.
#pragma once

#include "gpu/device_batch.hpp"
#include "gpu/driver/driver.hpp"
#include "gpu/network_shape.hpp"
#include "gpu/training/training_setup.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

class DeviceTraining {
public:
  /// As DeviceNetwork. Takes training_memory() bytes; everything is 0. Throws DeviceError.
  DeviceTraining(const GpuDevice& device, const std::string& ptx, const NetworkShape& shape, const TrainingSetup& setup,
                 const DeviceLimits& limits, std::span<const std::uint16_t> rows_by_distance);
  ~DeviceTraining();

  /// Copies consecutive elements of the parameter with this Hugging Face name, row-major, from element `first` on.
  /// Throws InternalError for a name that the network lacks and elements outside it.
  void write(std::string_view name, TrainingArray array, std::uint64_t first, std::span<const float> values);
  void read(std::string_view name, TrainingArray array, std::uint64_t first, std::span<float> values) const;
  /// After weights were written: rounds them for the products.
  void round_weights();

  /// Logits, one per sequence; with a pass, with its dropout. Throws InternalError for a batch that exceeds the limits
  /// or an id its table; DeviceError.
  std::vector<float> forward(const DeviceBatch& batch, const std::optional<TrainingPass>& pass);
  /// After forward(): adds the gradients of all that is not frozen, from those of the logits.
  void backward(std::span<const float> d_logits);
  /// The sum of the squares of all gradients, or of one parameter's, as they are scaled; not finite if any is not.
  double sum_of_squares() const;
  double sum_of_squares(std::string_view name) const;
  /// One step of AdamW for the parameters of these names, which follows their average. Clears all gradients.
  void step(std::span<const std::string> names, std::span<const DeviceStep> steps, float average_decay);
  /// Drops all gradients.
  void clear_gradients();

  /// Moves these parameters along their gradients: by `rate` of their norm, each number by at most `reach` of its size.
  void perturb(std::span<const std::string> names, float rate, float reach);
  /// Puts back the same bits.
  void restore();
  /// Exchanges these parameters with their averages.
  void swap_average(std::span<const std::string> names);

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace sciexam::inline gpu
