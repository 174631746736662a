#include "gpu/training/training_kernels.hpp"

#include <algorithm>

namespace sciexam::inline gpu {
namespace {

constexpr unsigned kThreads = 256, kRowWarps = 8; // training_rows.cuh, optimizer.cuh
constexpr unsigned kAttentionThreads = 128;

constexpr int kLargeTile = 128, kSmallTile = 64;
constexpr unsigned kLargeThreads = 256, kSmallThreads = 128;

template <class Count>
unsigned blocks_of(Count count, unsigned size) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(count) + size - 1) / size);
}

} // namespace

TrainingKernels::TrainingKernels(const DeviceKernels& kernels) : kernels_(kernels) {
  const auto both = [&](const char* large, const char* small) {
    return std::array{kernels.function(large), kernels.function(small)};
  };
  products_ = {both("forward_128x128", "forward_64x64"), both("input_gradient_128x128", "input_gradient_64x64"),
               both("weight_gradient_128x128", "weight_gradient_64x64")};
  attention_ = {both("attention_forward_32", "attention_forward_64"),
                both("attention_queries_32", "attention_queries_64"), both("attention_keys_32", "attention_keys_64")};
  attention_dots_ = kernels.function("attention_dots");
  dropout_mask_ = kernels.function("dropout_mask");
  drop_ = kernels.function("drop");
  drop_wide_ = kernels.function("drop_wide");
  embed_wide_ = kernels.function("embed_wide");
  layer_norm_wide_ = kernels.function("layer_norm_wide");
  layer_norm_gradient_ = kernels.function("layer_norm_gradient");
  column_sums_ = kernels.function("column_sums");
  add_parts_ = kernels.function("add_parts");
  add_rows_ = kernels.function("add_rows");
  add_halves_ = kernels.function("add_halves");
  to_halves_ = kernels.function("to_halves");
  spread_first_ = kernels.function("spread_first");
  pool_ = kernels.function("pool");
  classify_gradient_ = kernels.function("classify_gradient");
  clear_rows_ = kernels.function("clear_rows");
  square_rows_ = kernels.function("square_rows");
  adamw_ = kernels.function("adamw");
  adamw_rows_ = kernels.function("adamw_rows");
  touch_rows_ = kernels.function("touch_rows");
  squares_ = kernels.function("squares");
  follow_average_ = kernels.function("follow_average");
  exchange_ = kernels.function("exchange");
  perturb_ = kernels.function("perturb");
}

void TrainingKernels::product(ProductKind kind, const TrainingProduct& product, int batches,
                              driver::Stream stream) const {
  // Small tiles where large ones would not give every multiprocessor two blocks.
  const unsigned large =
      blocks_of(product.m, kLargeTile) * blocks_of(product.n, kLargeTile) * static_cast<unsigned>(batches);
  product_with(large >= 2 * static_cast<unsigned>(kernels_.device().multiprocessors()), kind, product, batches, stream);
}

void TrainingKernels::product_with(bool large, ProductKind kind, const TrainingProduct& product, int batches,
                                   driver::Stream stream) const {
  const auto tile = static_cast<unsigned>(large ? kLargeTile : kSmallTile);
  kernels_.launch(products_[static_cast<std::size_t>(kind)][large ? 0 : 1],
                  {blocks_of(product.n, tile), blocks_of(product.m, tile), static_cast<unsigned>(batches)},
                  large ? kLargeThreads : kSmallThreads, stream, {&product});
}

void TrainingKernels::attention_forward(const TrainingAttention& call, int blocks, int heads, int head,
                                        driver::Stream stream) const {
  kernels_.launch(attention_[0][head == 32 ? 0 : 1], {static_cast<unsigned>(blocks), static_cast<unsigned>(heads), 1},
                  kAttentionThreads, stream, {&call});
}

void TrainingKernels::attention_backward(const TrainingAttention& call, int blocks, int heads, int head,
                                         driver::Stream stream) const {
  for (const std::size_t half : {1, 2})
    kernels_.launch(attention_[half][head == 32 ? 0 : 1],
                    {static_cast<unsigned>(blocks), static_cast<unsigned>(heads), 1}, kAttentionThreads, stream,
                    {&call});
}

void TrainingKernels::attention_dots(driver::Pointer context, driver::Pointer d_context, driver::Pointer dots,
                                     int tokens, int heads, int head, driver::Stream stream) const {
  const int stride = heads * head;
  kernels_.launch(attention_dots_, {blocks_of(tokens, kThreads), static_cast<unsigned>(heads), 1}, kThreads, stream,
                  {&context, &d_context, &dots, &tokens, &stride, &head});
}

