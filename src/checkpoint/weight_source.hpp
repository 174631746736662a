// Where weights come from: a checkpoint folder, a single file, a packed model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {

/// Element types that weights are stored in. Little-endian, row-major.
enum class DType { f32, f16, bf16, f64, i64, i32, i16, i8, u8, boolean };

/// Bytes of one element.
std::size_t size_of(DType dtype);
/// The safetensors name: "F32", "F16", "BF16", ...
std::string_view name_of(DType dtype);

/// One stored tensor, without its data.
struct TensorInfo {
  std::string name; ///< the Hugging Face name, e.g. "deberta.encoder.layer.0.output.dense.weight"
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;

  std::uint64_t elements() const;
  std::uint64_t bytes() const { return elements() * size_of(dtype); }
};

/// A run of whole elements of one tensor, starting at element `first`.
struct TensorChunk {
  const TensorInfo& tensor;
  std::uint64_t first;
  std::span<const std::byte> bytes;
};

/// Tensors whose list is known at once and whose data is read later. Reading is parallel and streams: no more than a
/// few megabytes per thread are held besides what the sink keeps.
class WeightSource {
public:
  virtual ~WeightSource() = default;
  /// All tensors that are stored, in file order.
  virtual const std::vector<TensorInfo>& tensors() const = 0;
  /// Where they are stored, for messages.
  virtual std::string description() const = 0;
  /// Calls `sink` with all data of every tensor for which `wanted` is true, in
  /// chunks, concurrently from up to `threads` threads. Throws InputError or
  /// PackageError if the data is damaged; a sink may have seen chunks by then.
  virtual void read(const std::function<bool(const TensorInfo&)>& wanted,
                    const std::function<void(const TensorChunk&)>& sink, int threads) = 0;

  /// What the user should know about the choice of these weights, a line each: what was found beside them and is not
  /// used. Without the name of the checkpoint.
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

private:
  std::vector<std::string> notes_;
};

/// Converts floating-point elements (f32, f16, bf16, f64) to f32: `bytes` holds
/// `out.size()` elements of `dtype`. f16 and bf16 are exact. Other types throw InternalError.
void convert_to_f32(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

/// Converts f32 to `dtype` (f32, f16, bf16), rounding to nearest even.
void convert_from_f32(DType dtype, std::span<const float> values, std::span<std::byte> out);

} // namespace sciexam::inline checkpoint
