// DeBERTa for multiple choice on one GPU: weights, activations and kernels there, token ids in, logits out.
// f16 storage, f32 accumulation; packed tokens, as in model/deberta.hpp. Needs neither LibTorch nor CUDA's headers.
#pragma once

#include "gpu/driver.hpp"
#include "gpu/network_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam {

/// What the device keeps room for.
struct DeviceLimits {
  std::int32_t tokens = 8192;    ///< of one batch
  std::int32_t sequences = 1024; ///< of one batch
  std::int32_t longest = 4096;   ///< tokens of one sequence

  bool operator==(const DeviceLimits&) const = default;
};

/// Borrowed for the call of submit() alone.
struct DeviceBatch {
  std::span<const std::int32_t> token_ids;      ///< [tokens]
  std::span<const std::int32_t> token_type_ids; ///< [tokens]; may be empty where type_vocab_size is 0
  std::span<const std::int32_t> offsets;        ///< sequence s holds tokens offsets[s] .. offsets[s + 1] - 1
};

class DeviceNetwork {
public:
  /// A batch under way.
  using Ticket = std::uint64_t;
  enum class Element { f16, f32 };
  static constexpr std::size_t kInFlight = 2; ///< batches that may be submitted and not waited for

  /// Bytes that the network and its buffers will take on a device.
  static std::size_t memory_needed(const NetworkShape& shape, const DeviceLimits& limits);

  /// Loads `ptx` (kernel_image() of kernel_images.hpp for the device's compute capability) and allocates everything.
  /// rows_by_distance[d + limits.longest - 1] is the relative table's row for the distance d = query - key,
  /// |d| < limits.longest (relative_rows_of() of device_support.hpp); empty without relative attention.
  /// Throws DeviceError.
  DeviceNetwork(const GpuDevice& device, const std::string& ptx, const NetworkShape& shape, const DeviceLimits& limits,
                std::span<const std::uint16_t> rows_by_distance);
  ~DeviceNetwork();

  /// Weights are loaded anew from here on: what came of a model whose loading broke off no longer counts.
  void begin_loading();

  /// Takes a run of whole elements of the parameter with this Hugging Face name, row-major, from element `first` on.
  /// Chunks may come in any order. Names that the network lacks, and chunks outside of a parameter, throw
  /// InternalError.
  void load(std::string_view name, std::uint64_t first, Element element, std::span<const std::byte> bytes);

  /// After all chunks of a model: projects the relative tables of all layers; `tune`, once a device, picks the tiles of
  /// the matrix products by their time. Throws InternalError naming a parameter that is not complete, or DeviceError.
  /// After that weights may be loaded anew, which ends with finish_loading() again.
  void finish_loading(bool tune);

  /// Copies the batch and starts it. Throws InternalError if kInFlight batches are under way, if a batch is beyond the
  /// limits or an id beyond its table; DeviceError.
  Ticket submit(const DeviceBatch& batch);

  /// Waits for a batch, asleep, and gives its logits, one a sequence. Each ticket once. Throws DeviceError: the device
  /// is then of no more use, whatever the fault.
  std::vector<float> wait(Ticket ticket);

  /// The picked tiles, for a log: "128x128 for 512 rows of 3072 x 1024, ..."; empty before tuning.
  std::string tuning() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace sciexam