void TrainingKernels::dropout_mask(driver::Pointer bits, std::uint64_t elements, std::uint64_t key,
                                   const std::array<std::uint32_t, 3>& counter, double probability,
                                   driver::Stream stream) const {
  constexpr unsigned kGroup = 32;
  const auto groups = static_cast<int>((elements + kGroup - 1) / kGroup);
  const auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  const auto threshold = static_cast<std::uint32_t>(std::min(probability * 0x1p32, 0x1p32 - 1)); // as apply_dropout()
  kernels_.launch(dropout_mask_, {blocks_of(groups, kThreads), 1, 1}, kThreads, stream,
                  {&bits, &groups, &low, &high, &counter[0], &counter[1], &counter[2], &threshold});
}

void TrainingKernels::drop(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer y, std::int64_t elements,
                           driver::Stream stream) const {
  const auto chunks = static_cast<int>(elements / 8);
  kernels_.launch(drop_, {blocks_of(chunks, kThreads), 1, 1}, kThreads, stream,
                  {&x, &dropout.mask, &y, &chunks, &dropout.kept_scale});
}

void TrainingKernels::drop_wide(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer y,
                                std::int64_t elements, driver::Stream stream) const {
  const auto chunks = static_cast<int>(elements / 8);
  kernels_.launch(drop_wide_, {blocks_of(chunks, kThreads), 1, 1}, kThreads, stream,
                  {&x, &dropout.mask, &y, &chunks, &dropout.kept_scale});
}

void TrainingKernels::embed(const DeviceKernels::Lookup& lookup, driver::Pointer sum, driver::Pointer halves,
                            int tokens, int width, driver::Stream stream) const {
  kernels_.launch(embed_wide_, {blocks_of(tokens, kRowWarps), 1, 1}, kThreads, stream,
                  {&lookup.words, &lookup.positions, &lookup.types, &lookup.ids, &lookup.places, &lookup.type_ids, &sum,
                   &halves, &tokens, &width});
}

void TrainingKernels::layer_norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, driver::Pointer wide,
                                 driver::Pointer statistics, int rows, int width, float eps,
                                 driver::Stream stream) const {
  kernels_.launch(layer_norm_wide_, {blocks_of(rows, kRowWarps), 1, 1}, kThreads, stream,
                  {&x, &norm.weight, &norm.bias, &y, &wide, &statistics, &rows, &width, &eps});
}

void TrainingKernels::layer_norm_gradient(driver::Pointer x, driver::Pointer statistics, driver::Pointer weight,
                                          driver::Pointer dy, driver::Pointer dx, driver::Pointer dropped,
                                          const DeviceDropout& dropout, int rows, int width,
                                          driver::Stream stream) const {
  kernels_.launch(layer_norm_gradient_, {blocks_of(rows, kRowWarps), 1, 1}, kThreads, stream,
                  {&x, &statistics, &weight, &dy, &dx, &dropped, &dropout.mask, &rows, &width, &dropout.kept_scale});
}

void TrainingKernels::sum_columns(driver::Pointer dy, driver::Pointer parts, driver::Pointer to, int rows, int width,
                                  int stride, bool add, driver::Stream stream) const {
  const driver::Pointer none = 0;
  const int count = parts_of_rows(rows), adds = add ? 1 : 0;
  kernels_.launch(column_sums_, {blocks_of(width, 64), static_cast<unsigned>(count), 1}, kThreads, stream,
                  {&dy, &none, &none, &parts, &rows, &width, &stride});
  kernels_.launch(add_parts_, {blocks_of(width, kThreads), 1, 1}, kThreads, stream,
                  {&parts, &count, &to, &width, &adds});
}

void TrainingKernels::sum_norm(driver::Pointer dy, driver::Pointer x, driver::Pointer statistics, driver::Pointer parts,
                               const DeviceNorm& to, int rows, int width, bool add, driver::Stream stream) const {
  const int count = parts_of_rows(rows), adds = add ? 1 : 0;
  kernels_.launch(column_sums_, {blocks_of(width, 64), static_cast<unsigned>(count), 1}, kThreads, stream,
                  {&dy, &x, &statistics, &parts, &rows, &width, &width});
  const driver::Pointer products = parts + 4ULL * static_cast<std::uint64_t>(count) * static_cast<std::uint64_t>(width);
  kernels_.launch(add_parts_, {blocks_of(width, kThreads), 1, 1}, kThreads, stream,
                  {&parts, &count, &to.bias, &width, &adds});
  kernels_.launch(add_parts_, {blocks_of(width, kThreads), 1, 1}, kThreads, stream,
                  {&products, &count, &to.weight, &width, &adds});
}

void TrainingKernels::add_rows(driver::Pointer d, driver::Pointer order, driver::Pointer starts, driver::Pointer rows,
                               driver::Pointer to, int count, int width, driver::Stream stream) const {
  kernels_.launch(add_rows_, {blocks_of(count, kRowWarps), 1, 1}, kThreads, stream,
                  {&d, &order, &starts, &rows, &to, &count, &width});
}

