#include "checkpoint/checkpoint.hpp"

#include "checkpoint/file_form.hpp"
#include "checkpoint/pytorch_bin.hpp"
#include "checkpoint/safetensors.hpp"
#include "checkpoint/weight_files.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"

#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {
namespace {

namespace fs = std::filesystem;

/// Several files that together hold one model, read one after the other.
class ShardedWeights : public WeightSource {
public:
  ShardedWeights(fs::path index, std::vector<std::unique_ptr<WeightSource>> shards)
      : index_(std::move(index)), shards_(std::move(shards)) {
    std::map<std::string, std::string> file_of;
    for (const auto& shard : shards_) {
      for (const std::string& note : shard->notes())
        add_note(note);
      for (const TensorInfo& tensor : shard->tensors()) {
        const auto [found, fresh] = file_of.emplace(tensor.name, shard->description());
        if (!fresh)
          throw InputError({shard->description()}, "tensor " + tensor.name + " is also in " + found->second,
                           "Get the checkpoint from its source again");
        tensors_.push_back(tensor);
      }
    }
  }

  /// Names of the shards' files.
  std::vector<std::string> shard_names() const {
    std::vector<std::string> names;
    for (const auto& shard : shards_)
      names.push_back(fs::path(shard->description()).filename().string());
    return names;
  }

  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  std::string description() const override { return index_.string(); }
  void read(const std::function<bool(const TensorInfo&)>& wanted, const std::function<void(const TensorChunk&)>& sink,
            int threads) override {
    for (const auto& shard : shards_)
      shard->read(wanted, sink, threads);
  }

private:
  fs::path index_;
  std::vector<std::unique_ptr<WeightSource>> shards_;
  std::vector<TensorInfo> tensors_;
};

std::unique_ptr<WeightSource> open_file(const fs::path& file) {
  const FileForm form = recognise_form(MappedFile(file).bytes(), file);
  return form == FileForm::pytorch ? open_pytorch_bin(file) : open_safetensors(file);
}

/// The files that an index names, each once, with the tensors that it puts there.
std::map<std::string, std::vector<std::string>> tensors_by_shard(const JsonView& weight_map) {
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, view] : weight_map.members()) {
    const std::string shard = view.string();
    if (shard.empty() || shard == "." || shard == ".." ||
        shard.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
      view.fail("is " + view.json().dump() + ", not the name of a file beside the index",
                "Get the checkpoint from its source again");
    shards[shard].push_back(tensor);
  }
  if (shards.empty())
    weight_map.fail("names no shard", "Get the checkpoint from its source again");
  return shards;
}

/// One shard, in which all `tensors` must be.
std::unique_ptr<WeightSource> open_shard(const fs::path& index, const std::string& name,
                                         const std::vector<std::string>& tensors) {
  const fs::path file = index.parent_path() / name;
  if (!fs::exists(file))
    throw InputError({index}, "names the shard " + name + ", which is not beside it",
                     "Download all files of the checkpoint");
  auto shard = open_file(file);
  std::set<std::string_view> stored;
  for (const TensorInfo& tensor : shard->tensors())
    stored.insert(tensor.name);
  for (const std::string& tensor : tensors)
    if (!stored.contains(tensor))
      throw InputError({file}, "lacks tensor " + tensor + ", which " + index.filename().string() + " puts there",
                       "Get the checkpoint from its source again");
  return shard;
}

std::unique_ptr<ShardedWeights> open_sharded(const fs::path& index) {
  const JsonDocument document = JsonDocument::from_file(index);
  const JsonView weight_map = document.root().at("weight_map");
  std::vector<std::unique_ptr<WeightSource>> shards;
  for (const auto& [name, tensors] : tensors_by_shard(weight_map))
    shards.push_back(open_shard(index, name, tensors));
  return std::make_unique<ShardedWeights>(index, std::move(shards));
}

std::unique_ptr<WeightSource> open_folder(const fs::path& folder) {
  const WeightFiles files = find_weight_files(folder);
  std::unique_ptr<WeightSource> source;
  std::vector<std::string> shards;
  if (is_shard_index(files.chosen)) {
    auto sharded = open_sharded(files.chosen);
    shards = sharded->shard_names();
    source = std::move(sharded);
  } else {
    source = open_file(files.chosen);
  }
  if (std::string note = describe_unused(files, shards); !note.empty())
    source->add_note(std::move(note));
  return source;
}

} // namespace

std::unique_ptr<WeightSource> open_checkpoint(const fs::path& folder_or_file) {
  if (fs::is_directory(folder_or_file))
    return open_folder(folder_or_file);
  if (is_shard_index(folder_or_file))
    return open_sharded(folder_or_file);
  return open_file(folder_or_file);
}

} // namespace sciexam::inline checkpoint
