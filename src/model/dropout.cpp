#include "model/dropout.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#ifdef SCIEXAM_STOCK_LIBTORCH
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/rand_like.h>
#endif

namespace sciexam::inline model {
namespace {

template <typename T>
void drop_into(const at::Tensor& x, double probability, const RandomStream& stream, std::uint64_t first,
               const at::Tensor& out) {
  const T* in = x.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  constexpr std::int64_t kGroup = kWordsInGroup, kGroupsAtOnce = 512;
  const std::int64_t count = x.numel(), groups = (count + kGroup - 1) / kGroup;
  at::parallel_for(0, groups, kGroupsAtOnce, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t from = begin * kGroup, size = std::min(end * kGroup, count) - from;
    apply_dropout(stream, first + static_cast<std::uint64_t>(from), probability, in + from, to + from,
                  static_cast<std::size_t>(size));
  });
}

#ifdef SCIEXAM_STOCK_LIBTORCH
/// On another device the mask comes from that device's generator, seeded by the place: reproducible there.
at::Tensor drop_on_device(const at::Tensor& x, double probability, const RandomStream& stream, std::uint64_t first) {
  at::Generator generator = at::globalContext().defaultGenerator(x.device());
  const auto words = random_words(stream, static_cast<std::uint32_t>(first / kWordsInGroup));
  generator.set_current_seed(std::uint64_t{words[0]} << 32 | words[1]);
  return x * (at::rand_like(x, x.options().dtype(at::kFloat)) >= probability) / (1 - probability);
}
#endif

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, double probability,
                            const RandomStream& stream) {
    context->saved_data["probability"] = probability;
    context->saved_data["key"] = static_cast<std::int64_t>(stream.key);
    for (std::size_t i = 0; i < stream.counter.size(); ++i)
      context->saved_data[std::to_string(i)] = static_cast<std::int64_t>(stream.counter[i]);
    return drop(x, probability, stream);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    RandomStream stream{static_cast<std::uint64_t>(context->saved_data["key"].toInt()), {}};
    for (std::size_t i = 0; i < stream.counter.size(); ++i)
      stream.counter[i] = static_cast<std::uint32_t>(context->saved_data[std::to_string(i)].toInt());
    // The mask is linear: the gradient goes through it as the values did.
    return {drop(gradients[0], context->saved_data["probability"].toDouble(), stream), at::Tensor(), at::Tensor()};
  }
};

} // namespace

at::Tensor drop(const at::Tensor& x, double probability, const RandomStream& stream, std::uint64_t first) {
#ifdef SCIEXAM_STOCK_LIBTORCH
  if (!x.is_cpu())
    return drop_on_device(x, probability, stream, first);
#endif
  const at::Tensor from = x.contiguous();
  at::Tensor out = at::empty_like(from);
  if (x.scalar_type() == at::kDouble)
    drop_into<double>(from, probability, stream, first, out);
  else
    drop_into<float>(from, probability, stream, first, out);
  return out;
}

RandomStream Dropout::stream(DropoutSite site, std::int64_t layer) const {
  return dropout_stream(seed_, step_, pass_, site, layer);
}

at::Tensor Dropout::operator()(const at::Tensor& x, double probability, DropoutSite site, std::int64_t layer) const {
  return probability > 0 ? DropoutFunction::apply(x, probability, stream(site, layer)) : x;
}

} // namespace sciexam::inline model
