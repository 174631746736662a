#include "checkpoint/checkpoint.hpp"

#include "checkpoint/pytorch_bin.hpp"
#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "support/files/file_kind.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

/// Several files that together hold one model, read one after the other.
class ShardedWeights : public WeightSource {
public:
  ShardedWeights(fs::path index, std::vector<std::unique_ptr<WeightSource>> shards)
      : index_(std::move(index)), shards_(std::move(shards)) {
    std::map<std::string, std::string> file_of;
    for (const auto& shard : shards_)
      for (const TensorInfo& tensor : shard->tensors()) {
        const auto [found, fresh] = file_of.emplace(tensor.name, shard->description());
        if (!fresh)
          throw InputError({shard->description()}, "tensor " + tensor.name + " is also in " + found->second,
                           "Take the checkpoint from its source again");
        tensors_.push_back(tensor);
      }
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

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), text.size()) == text;
}

constexpr const char* kWeightFiles = "Give a model.safetensors or a pytorch_model.bin";

/// One file, in the form that its content shows.
std::unique_ptr<WeightSource> open_file(const fs::path& file) {
  bool is_safetensors = false, is_pytorch = false;
  std::optional<FileKind> kind;
  {
    const MappedFile mapped(file);
    const auto bytes = mapped.bytes();
    if (bytes.empty())
      throw InputError({file}, "is empty", "Take the file from its source again");
    is_pytorch = begins_with(bytes, "PK\x03\x04") || is_old_pytorch_form(bytes);
    constexpr std::size_t kJsonAt = 8; // after the header's length
    is_safetensors = bytes.size() > kJsonAt && begins_with(bytes.subspan(kJsonAt), "{");
    constexpr std::size_t kLookedAt = 4096;
    kind = find_file_kind({reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kLookedAt)});
  }
  if (is_pytorch)
    return open_pytorch_bin(file);
  if (is_safetensors)
    return open_safetensors(file);
  if (kind)
    throw InputError({file}, "is " + kind->name, kind->stands_for_file ? kind->remedy : kWeightFiles);
  throw InputError({file}, "is neither a safetensors file nor a checkpoint of PyTorch", kWeightFiles);
}

/// The files that an index names, each once, with the tensors that it puts there.
std::map<std::string, std::vector<std::string>> tensors_by_shard(const JsonView& weight_map) {
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, view] : weight_map.members()) {
    const std::string shard = view.string();
    if (shard.empty() || shard == "." || shard == ".." ||
        shard.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
      view.fail("is " + view.json().dump() + ", not the name of a file beside the index",
                "Take the checkpoint from its source again");
    shards[shard].push_back(tensor);
  }
  if (shards.empty())
    weight_map.fail("names no shard", "Take the checkpoint from its source again");
  return shards;
}

std::unique_ptr<WeightSource> open_sharded(const fs::path& index) {
  const JsonDocument document = JsonDocument::from_file(index);
  const JsonView weight_map = document.root().at("weight_map");
  std::vector<std::unique_ptr<WeightSource>> shards;
  for (const auto& [name, tensors] : tensors_by_shard(weight_map)) {
    const fs::path file = index.parent_path() / name;
    if (!fs::exists(file))
      throw InputError({index}, "names the shard " + name + ", which is not beside it",
                       "Download all files of the checkpoint");
    shards.push_back(open_file(file));
    std::set<std::string_view> stored;
    for (const TensorInfo& tensor : shards.back()->tensors())
      stored.insert(tensor.name);
    for (const std::string& tensor : tensors)
      if (!stored.contains(tensor))
        throw InputError({file}, "lacks tensor " + tensor + ", which " + index.filename().string() + " puts there",
                         "Take the checkpoint from its source again");
  }
  return std::make_unique<ShardedWeights>(index, std::move(shards));
}

bool is_index(const fs::path& file) {
  return file.filename().string().ends_with(".index.json");
}

} // namespace

std::unique_ptr<WeightSource> open_checkpoint(const fs::path& folder_or_file) {
  if (!fs::is_directory(folder_or_file))
    return is_index(folder_or_file) ? open_sharded(folder_or_file) : open_file(folder_or_file);
  for (const char* name :
       {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"})
    if (const fs::path file = folder_or_file / name; fs::exists(file))
      return is_index(file) ? open_sharded(file) : open_file(file);
  throw UsageError(folder_or_file.string() +
                   ": has no weights. Give a folder with model.safetensors or pytorch_model.bin, or one with their "
                   "index and shards");
}

} // namespace sciexam
