// A package folder, opened for answering: nothing is trusted before its hash matches.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "package/manifest.hpp"
#include "package/package_files.hpp"
#include "package/zstd_frames.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace sciexam::inline package {

class Package {
public:
  /// Reads and checks the manifest alone, so that one damaged model does not
  /// keep the others from answering. Throws PackageError if the
  /// manifest is missing, damaged or of another version.
  static Package open(const std::filesystem::path& folder);
  static Package open(PackageFiles files);

  const Manifest& manifest() const noexcept { return manifest_; }
  TemplateOptions template_options() const { return {manifest_.template_kind, manifest_.max_length}; }
  /// True if the models were trained with a context beside each question.
  bool needs_context() const { return manifest_.template_kind == Template::open_book; }

  /// The bytes of spm.model or tokenizer.json. Throws PackageError if they are not what was packed.
  std::string vocabulary() const;
  /// Model `model`'s config.json. Throws PackageError if it is not what was packed, or not a
  /// configuration that this program knows.
  DebertaConfig config(std::size_t model) const;
  /// The weights of model `model`, from the packed file or, where only that is
  /// there, the plain file that `zstd -d` made of it. Reads the list of tensors
  /// alone. Every frame is checked before a sink sees its data: this and read()
  /// throw PackageError with file, frame and byte range.
  std::unique_ptr<WeightSource> open_model(std::size_t model) const;
  /// Reads the file of model `model` and keeps nothing, so that it is in the system's memory when open_model() reads
  /// it: storage of cloud machines is slow the first time. Ends when `stop` is true. Throws PackageError.
  void read_ahead(std::size_t model, const std::function<bool()>& stop) const;
  /// Bytes of that file.
  std::uint64_t stored_bytes(std::size_t model) const;

private:
  std::pair<PackageFile, FrameReader::Form> open_weights(std::size_t model) const;

  Package(PackageFiles files, Manifest manifest) : files_(std::move(files)), manifest_(std::move(manifest)) {}

  PackageFiles files_;
  Manifest manifest_;
};

/// The bytes of manifest.json, not yet checked. Throws PackageError if it is missing or longer than 64 MiB.
std::string read_manifest_text(const PackageFiles& files);

/// The bytes of a file of the package, whose size and hash match. Throws PackageError.
std::string read_checked(const PackageFiles& files, const FileRecord& record);

} // namespace sciexam::inline package
