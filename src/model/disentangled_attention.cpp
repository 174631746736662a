#include "model/disentangled_attention.hpp"

#include "model/sequence_attention.hpp"

#include <algorithm>
#include <map>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sciexam::inline model {
namespace {

/// What the backward pass needs besides tensors.
struct AttentionCall : torch::CustomClassHolder {
  std::vector<std::int64_t> offsets;
  DebertaConfig config;
  AttentionOptions options;
  std::int64_t first_row = 0;
};

struct HeadRange {
  std::int64_t first = 0, count = 0;
};

/// The inputs of every sequence, as views of the packed tensors.
class Sequences {
public:
  Sequences(const AttentionCall& call, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
            const RelativeTables& tables)
      : call_(call), q_(q), k_(k), v_(v), tables_(tables) {
    const bool relative = tables.key.defined() || tables.query.defined();
    std::uint64_t mask_element = 0;
    for (std::int64_t s = 0; s < size(); ++s) {
      const std::int64_t length = this->length(s);
      if (relative && !rows_.contains(length))
        rows_.emplace(length, distance_rows(length, call.first_row, call.config, q.device()));
      first_mask_elements_.push_back(mask_element);
      const auto elements = static_cast<std::uint64_t>(heads() * length * length);
      mask_element += (elements + kWordsInGroup - 1) / kWordsInGroup * kWordsInGroup;
    }
  }

  std::int64_t size() const { return static_cast<std::int64_t>(call_.offsets.size()) - 1; }
  std::int64_t length(std::int64_t s) const { return offset(s + 1) - offset(s); }

  /// All heads, in the order in which they are taken. On a GPU launches cost more than memory: all at once.
  std::vector<HeadRange> head_ranges(std::int64_t s) const {
    const std::int64_t at_once = q_.is_cpu() ? heads_at_once(length(s), heads()) : heads();
    std::vector<HeadRange> ranges;
    for (std::int64_t head = 0; head < heads(); head += at_once)
      ranges.push_back({head, std::min(at_once, heads() - head)});
    return ranges;
  }
  /// The columns of some heads in a tensor [tokens or rows, heads * head_dim]; undefined stays so.
  at::Tensor part(const at::Tensor& x, const HeadRange& range) const {
    const std::int64_t head_dim = q_.size(1) / heads();
    return x.defined() ? x.narrow(1, range.first * head_dim, range.count * head_dim) : x;
  }
  at::Tensor part(const at::Tensor& packed, std::int64_t s, const HeadRange& range) const {
    return part(packed.narrow(0, offset(s), length(s)), range);
  }
  RelativeTables part(const RelativeTables& tables, const HeadRange& range) const {
    return {part(tables.key, range), part(tables.query, range), tables.first_row};
  }
  SequenceInput input(std::int64_t s, const HeadRange& range) const {
    const auto rows = rows_.find(length(s));
    const auto before = static_cast<std::uint64_t>(range.first * length(s) * length(s));
    return {range.count,
            part(q_, s, range),
            part(k_, s, range),
            part(v_, s, range),
            part(tables_, range),
            rows == rows_.end() ? DistanceRows{} : rows->second,
            first_mask_elements_[static_cast<std::size_t>(s)] + before};
  }

private:
  std::int64_t heads() const { return call_.options.num_attention_heads; }
  std::int64_t offset(std::int64_t s) const { return call_.offsets[static_cast<std::size_t>(s)]; }

  const AttentionCall& call_;
  at::Tensor q_, k_, v_;
  RelativeTables tables_;
  std::map<std::int64_t, DistanceRows> rows_;
  std::vector<std::uint64_t> first_mask_elements_;
};

/// Forward pass without gradients. On the CPU each thread takes a sequence at a time, and LibTorch's operators stay on
/// that thread. A GPU is driven by one thread: its dropout masks come from one generator.
at::Tensor attend_packed(const Sequences& sequences, const at::Tensor& q, const AttentionOptions& options) {
  at::Tensor context = at::empty_like(q);
  // At least two tasks, so that even a single sequence runs on one of several threads, with the same bits.
  const std::int64_t tasks = std::max<std::int64_t>(2, sequences.size());
  at::parallel_for(0, tasks, q.is_cpu() ? 1 : tasks, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_grad; // per thread
    for (std::int64_t s = begin; s < std::min(end, sequences.size()); ++s)
      for (const HeadRange& heads : sequences.head_ranges(s))
        if (options.stop == nullptr || !(*options.stop)())
          sequences.part(context, s, heads).copy_(attend(sequences.input(s, heads), options));
  });
  return context;
}

RelativeTables zeros_like(const RelativeTables& tables) {
  return {tables.key.defined() ? at::zeros_like(tables.key) : at::Tensor(),
          tables.query.defined() ? at::zeros_like(tables.query) : at::Tensor(), tables.first_row};
}

