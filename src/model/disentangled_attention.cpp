#include "model/disentangled_attention.hpp"

#include "model/relative_position.hpp"

#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

namespace sciexam {
namespace {

/// [length, heads * head_dim] -> [heads, length, head_dim], a view.
at::Tensor split_heads(const at::Tensor& x, std::int64_t heads) {
  return x.view({x.size(0), heads, -1}).transpose(0, 1);
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

/// The products of each row of x [heads, length, head_dim] with the table rows
/// of all distances, skewed: out[h, i, j] = x[h, i] . table[rows of (i - j)].
at::Tensor relative_scores(const at::Tensor& x, const at::Tensor& table, const at::Tensor& rows) {
  const at::Tensor by_distance = split_heads(table.index_select(0, rows), x.size(0));
  return skew(at::matmul(x, by_distance.transpose(1, 2)));
}

/// Attention of one sequence: q, k, v [length, heads * head_dim] -> the same shape.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const RelativeTables& tables,
                  const DebertaConfig& config) {
  const std::int64_t length = q.size(0), heads = config.num_attention_heads;
  // In float whatever the tensors' type, as the reference does.
  const float terms = 1.0F + static_cast<float>(config.c2p) + static_cast<float>(config.p2c);
  const double scale = 1.0 / static_cast<double>(std::sqrt(static_cast<float>(config.head_dim()) * terms));
  const at::Tensor query = split_heads(q * scale, heads), key = split_heads(k, heads);

  at::Tensor scores = at::matmul(query, key.transpose(1, 2));
  if (tables.key.defined() || tables.query.defined()) {
    // Rows for the distances i - j = length - 1 .. -length; those for j - i are their mirror image.
    std::vector<std::int64_t> rows = relative_rows_by_distance(length, config);
    const auto options = q.options().dtype(at::kLong);
    if (tables.key.defined())
      scores = scores + relative_scores(query, tables.key, at::tensor(rows, options));
    if (tables.query.defined()) {
      // out[j, i] = k[j] . table[row of (i - j)], transposed.
      for (std::int64_t distance = length - 1, at = 0; distance >= -length; --distance, ++at)
        rows[static_cast<std::size_t>(at)] = relative_row(-distance, config);
      scores = scores + relative_scores(key * scale, tables.query, at::tensor(rows, options)).transpose(1, 2);
    }
  }
  const at::Tensor probabilities = at::softmax(scores, -1);
  return at::matmul(probabilities, split_heads(v, heads)).transpose(0, 1).reshape({length, -1});
}

} // namespace

at::Tensor disentangled_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                  const DebertaConfig& config) {
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  const auto attend_to = [&](std::int64_t s) {
    const auto i = static_cast<std::size_t>(s);
    const std::int64_t first = offsets[i], length = offsets[i + 1] - first;
    return attend(q.narrow(0, first, length), k.narrow(0, first, length), v.narrow(0, first, length), tables, config);
  };
  if (at::GradMode::is_enabled()) {
    std::vector<at::Tensor> contexts;
    for (std::int64_t s = 0; s < sequences; ++s)
      contexts.push_back(attend_to(s));
    return at::cat(contexts);
  }
  // Answering: one sequence a thread; inside, LibTorch's operators stay on that thread.
  at::Tensor context = at::empty_like(q);
  at::parallel_for(0, sequences, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_grad; // a thread's own setting
    for (std::int64_t s = begin; s < end; ++s) {
      const auto i = static_cast<std::size_t>(s);
      context.narrow(0, offsets[i], offsets[i + 1] - offsets[i]).copy_(attend_to(s));
    }
  });
  return context;
}

} // namespace sciexam
