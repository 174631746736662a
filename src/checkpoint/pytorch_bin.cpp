#include "checkpoint/pytorch_bin.hpp"

#include "checkpoint/legacy_pytorch_bin.hpp"
#include "checkpoint/state_dict.hpp"
#include "checkpoint/zip_directory.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"

namespace sciexam::inline checkpoint {
namespace {

constexpr std::string_view kPickleName = "/data.pkl";

/// The content of a small stored entry.
std::string_view stored_text(std::span<const std::byte> bytes, const ZipEntry& entry,
                             const std::filesystem::path& file) {
  if (!entry.stored)
    throw InputError({file}, "is a compressed zip file", std::string(kUncompressed));
  const auto part = bytes.subspan(entry.offset, entry.size);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

/// The folder inside the zip that holds data.pkl.
std::string archive_prefix(const std::map<std::string, ZipEntry>& entries, const std::filesystem::path& file) {
  for (const auto& [name, entry] : entries)
    if (name.ends_with(kPickleName) && name.find('/') == name.size() - kPickleName.size())
      return name.substr(0, name.size() - kPickleName.size());
  throw InputError({file}, "is a zip file, but not one of torch.save: it has no data.pkl",
                   "Give a pytorch_model.bin or a model.safetensors");
}

Storages zip_storages(const std::map<std::string, ZipEntry>& entries, const std::string& archive) {
  Storages storages{archive + "/data/"};
  for (const auto& [name, entry] : entries)
    if (name.starts_with(storages.prefix))
      storages.by_key.emplace(name.substr(storages.prefix.size()),
                              StoragePlace{entry.offset, entry.size, !entry.stored});
  return storages;
}

StateDict read_zip(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  const auto entries = read_zip_directory(bytes, file);
  const std::string prefix = archive_prefix(entries, file);
  if (const auto order = entries.find(prefix + "/byteorder");
      order != entries.end() && stored_text(bytes, order->second, file) != "little")
    throw InputError({file}, "was saved on a big-endian machine", "Save it again on a little-endian one");
  const std::string_view text = stored_text(bytes, entries.at(prefix + std::string(kPickleName)), file);
  const Pickle pickle(std::as_bytes(std::span(text)), file, state_dict_globals());
  return read_state_dict(pickle.root(), zip_storages(entries, prefix), file);
}

/// What to report about a state dict that was found among other things.
void add_notes(const StateDict& dict, WeightSource& source) {
  if (dict.unused.empty())
    return;
  std::string others;
  for (const std::string& key : dict.unused)
    others += (others.empty() ? "" : ", ") + key;
  source.add_note("the weights are those under \"" + dict.key + "\"; not used: " + others);
}

} // namespace

std::unique_ptr<WeightSource> open_pytorch_bin(const std::filesystem::path& file) {
  MappedFile mapped(file);
  const auto bytes = mapped.bytes();
  StateDict dict = is_legacy_pytorch_bin(bytes) ? read_legacy_pytorch_bin(bytes, file) : read_zip(bytes, file);
  auto source = std::make_unique<MappedWeights>(std::move(mapped), std::move(dict.tensors), std::move(dict.places));
  add_notes(dict, *source);
  return source;
}

} // namespace sciexam::inline checkpoint