/// The gradients of packed q, k and v and of the tables. Threads take consecutive sequences that amount to about the
/// same work; each accumulates the tables' gradients separately, and these are summed in order.
torch::autograd::variable_list attend_packed_backward(const Sequences& sequences, const at::Tensor& q,
                                                      const RelativeTables& tables, const AttentionOptions& options,
                                                      const at::Tensor& gradient) {
  at::Tensor d_q = at::empty_like(q), d_k = at::empty_like(q), d_v = at::empty_like(q);
  const std::int64_t groups = q.is_cpu() ? std::clamp<std::int64_t>(at::get_num_threads(), 1, sequences.size()) : 1;
  std::int64_t work = 0;
  std::vector<std::int64_t> first{0};
  for (std::int64_t s = 0; s < sequences.size(); ++s)
    work += sequences.length(s) * sequences.length(s);
  for (std::int64_t s = 0, done = 0; s < sequences.size(); ++s) {
    done += sequences.length(s) * sequences.length(s);
    if (done * groups >= work * static_cast<std::int64_t>(first.size()))
      first.push_back(s + 1);
  }
  first.resize(static_cast<std::size_t>(groups), sequences.size());
  first.push_back(sequences.size());

  std::vector<RelativeTables> partial;
  for (std::int64_t group = 0; group < groups; ++group)
    partial.push_back(zeros_like(tables));
  at::parallel_for(0, groups, 1, [&](std::int64_t begin, std::int64_t end) {
    const at::NoGradGuard no_grad;
    for (auto group = static_cast<std::size_t>(begin); group < static_cast<std::size_t>(end); ++group)
      for (std::int64_t s = first[group]; s < first[group + 1]; ++s)
        for (const HeadRange& heads : sequences.head_ranges(s)) {
          const SequenceGradients own =
              attend_backward(sequences.input(s, heads), options, sequences.part(gradient, s, heads),
                              sequences.part(partial[group], heads));
          sequences.part(d_q, s, heads).copy_(own.q);
          sequences.part(d_k, s, heads).copy_(own.k);
          sequences.part(d_v, s, heads).copy_(own.v);
        }
  });
  for (std::size_t group = 1; group < partial.size(); ++group) {
    if (tables.key.defined())
      partial[0].key.add_(partial[group].key);
    if (tables.query.defined())
      partial[0].query.add_(partial[group].query);
  }
  return {d_q, d_k, d_v, partial[0].key, partial[0].query, at::Tensor()};
}

/// Custom functions take only defined tensors: an absent one is passed as an empty one.
at::Tensor or_empty(const at::Tensor& tensor, const at::Tensor& like) {
  return tensor.defined() ? tensor : at::empty({0}, like.options());
}

RelativeTables tables_from(const at::Tensor& key, const at::Tensor& query, std::int64_t first_row) {
  const auto or_absent = [](const at::Tensor& tensor) { return tensor.numel() == 0 ? at::Tensor() : tensor; };
  return {or_absent(key), or_absent(query), first_row};
}

class AttentionFunction : public torch::autograd::Function<AttentionFunction> {
public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& q, const at::Tensor& k,
                            const at::Tensor& v, const at::Tensor& key_table, const at::Tensor& query_table,
                            const c10::intrusive_ptr<AttentionCall>& call) {
    context->save_for_backward({q, k, v, key_table, query_table});
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    const RelativeTables tables = tables_from(key_table, query_table, call->first_row);
    return attend_packed(Sequences(*call, q, k, v, tables), q, call->options);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto capsule = context->saved_data["call"].toCapsule();
    const auto& call = static_cast<const AttentionCall&>(*capsule);
    const RelativeTables tables = tables_from(saved[3], saved[4], call.first_row);
    return attend_packed_backward(Sequences(call, saved[0], saved[1], saved[2], tables), saved[0], tables, call.options,
                                  gradients[0].contiguous());
  }
};

bool needs_gradient(std::initializer_list<at::Tensor> tensors) {
  return at::GradMode::is_enabled() && std::any_of(tensors.begin(), tensors.end(), [](const at::Tensor& tensor) {
           return tensor.defined() && tensor.requires_grad();
         });
}

} // namespace

std::int64_t heads_at_once(std::int64_t length, std::int64_t heads) {
  constexpr std::int64_t kElements = std::int64_t{1} << 18; // 1 MiB of f32
  return std::clamp<std::int64_t>(kElements / std::max<std::int64_t>(1, 2 * length * length), 1, heads);
}

at::Tensor disentangled_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                  const DebertaConfig& config, const AttentionOptions& options) {
  const auto call = c10::make_intrusive<AttentionCall>();
  call->offsets = offsets;
  call->config = config;
  call->options = options;
  call->first_row = tables.first_row;
  if (needs_gradient({q, k, v, tables.key, tables.query}))
    return AttentionFunction::apply(q, k, v, or_empty(tables.key, q), or_empty(tables.query, q), call);
  return attend_packed(Sequences(*call, q, k, v, tables), q, options);
}

at::Tensor disentangled_attention_reference(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                            const RelativeTables& tables, const std::vector<std::int64_t>& offsets,
                                            const DebertaConfig& config, const AttentionOptions& options) {
  AttentionCall call;
  call.offsets = offsets;
  call.config = config;
  call.options = options;
  call.first_row = tables.first_row;
  const Sequences sequences(call, q, k, v, tables);
  std::vector<at::Tensor> contexts;
  for (std::int64_t s = 0; s < sequences.size(); ++s)
    contexts.push_back(attend(sequences.input(s, {0, options.num_attention_heads}), options));
  return at::cat(contexts);
}

} // namespace sciexam::inline model