void TrainingKernels::clear_rows(driver::Pointer table, driver::Pointer rows, int count, int width,
                                 driver::Stream stream) const {
  kernels_.launch(clear_rows_, {blocks_of(count, kRowWarps), 1, 1}, kThreads, stream, {&table, &rows, &count, &width});
}

void TrainingKernels::square_rows(driver::Pointer table, driver::Pointer rows, driver::Pointer parts, int count,
                                  int width, driver::Stream stream) const {
  kernels_.launch(square_rows_, {blocks_of(count, kRowWarps), 1, 1}, kThreads, stream,
                  {&table, &rows, &parts, &count, &width});
}

void TrainingKernels::add_halves(driver::Pointer x, driver::Pointer to, std::int64_t elements,
                                 driver::Stream stream) const {
  const auto pairs = static_cast<int>(elements / 2);
  kernels_.launch(add_halves_, {blocks_of(pairs, kThreads), 1, 1}, kThreads, stream, {&x, &to, &pairs});
}

void TrainingKernels::to_halves(driver::Pointer x, driver::Pointer y, std::int64_t elements,
                                driver::Stream stream) const {
  const auto pairs = static_cast<int>(elements / 2);
  kernels_.launch(to_halves_, {blocks_of(pairs, kThreads), 1, 1}, kThreads, stream, {&x, &y, &pairs});
}

void TrainingKernels::spread_first(driver::Pointer dx, driver::Pointer offsets, driver::Pointer all, int sequences,
                                   int width, driver::Stream stream) const {
  kernels_.launch(spread_first_, {blocks_of(sequences, kRowWarps), 1, 1}, kThreads, stream,
                  {&dx, &offsets, &all, &sequences, &width});
}

void TrainingKernels::pool(driver::Pointer x, const DeviceDropout& dropout, driver::Pointer pooled,
                           std::int64_t elements, DeviceActivation activation, driver::Stream stream) const {
  const auto chunks = static_cast<int>(elements / 8);
  kernels_.launch(pool_, {blocks_of(chunks, kThreads), 1, 1}, kThreads, stream,
                  {&x, &dropout.mask, &pooled, &chunks, &activation, &dropout.kept_scale});
}

void TrainingKernels::classify_gradient(const ClassifierGradient& call, int sequences, int width,
                                        DeviceActivation activation, bool add, driver::Stream stream) const {
  const int adds = add ? 1 : 0;
  kernels_.launch(classify_gradient_, {blocks_of(width / 2, kThreads), 1, 1}, kThreads, stream,
                  {&call.d_logits, &call.x, &call.pooled, &call.dropout.mask, &call.weight, &call.dx, &call.d_weight,
                   &call.d_bias, &sequences, &width, &activation, &call.dropout.kept_scale, &adds});
}

void TrainingKernels::adamw(const DeviceAdamW& step, driver::Stream stream) const {
  kernels_.launch(adamw_, {blocks_of(step.count, kThreads), 1, 1}, kThreads, stream, {&step});
}

void TrainingKernels::adamw_rows(const DeviceAdamW& step, driver::Pointer touched, int rows, int width,
                                 driver::Stream stream) const {
  kernels_.launch(adamw_rows_, {static_cast<unsigned>(rows), 1, 1}, kThreads, stream, {&step, &touched, &width});
}

void TrainingKernels::touch_rows(driver::Pointer touched, driver::Pointer rows, int count,
                                 driver::Stream stream) const {
  kernels_.launch(touch_rows_, {blocks_of(count, kThreads), 1, 1}, kThreads, stream, {&touched, &rows, &count});
}

void TrainingKernels::squares(driver::Pointer x, std::int64_t count, driver::Pointer parts,
                              driver::Stream stream) const {
  kernels_.launch(squares_, {blocks_of(count, kSquaresOfBlock), 1, 1}, kThreads, stream, {&x, &count, &parts});
}

void TrainingKernels::follow_average(driver::Pointer average, driver::Pointer x, std::int64_t count, float decay,
                                     driver::Stream stream) const {
  const float rest = 1 - decay;
  kernels_.launch(follow_average_, {blocks_of(count, kThreads), 1, 1}, kThreads, stream,
                  {&average, &x, &count, &decay, &rest});
}

void TrainingKernels::exchange(driver::Pointer a, driver::Pointer b, std::int64_t count, driver::Stream stream) const {
  kernels_.launch(exchange_, {blocks_of(count, kThreads), 1, 1}, kThreads, stream, {&a, &b, &count});
}

void TrainingKernels::perturb(driver::Pointer x, driver::Pointer gradient, driver::Pointer kept, std::int64_t count,
                              float step, float reach, driver::Stream stream) const {
  kernels_.launch(perturb_, {blocks_of(count, kThreads), 1, 1}, kThreads, stream,
                  {&x, &gradient, &kept, &count, &step, &reach});
}

} // namespace sciexam::inline gpu
