#include "model/weight_place.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace sciexam::inline model {
namespace {

void store_in_tensor(const TensorChunk& chunk, const at::Tensor& tensor) {
  const DType dtype = chunk.tensor.dtype;
  const std::size_t elements = chunk.bytes.size() / size_of(dtype);
  if (tensor.scalar_type() == at::kFloat) {
    convert_to_f32(dtype, chunk.bytes, {tensor.mutable_data_ptr<float>() + chunk.first, elements});
  } else if (tensor.scalar_type() == at::kDouble) {
    std::vector<float> values(elements);
    convert_to_f32(dtype, chunk.bytes, values);
    std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<double>() + chunk.first);
  } else if (tensor.scalar_type() == at::kHalf && dtype == DType::f16) {
    std::memcpy(tensor.mutable_data_ptr<at::Half>() + chunk.first, chunk.bytes.data(), chunk.bytes.size());
  } else {
    throw InternalError(chunk.tensor.name + ", stored as " + std::string(name_of(dtype)) +
                        ", cannot be converted to the network's type");
  }
}

void store_weights(const TensorChunk& chunk, PackedMatrix& matrix, std::int64_t first) {
  const DType dtype = chunk.tensor.dtype;
  const bool bf16 = matrix.stored() == StoredWeights::bf16;
  if ((bf16 && dtype == DType::bf16) || (matrix.stored() == StoredWeights::f16 && dtype == DType::f16))
    return matrix.place_halves(first, chunk.bytes);
  if (dtype == DType::i8)
    return matrix.place_int8(first, chunk.bytes);
  std::array<float, 4096> floats{};
  std::array<std::byte, 2 * floats.size()> halves{};
  const std::size_t element = size_of(dtype), elements = chunk.bytes.size() / element;
  for (std::size_t i = 0; i < elements; i += floats.size()) {
    const auto part = std::span(floats).first(std::min(floats.size(), elements - i));
    convert_to_f32(dtype, chunk.bytes.subspan(i * element, part.size() * element), part);
    const std::int64_t at = first + static_cast<std::int64_t>(i);
    if (bf16) {
      const auto rounded = std::span(halves).first(2 * part.size());
      convert_from_f32(DType::bf16, part, rounded);
      matrix.place_halves(at, rounded);
    } else {
      matrix.place(at, part);
    }
  }
}

void store_in_packed(const TensorChunk& chunk, const PackedRows& rows) {
  PackedMatrix& matrix = *rows.matrix;
  using Part = PackedRows::Part;
  if (rows.part == Part::weight)
    return store_weights(chunk, matrix, rows.first_row * matrix.in_features() + static_cast<std::int64_t>(chunk.first));
  float* floats = rows.part == Part::bias          ? matrix.bias()
                  : rows.part == Part::int8_scales ? matrix.int8_scales()
                                                   : matrix.input_factors();
  convert_to_f32(chunk.tensor.dtype, chunk.bytes,
                 {floats + rows.first_row + chunk.first, chunk.bytes.size() / size_of(chunk.tensor.dtype)});
}

} // namespace

void WeightPlace::store(const TensorChunk& chunk) const {
  if (const auto* rows = std::get_if<PackedRows>(&place_))
    store_in_packed(chunk, *rows);
  else
    store_in_tensor(chunk, std::get<at::Tensor>(place_));
}

} // namespace sciexam::inline model
