#include "kernels/fused_attention.hpp"

#include "kernels/kernel_table.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sciexam {
namespace {

/// Tables by distance, transposed: [heads, head_dim, stride]; column center + d is distance d.
struct TableLayout {
  std::int64_t longest, stride, center;

  explicit TableLayout(std::int64_t longest_sequence) : longest(longest_sequence), center(longest - 1 + kTableMargin) {
    constexpr std::int64_t kLine = 16; // floats; an odd number of lines keeps rows apart in the caches
    const std::int64_t lines = (2 * (longest + kTableMargin) + kLine - 1) / kLine;
    stride = (lines + 1 - lines % 2) * kLine;
  }
};

/// `row(d)` is the table's row for column d; only distances within `longest` - 1 are set, the rest is zero.
const float* by_distance(const FusedAttention& call, const float* table, const TableLayout& layout, float scale,
                         const std::function<std::int64_t(std::int64_t)>& row, const Workers& workers,
                         ReusedFloats& memory) {
  const std::int64_t of_head = call.head_dim * layout.stride;
  float* floats = memory.take(call.heads * of_head);
  std::vector<const float*> rows;
  for (std::int64_t d = 1 - layout.longest; d < layout.longest; ++d)
    rows.push_back(table + row(d) * call.heads * call.head_dim);
  workers.run(call.heads, [&](int, std::int64_t head) {
    float* to = floats + head * of_head;
    std::fill_n(to, of_head, 0.0F);
    to += kTableMargin;
    for (std::size_t column = 0; column < rows.size(); ++column)
      for (std::int64_t i = 0; i < call.head_dim; ++i)
        to[i * layout.stride + static_cast<std::int64_t>(column)] = rows[column][head * call.head_dim + i] * scale;
  });
  return floats;
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
  const TableLayout layout(longest);
  const float *keys = nullptr, *queries = nullptr;
  if (call.key_table != nullptr) // by j - i
    keys = by_distance(
        call, call.key_table, layout, 1, [&](std::int64_t d) { return call.table_row(-d); }, workers,
        workspace.key_table);
  if (call.query_table != nullptr) // by i - j
    queries = by_distance(call, call.query_table, layout, call.scale, call.table_row, workers, workspace.query_table);
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
    one.key_table = keys == nullptr ? nullptr : keys + head * call.head_dim * layout.stride;
    one.query_table = queries == nullptr ? nullptr : queries + head * call.head_dim * layout.stride;
    one.table_stride = layout.stride;
    one.table_center = layout.center;
    one.context_stride = call.heads * call.head_dim;
    one.context = call.context + contexts[static_cast<std::size_t>(s)] * one.context_stride + head * call.head_dim;
    one.scratch = workspace.scratch(worker);
    kernels.attend(one);
  });
}

} // namespace sciexam
