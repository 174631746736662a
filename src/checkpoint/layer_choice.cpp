#include "checkpoint/layer_choice.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace sciexam::inline checkpoint {
namespace {

/// Where the number of a layer stands in "deberta.encoder.layer.12.output.dense.weight", whatever wrappers put around.
struct LayerNumber {
  std::size_t begin = 0, end = 0;
  std::int64_t number = 0;
};

std::optional<LayerNumber> layer_number(std::string_view name) {
  constexpr std::string_view kLayer = "layer.";
  for (std::size_t at = name.find(kLayer); at != std::string_view::npos; at = name.find(kLayer, at + 1)) {
    LayerNumber found{.begin = at + kLayer.size()};
    const auto [end, error] = std::from_chars(name.data() + found.begin, name.data() + name.size(), found.number);
    found.end = static_cast<std::size_t>(end - name.data());
    if (error == std::errc() && (at == 0 || name[at - 1] == '.') && found.end < name.size() && name[found.end] == '.')
      return found;
  }
  return std::nullopt;
}

class LayerChoice : public WeightSource {
public:
  LayerChoice(std::unique_ptr<WeightSource> source, const std::vector<std::int64_t>& layers)
      : source_(std::move(source)) {
    for (const std::string& note : source_->notes())
      add_note(note);
    std::vector<bool> found(layers.size());
    tensors_.reserve(source_->tensors().size()); // chosen_ points into it
    for (const TensorInfo& tensor : source_->tensors()) {
      TensorInfo own = tensor;
      if (const auto place = layer_number(tensor.name)) {
        const auto layer = std::ranges::find(layers, place->number);
        if (layer == layers.end())
          continue;
        const auto number = static_cast<std::size_t>(layer - layers.begin());
        own.name.replace(place->begin, place->end - place->begin, std::to_string(number));
        found[number] = true;
      }
      tensors_.push_back(std::move(own));
      chosen_.emplace(tensor.name, &tensors_.back());
    }
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (!found[i])
        throw InputError({source_->description()}, "has no layer " + std::to_string(layers[i]),
                         "Correct $.base.initial_weights.layers of the manifest; layers are counted from 0");
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return source_->description(); }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override {
    const auto own = [&](const TensorInfo& tensor) {
      const auto found = chosen_.find(tensor.name);
      return found == chosen_.end() ? nullptr : found->second;
    };
    source_->read([&](const TensorInfo& tensor) { return own(tensor) != nullptr && wanted(*own(tensor)); },
                  [&](const TensorChunk& chunk) {
                    sink({*own(chunk.tensor), chunk.first, chunk.bytes});
                  },
                  threads);
  }

private:
  std::unique_ptr<WeightSource> source_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, const TensorInfo*, std::less<>> chosen_; ///< by the source's names
};

} // namespace

std::unique_ptr<WeightSource> with_layers(std::unique_ptr<WeightSource> source,
                                          const std::vector<std::int64_t>& layers) {
  return std::make_unique<LayerChoice>(std::move(source), layers);
}

} // namespace sciexam::inline checkpoint
