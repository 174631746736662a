#include "model/sequence_attention.hpp"

#include "checkpoint/relative_position.hpp"
#include "model/dropout.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

namespace sciexam::inline model {
namespace {

/// [length, heads * head_dim] -> [heads, length, head_dim], a view.
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), heads, -1}).transpose(0, 1);
}

/// [heads, length, head_dim] -> [length, heads * head_dim].
at::Tensor join_heads(const at::Tensor& x) {
  return x.transpose(0, 1).reshape({x.size(1), -1});
}

/// [heads, length, 2 * length], whose last dimension counts distances from
/// length - 1 down to -length, seen as [heads, length, length] with
/// out[h, i, j] = x[h, i, (length - 1) - (i - j)]: each row starts one element
/// earlier than the row before. A view (the skewing of Music Transformer,
/// Huang et al. 2018): nothing is gathered.
at::Tensor skew(const at::Tensor& x) {
  const std::int64_t heads = x.size(0), length = x.size(1);
  return x.view({heads, 2 * length * length})
      .narrow(1, length - 1, length * (2 * length - 1))
      .view({heads, length, 2 * length - 1})
      .narrow(2, 0, length);
}

/// The transposed operation: x [heads, length, length] spread over distances, zeros elsewhere.
at::Tensor unskew(const at::Tensor& x) {
  at::Tensor out = at::zeros({x.size(0), x.size(1), 2 * x.size(1)}, x.options());
  skew(out).copy_(x);
  return out;
}

/// The table's rows for all distances of the sequence, [heads, 2 * length, head_dim].
at::Tensor by_distance(const at::Tensor& table, const at::Tensor& rows, std::int64_t heads) {
  return split_heads(table.index_select(0, rows), heads);
}

void add_table_gradient(const at::Tensor& gradient, const at::Tensor& rows, const at::Tensor& table_gradient) {
  at::Tensor(table_gradient).index_add_(0, rows, join_heads(gradient));
}

/// q * scale and k by head: all three terms are products of these.
struct Heads {
  at::Tensor query, key;

  Heads(const SequenceInput& input, const AttentionOptions& options)
      : query(split_heads(input.q * options.scale, input.heads)), key(split_heads(input.k, input.heads)) {}
};

} // namespace

DistanceRows distance_rows(std::int64_t length, std::int64_t first_row, const DebertaConfig& config,
                           at::Device device) {
  std::vector<std::int64_t> key = relative_rows_by_distance(length, config), query;
  for (std::int64_t& row : key)
    row -= first_row;
  for (std::int64_t distance = length - 1; distance >= -length; --distance)
    query.push_back(relative_row(-distance, config) - first_row);
  // The last distance is never used, and its rows may lie outside a narrowed table.
  key.back() = key[key.size() - 2];
  query.back() = query[query.size() - 2];
  const auto options = at::TensorOptions(at::kLong);
  return {at::tensor(key, options).to(device), at::tensor(query, options).to(device)};
}

at::Tensor attention_probabilities(const SequenceInput& input, const AttentionOptions& options) {
  const RelativeTables& tables = input.tables;
  const Heads heads(input, options);
  at::Tensor scores = at::bmm(heads.query, heads.key.transpose(1, 2));
  if (tables.key.defined()) {
    const at::Tensor table = by_distance(tables.key, input.rows.key, input.heads);
    scores = scores + skew(at::bmm(heads.query, table.transpose(1, 2)));
  }
  if (tables.query.defined()) {
    // out[j, i] = k[j] . table[row of (i - j)], transposed.
    const at::Tensor table = by_distance(tables.query, input.rows.query, input.heads);
    scores = scores + skew(at::bmm(heads.key * options.scale, table.transpose(1, 2))).transpose(1, 2);
  }
  return at::softmax(scores, -1);
}

at::Tensor attend(const SequenceInput& input, const AttentionOptions& options) {
  at::Tensor probabilities = attention_probabilities(input, options);
  if (options.dropout)
    probabilities = drop(probabilities, options.dropout_probability, *options.dropout, input.first_mask_element);
  return join_heads(at::bmm(probabilities, split_heads(input.v, input.heads)));
}

SequenceGradients attend_backward(const SequenceInput& input, const AttentionOptions& options,
                                  const at::Tensor& gradient, const RelativeTables& table_gradients) {
  const std::int64_t count = input.heads;
  const RelativeTables& tables = input.tables;
  const auto dropped = [&](const at::Tensor& x) {
    return options.dropout ? drop(x, options.dropout_probability, *options.dropout, input.first_mask_element) : x;
  };
  const Heads heads(input, options);
  const at::Tensor d_context = split_heads(gradient, count), value = split_heads(input.v, count);
  const at::Tensor probabilities = attention_probabilities(input, options);
  const at::Tensor d_value = at::bmm(dropped(probabilities).transpose(1, 2), d_context);
  const at::Tensor d_probabilities = dropped(at::bmm(d_context, value.transpose(1, 2)));
  const at::Tensor d_scores =
      at::_softmax_backward_data(d_probabilities, probabilities, -1, probabilities.scalar_type());

  at::Tensor d_query = at::bmm(d_scores, heads.key);
  at::Tensor d_key = at::bmm(d_scores.transpose(1, 2), heads.query);
  if (tables.key.defined()) {
    const at::Tensor d_relative = unskew(d_scores);
    d_query = d_query + at::bmm(d_relative, by_distance(tables.key, input.rows.key, count));
    add_table_gradient(at::bmm(d_relative.transpose(1, 2), heads.query), input.rows.key, table_gradients.key);
  }
  if (tables.query.defined()) {
    const at::Tensor d_relative = unskew(d_scores.transpose(1, 2)) * options.scale;
    d_key = d_key + at::bmm(d_relative, by_distance(tables.query, input.rows.query, count));
    add_table_gradient(at::bmm(d_relative.transpose(1, 2), heads.key), input.rows.query, table_gradients.query);
  }
  return {join_heads(d_query * options.scale), join_heads(d_key), join_heads(d_value)};
}

} // namespace sciexam::inline model
