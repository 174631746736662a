#include "kernels/fused_attention.hpp"

#include "kernels/kernel_table.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sciexam {
namespace {

/// A table by distance, transposed: [heads, head_dim, stride]; column center + d is distance d.
struct DistanceTable {
  std::int64_t stride = 0, center = 0, head_dim = 0;
  float* floats = nullptr;

  const float* head(std::int64_t number) const {
    return floats == nullptr ? nullptr : floats + number * head_dim * stride;
  }
};

/// `row(d)` is the table's row for column d; only distances within `longest` - 1 are set, the rest is zero.
DistanceTable by_distance(const FusedAttention& call, const float* table, std::int64_t longest, float scale,
                          const std::function<std::int64_t(std::int64_t)>& row, const Workers& workers,
                          ReusedFloats& memory) {
  constexpr std::int64_t kLine = 16; // floats; an odd number of them keeps rows apart in the caches
  std::int64_t lines = (2 * (longest + kTableMargin) + kLine - 1) / kLine;
  lines += 1 - lines % 2;
  DistanceTable by_distance{lines * kLine, longest - 1 + kTableMargin, call.head_dim,
                            memory.take(call.heads * call.head_dim * lines * kLine)};
  std::vector<const float*> rows;
  for (std::int64_t d = 1 - longest; d < longest; ++d)
    rows.push_back(table + row(d) * call.heads * call.head_dim);
  workers.run(call.heads, [&](int, std::int64_t head) {
    float* to = by_distance.floats + head * call.head_dim * by_distance.stride;
    std::fill_n(to, call.head_dim * by_distance.stride, 0.0F);
    to += kTableMargin;
    for (std::size_t column = 0; column < rows.size(); ++column)
      for (std::int64_t i = 0; i < call.head_dim; ++i)
        to[i * by_distance.stride + static_cast<std::int64_t>(column)] = rows[column][head * call.head_dim + i] * scale;
  });
  return by_distance;
}

} // namespace

void fused_attention(const FusedAttention& call, const Workers& workers, Workspace& workspace) {
  const KernelTable& kernels = *call.kernels;
  const auto sequences = static_cast<std::int64_t>(call.offsets.size()) - 1;
  const auto length = [&](std::int64_t s) {
    return call.offsets[static_cast<std::size_t>(s) + 1] - call.offsets[static_cast<std::size_t>(s)];
  };
  std::vector<std::int64_t> order(static_cast<std::size_t>(std::max<std::int64_t>(0, sequences))), contexts{0};
  std::iota(order.begin(), order.end(), 0);
  for (const std::int64_t s : order)
    contexts.push_back(contexts.back() + std::min(call.queries, length(s)));
  // The longest first: the last ones to end are short.
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return length(a) > length(b); });
  if (order.empty() || length(order.front()) == 0)
    return;
  const std::int64_t longest = length(order.front());
  DistanceTable keys, queries;
  if (call.key_table != nullptr) // by j - i
    keys = by_distance(
        call, call.key_table, longest, 1, [&](std::int64_t d) { return call.table_row(-d); }, workers,
        workspace.key_table);
  if (call.query_table != nullptr) // by i - j
    queries = by_distance(call, call.query_table, longest, call.scale, call.table_row, workers, workspace.query_table);
  workspace.prepare(workers.count, kernels.attention_scratch(longest, call.head_dim));

  workers.run(sequences * call.heads, [&](int worker, std::int64_t task) {
    const std::int64_t s = order[static_cast<std::size_t>(task / call.heads)], head = task % call.heads;
    if (length(s) == 0)
      return;
    const std::int64_t first = call.offsets[static_cast<std::size_t>(s)] * call.qkv_stride + head * call.head_dim;
    HeadAttention one;
    one.q = call.q + first;
    one.k = call.k + first;
    one.v = call.v + first;
    one.qkv_stride = call.qkv_stride;
    one.length = length(s);
    one.head_dim = call.head_dim;
    one.queries = std::min(call.queries, one.length);
    one.scale = call.scale;
    one.key_table = keys.head(head);
    one.query_table = queries.head(head);
    one.table_stride = std::max(keys.stride, queries.stride);
    one.table_center = std::max(keys.center, queries.center);
    one.context_stride = call.heads * call.head_dim;
    one.context = call.context + contexts[static_cast<std::size_t>(s)] * one.context_stride + head * call.head_dim;
    one.scratch = workspace.scratch(worker);
    kernels.attend(one);
  });
}

} // namespace sciexam
