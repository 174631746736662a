#include "train/engine/initial_weights.hpp"

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/layer_choice.hpp"
#include "model/weights.hpp"
#include "support/messages/progress.hpp"
#include "support/random.hpp"
#include "support/text/counted.hpp"

#include <ATen/core/grad_mode.h>

namespace sciexam::inline train {
namespace {

constexpr std::uint32_t kWeightsPlace = 0xF0000002; // apart from the streams of dropout and order

void fill_normal(const at::Tensor& tensor, double deviation, const RandomStream& stream) {
  RandomSequence random(stream);
  const at::Tensor values = tensor.detach().cpu();
  auto* value = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    value[i] = static_cast<float>(deviation * random.normal());
  tensor.copy_(values);
}

} // namespace

void initialise_weights(const DebertaForMultipleChoice& network, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  std::uint32_t number = 0;
  for (const auto& [name, tensor] : network.parameters()) {
    const RandomStream stream{seed, {kWeightsPlace, number++, 0}};
    if (name.find("LayerNorm.weight") != std::string::npos)
      tensor.fill_(1);
    else if (name.ends_with(".bias"))
      tensor.zero_();
    else
      fill_normal(tensor, network.config().initializer_range, stream);
    if (name == "deberta.embeddings.word_embeddings.weight")
      tensor[0].zero_(); // [PAD]
  }
}

void load_base_weights(DebertaForMultipleChoice& network, const std::filesystem::path& checkpoint,
                       const std::vector<std::int64_t>& layers, int threads) {
  auto source = open_checkpoint(checkpoint);
  if (!layers.empty())
    source = with_layers(std::move(source), layers);
  const Match match = match_parameters(parameters_of(network.config()), *source, Purpose::training_start);
  for (const std::string& note : source->notes())
    log_line(checkpoint.string() + ": " + note);
  if (!match.note.empty())
    log_line(checkpoint.string() + ": " + match.note);
  if (!match.missing.empty())
    log_line(checkpoint.string() + ": has no head (" + match.missing.front() +
             ", ...): it starts fresh, from the seed");
  const std::vector<std::string> extra = load_weights(network, *source, Purpose::training_start, threads);
  if (!extra.empty())
    log_line(checkpoint.string() + ": " + counted(extra.size(), "tensor") +
             " unknown to the network left out, for example " + extra.front());
}

} // namespace sciexam::inline train
