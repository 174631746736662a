#include "package/package.hpp"

#include "package/packed_weights.hpp"
#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <vector>

namespace sciexam::inline package {
namespace {

constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{64} << 20;

std::string read_whole(const PackageFile& file) {
  std::string text(file.size(), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

} // namespace

std::string read_manifest_text(const PackageFiles& files) {
  const PackageFile file = files.open(std::string(kManifestName));
  if (file.size() > kMaxManifestBytes)
    throw PackageError(file.path(), "is " + std::to_string(file.size()) + " bytes long, too long for a manifest",
                       "Upload or copy the package again");
  return read_whole(file);
}

std::string read_checked(const PackageFiles& files, const FileRecord& record) {
  const PackageFile file = files.open(record.name);
  if (file.size() != record.size)
    throw PackageError(file.path(),
                       "is " + counted(file.size(), "byte") + " long, but the manifest says " +
                           std::to_string(record.size),
                       "Upload or copy this file again");
  std::string text = read_whole(file);
  if (sha256_hex(std::as_bytes(std::span(text))) != record.sha256)
    throw PackageError(file.path(), "does not match its sha256 in the manifest", "Upload or copy this file again");
  return text;
}

Package Package::open(const std::filesystem::path& folder) {
  return open(PackageFiles::in_folder(folder));
}

Package Package::open(PackageFiles files) {
  Manifest manifest = parse_manifest(read_manifest_text(files), files.path_of(std::string(kManifestName)));
  return {std::move(files), std::move(manifest)};
}

std::string Package::vocabulary() const {
  return read_checked(files_, manifest_.vocabulary);
}

DebertaConfig Package::config(std::size_t model) const {
  const FileRecord& record = manifest_.models.at(model).config;
  try {
    return parse_deberta_config(JsonDocument(read_checked(files_, record), record.name).root());
  } catch (const InputError& error) {
    throw PackageError(files_.path_of(record.name),
                       "is not a configuration that this program knows (" + std::string(error.what()) + ")",
                       "Use the version of the program that packed it");
  }
}

std::pair<PackageFile, FrameReader::Form> Package::open_weights(std::size_t model) const {
  const WeightsRecord& weights = manifest_.models.at(model).weights;
  if (!files_.has(weights.name))
    if (const std::string plain = files_.find_unpacked(weights.name, weights.plain_name()); !plain.empty())
      return {files_.open(plain), FrameReader::Form::plain};
  return {files_.open(weights.name), FrameReader::Form::compressed};
}

std::unique_ptr<WeightSource> Package::open_model(std::size_t model) const {
  const ModelRecord& record = manifest_.models.at(model);
  auto [file, form] = open_weights(model);
  return open_packed_weights({std::move(file), record.weights.content, form}, record.dtype);
}

void Package::read_ahead(std::size_t model, const std::function<bool()>& stop) const {
  const PackageFile file = open_weights(model).first;
  std::vector<std::byte> block(kFrameBytes);
  for (std::uint64_t offset = 0; offset < file.size() && !stop(); offset += block.size()) {
    block.resize(std::min<std::uint64_t>(kFrameBytes, file.size() - offset));
    file.read(offset, block);
  }
}

std::uint64_t Package::stored_bytes(std::size_t model) const {
  return open_weights(model).first.size();
}

} // namespace sciexam::inline package
