#include "kernels/fused_attention.hpp"

#include "kernels/kernel_table.hpp"

#include <algorithm>
#include <numbers>
#include <optional>
#include <vector>

namespace sciexam::inline kernels {
namespace {

/// The table of a term with its rows by distance, packed for all heads.
class PackedTable {
public:
  /// `rows` are the rows of `table` for the distances 1 - longest .. longest - 1; they are multiplied by `scale`.
  PackedTable(const FusedAttention& call, const float* table, const std::vector<std::int64_t>& rows, float scale,
              const Workers& workers, Workspace& workspace, ReusedFloats& memory) {
    std::vector<std::int64_t> columns{rows.front()};
    column_of_.assign(kDistanceMargin, 0);
    for (const std::int64_t row : rows) {
      if (row != columns.back())
        columns.push_back(row);
      column_of_.push_back(static_cast<std::int32_t>(columns.size()) - 1);
    }
    column_of_.insert(column_of_.end(), kDistanceMargin, column_of_.back());
    center_ = kDistanceMargin + static_cast<std::int64_t>(rows.size()) / 2;

    const std::int64_t width = call.kernels->panel_columns, depth = call.head_dim;
    const std::int64_t all_columns = (static_cast<std::int64_t>(columns.size()) + width - 1) / width * width;
    columns.resize(static_cast<std::size_t>(all_columns), columns.back());
    shorts_ = call.products == AttentionProducts::int16;
    scales_at_ = all_columns * (shorts_ ? (depth + 1) / 2 : depth);
    head_floats_ = scales_at_ + all_columns;
    floats_ = memory.take(call.heads * head_floats_);
    workspace.prepare(workers.count, call.kernels->attention_scratch(1, depth));
    workers.run(call.heads, [&](int worker, std::int64_t head) {
      TableColumns of_head;
      of_head.table = table + head * depth;
      of_head.stride = call.heads * depth;
      of_head.head_dim = depth;
      of_head.rows = columns.data();
      of_head.columns = all_columns;
      of_head.scale = scale;
      of_head.products = call.products;
      of_head.packed = floats_ + head * head_floats_;
      of_head.scales = of_head.packed + scales_at_;
      of_head.scratch = workspace.scratch(worker);
      call.kernels->pack_table(of_head);
    });
  }

  DistanceTable of_head(std::int64_t head) const {
    DistanceTable table;
    const float* columns = floats_ + head * head_floats_;
    if (shorts_)
      table.columns.shorts = reinterpret_cast<const std::int32_t*>(columns);
    else
      table.columns.f32 = columns;
    table.scales = columns + scales_at_;
    table.column_of = column_of_.data() + center_;
    return table;
  }

private:
  std::vector<std::int32_t> column_of_;
  std::int64_t center_ = 0, head_floats_ = 0, scales_at_ = 0;
  bool shorts_ = false;
  float* floats_ = nullptr; ///< of each head: the table's columns (see DistanceTable), then their scales
};

} // namespace

void fused_attention(const FusedAttention& call, const Workers& workers, Workspace& workspace) {
  const KernelTable& kernels = *call.kernels;
  const auto sequences = static_cast<std::int64_t>(call.offsets.size()) - 1;
  const auto length = [&](std::int64_t s) {
    return call.offsets[static_cast<std::size_t>(s) + 1] - call.offsets[static_cast<std::size_t>(s)];
  };
  std::int64_t longest = 0;
  std::vector<std::int64_t> contexts{0};
  for (std::int64_t i = 0; i < sequences; ++i) {
    longest = std::max(longest, length(i));
    contexts.push_back(contexts.back() + std::min(call.queries, length(i)));
  }
  if (longest == 0)
    return;
  std::vector<std::int64_t> rows; // by i - j
  rows.reserve(static_cast<std::size_t>(2 * longest - 1));
  if (call.key_table != nullptr || call.query_table != nullptr)
    for (std::int64_t d = 1 - longest; d < longest; ++d)
      rows.push_back(call.table_row(d));
  const float scale =
      call.products == AttentionProducts::int16 ? call.scale * std::numbers::log2e_v<float> : call.scale;
  std::optional<PackedTable> keys, queries;
  if (call.query_table != nullptr)
    queries.emplace(call, call.query_table, rows, scale, workers, workspace, workspace.query_table);
  std::reverse(rows.begin(), rows.end()); // by j - i
  if (call.key_table != nullptr)
    keys.emplace(call, call.key_table, rows, 1, workers, workspace, workspace.key_table);
  workspace.prepare(workers.count, kernels.attention_scratch(longest, call.head_dim));

  workers.run(sequences * call.heads, [&](int worker, std::int64_t task) {
    const std::int64_t s = task / call.heads, head = task % call.heads;
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
    one.scale = scale;
    one.products = call.products;
    if (keys)
      one.key_table = keys->of_head(head);
    if (queries)
      one.query_table = queries->of_head(head);
    one.context_stride = call.heads * call.head_dim;
    one.context = call.context + contexts[static_cast<std::size_t>(s)] * one.context_stride + head * call.head_dim;
    one.scratch = workspace.scratch(worker);
    kernels.attend(one);
  });
}

} // namespace sciexam::inline kernels
