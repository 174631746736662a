#include "kernels/fused_attention.hpp"

#include "kernels/kernel_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <vector>

namespace sciexam::inline kernels {
namespace {

/// The table of a term with its rows by distance, packed for all heads.
class PackedTable {
public:
  /// `rows` are the rows of `table` for the distances 1 - longest .. longest - 1; they are multiplied by `scale`.
  PackedTable(const FusedAttention& call, const float* table, const std::vector<std::int64_t>& rows, float scale,
              const Workers& workers, ReusedFloats& memory) {
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
    const std::int64_t panels = (static_cast<std::int64_t>(columns.size()) + width - 1) / width;
    columns.resize(static_cast<std::size_t>(panels * width), columns.back());
    shorts_ = call.products == AttentionProducts::int16;
    const std::int64_t elements = shorts_ ? (depth + 1) / 2 : depth; // of a column
    scales_at_ = panels * width * elements;
    head_floats_ = scales_at_ + panels * width;
    floats_ = memory.take(call.heads * head_floats_);
    workers.run(call.heads, [&](int, std::int64_t head) {
      float* of_head = floats_ + head * head_floats_;
      for (std::int64_t column = 0; column < panels * width; ++column) {
        const std::span from(table + (columns[static_cast<std::size_t>(column)] * call.heads + head) * depth,
                             static_cast<std::size_t>(depth));
        float* to = of_head + column / width * width * elements + column % width;
        if (shorts_)
          of_head[scales_at_ + column] = scale * write_shorts(from, reinterpret_cast<std::int32_t*>(to), width);
        else
          for (std::size_t i = 0; i < from.size(); ++i)
            to[static_cast<std::int64_t>(i) * width] = from[i] * scale;
      }
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
  /// A row as pairs of integers, `width` pairs apart. Returns what they count: NaN if the row holds a number that is
  /// not finite.
  static float write_shorts(std::span<const float> row, std::int32_t* to, std::int64_t width) {
    float most = 0;
    const bool finite = std::all_of(row.begin(), row.end(), [&](float x) {
      most = std::max(most, std::abs(x));
      return std::isfinite(x);
    });
    const float step = most / short_limit(static_cast<std::int64_t>(row.size())), inverse = step > 0 ? 1 / step : 0;
    const auto rounded = [&](std::size_t i) {
      return finite && i < row.size() ? static_cast<std::int32_t>(std::nearbyint(row[i] * inverse)) : 0;
    };
    for (std::size_t i = 0; i < row.size(); i += 2, to += width)
      *to = (rounded(i) & 0xFFFF) | rounded(i + 1) * (1 << 16);
    return finite ? step : std::numeric_limits<float>::quiet_NaN();
  }

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
  std::vector<std::int64_t> order(static_cast<std::size_t>(std::max<std::int64_t>(0, sequences))), contexts{0};
  std::iota(order.begin(), order.end(), 0);
  for (const std::int64_t s : order)
    contexts.push_back(contexts.back() + std::min(call.queries, length(s)));
  // The longest first, so that the last to finish are short.
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return length(a) > length(b); });
  if (order.empty() || length(order.front()) == 0)
    return;
  const std::int64_t longest = length(order.front());
  std::vector<std::int64_t> rows; // by i - j
  rows.reserve(static_cast<std::size_t>(2 * longest - 1));
  if (call.key_table != nullptr || call.query_table != nullptr)
    for (std::int64_t d = 1 - longest; d < longest; ++d)
      rows.push_back(call.table_row(d));
  std::optional<PackedTable> keys, queries;
  if (call.query_table != nullptr)
    queries.emplace(call, call.query_table, rows, call.scale, workers, workspace.query_table);
  std::reverse(rows.begin(), rows.end()); // by j - i
  if (call.key_table != nullptr)
    keys.emplace(call, call.key_table, rows, 1, workers, workspace.key_table);
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
