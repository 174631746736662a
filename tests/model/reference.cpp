#include "model/reference.hpp"

#include <cstring>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/nonzero.h>

namespace sciexam::test {
namespace {

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
  case DType::f32:
    return at::kFloat;
  case DType::f64:
    return at::kDouble;
  case DType::i64:
    return at::kLong;
  default:
    throw std::runtime_error("reference files hold F32, F64 and I64 only");
  }
}

} // namespace

Tensors read_tensors(const std::filesystem::path& file) {
  Tensors tensors;
  const auto source = open_checkpoint(file);
  for (const TensorInfo& info : source->tensors())
    tensors[info.name] = at::empty(info.shape, at::TensorOptions(scalar_type(info.dtype)));
  source->read([](const TensorInfo&) { return true; },
               [&](const TensorChunk& chunk) {
                 auto* data = static_cast<std::byte*>(tensors.at(chunk.tensor.name).mutable_data_ptr());
                 std::memcpy(data + chunk.first * size_of(chunk.tensor.dtype), chunk.bytes.data(), chunk.bytes.size());
               },
               1);
  return tensors;
}

PackedSequences pack(const Tensors& io, const std::vector<std::int64_t>& rows) {
  at::Tensor ids = io.at("input_ids"), mask = io.at("attention_mask"), types = io.at("token_type_ids");
  if (!rows.empty()) {
    const at::Tensor index = at::empty({static_cast<std::int64_t>(rows.size())}, at::TensorOptions(at::kLong));
    std::copy(rows.begin(), rows.end(), index.mutable_data_ptr<std::int64_t>());
    ids = ids.index_select(0, index);
    mask = mask.index_select(0, index);
    types = types.index_select(0, index);
  }
  const std::int64_t length = ids.size(-1);
  const at::Tensor lengths = mask.sum(-1).flatten().contiguous();
  PackedSequences packed;
  packed.input_ids = real_tokens(ids.reshape({-1, length}), mask);
  packed.token_type_ids = real_tokens(types.reshape({-1, length}), mask);
  for (std::int64_t s = 0; s < lengths.numel(); ++s)
    packed.offsets.push_back(packed.offsets.back() + lengths.const_data_ptr<std::int64_t>()[s]);
  return packed;
}

at::Tensor real_tokens(const at::Tensor& x, const at::Tensor& attention_mask) {
  const at::Tensor rows = at::nonzero(attention_mask.flatten()).squeeze(-1);
  return x.flatten(0, 1).index_select(0, rows);
}

DebertaForMultipleChoice load(const std::filesystem::path& model_folder, const std::string& file,
                              at::ScalarType dtype) {
  DebertaForMultipleChoice network(read_deberta_config(model_folder / "config.json"), dtype);
  load_weights(network, *open_checkpoint(model_folder / file), Purpose::answering, 2);
  return network;
}

std::unique_ptr<AnsweringNetwork> load_packed(const std::filesystem::path& model_folder, const std::string& file,
                                              Precision precision) {
  return load_to_answer(read_deberta_config(model_folder / "config.json"), *open_checkpoint(model_folder / file), 2,
                        precision);
}

double max_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble).flatten() - b.to(at::kDouble).flatten()).abs().max().item<double>();
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor log_p = at::log_softmax(logits.view({labels.numel(), -1}), -1);
  return -log_p.gather(1, labels.view({-1, 1})).mean();
}

} // namespace sciexam::test
