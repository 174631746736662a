// manifest.json: what a package holds, with a hash over everything.
#pragma once

#include "checkpoint/weight_source.hpp"
#include "package/zstd_frames.hpp"
#include "support/text/json.hpp"
#include "tokenizer/question_encoding.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline package {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::string_view kPackageFormat = "sciexam-package";
inline constexpr int kPackageVersion = 1;
inline constexpr int kMinPackageTokens = 3; ///< [CLS] and two [SEP]
inline constexpr int kMaxPackageTokens = 1 << 20;

/// A file of the package's folder. Its name is plain: no folder, no leading dot.
struct FileRecord {
  std::string name;
  std::uint64_t size = 0;
  std::string sha256;
};

/// The packed weights of one model: safetensors as zstd frames. Frame 0 is the
/// safetensors header, the others are tensor data.
struct WeightsRecord {
  std::string name; ///< ends with ".safetensors.zst"
  FramedFile content;

  /// The name that `zstd -d` gives the plain file.
  std::string plain_name() const { return name.substr(0, name.size() - std::string_view(".zst").size()); }
};

/// The logit that the network gave one sequence when the package was made, so
/// that a reader can see whether its machine computes the same.
struct Probe {
  std::vector<std::int32_t> ids; ///< [tokens]
  double logit = 0;              ///< with the packed weights, in f32
};

struct ModelRecord {
  std::string name;
  WeightsRecord weights;
  DType dtype = DType::f16; ///< of every tensor: f16 or f32; i8: of dense layers, others are f16 or f32
  FileRecord config;        ///< Hugging Face's config.json; models may share one
  double weight = 1.0;      ///< in the weighted ensemble, at least 0
  Json training = nullptr;  ///< the training record (an object), or null
  std::vector<Probe> probe; ///< may be empty
};

struct Manifest {
  std::string title;
  std::string created_by;
  std::string package_version; ///< as whoever packed it calls it, e.g. "3" or "2026-11-26"; may be empty
  Template template_kind = Template::closed_book;
  int max_length = 0; ///< tokens of a sequence; 0: nothing is cut
  /// Of a passage index's own ranking beside the models, 0 to 1. See ensemble/answers.hpp.
  double retrieval_weight = 0;
  FileRecord vocabulary; ///< spm.model or tokenizer.json
  std::vector<ModelRecord> models;
  std::string identity; ///< "manifest_sha256": 64 hexadecimal digits that stand for the whole package
};

/// True for a name that a package's file may have: at most 255 bytes of UTF-8
/// without '/', '\' and control characters, not beginning with a dot.
bool is_plain_file_name(std::string_view name);

/// The package's identity: sha256 over the canonical form of the document
/// (keys sorted, no white space, UTF-8) without its member "manifest_sha256".
std::string manifest_identity(const Json& document);

/// Reads manifest.json strictly. Throws PackageError (naming `file`) if it is
/// not a manifest or is of another version, if its identity does not match its content,
/// or if the files' extents and names contradict each other.
Manifest parse_manifest(std::string_view text, const std::filesystem::path& file);

/// The text of manifest.json. The identity is computed; the one in `manifest` is ignored.
std::string write_manifest(const Manifest& manifest);

/// The same document as write_manifest() lays it out. A text with this content
/// in another layout was changed on the way.
std::string format_manifest(const Json& document);

} // namespace sciexam::inline package
