#include "package/manifest.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace sciexam::inline package {
namespace {

constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 40;
constexpr std::int64_t kMaxSmallFileBytes = std::int64_t{1} << 28; // the vocabulary, a configuration
constexpr std::int64_t kMaxWeight = 1'000'000;
constexpr std::string_view kWeightsSuffix = ".safetensors.zst";
constexpr std::string_view kIdentityKey = "manifest_sha256";
constexpr const char* kRemedy = "Pack the models again";

std::uint64_t parse_size(const JsonView& view) {
  return static_cast<std::uint64_t>(view.integer(0, kMaxFileBytes));
}

std::string parse_file_name(const JsonView& view) {
  const std::string name = view.string();
  if (!is_plain_file_name(name))
    view.fail("is not a plain file name", "A package's files lie directly in its folder. Do not use this package");
  return name;
}

FileRecord parse_file(const JsonView& view) {
  view.allow_only({"file", "size", "sha256"});
  return {parse_file_name(view.at("file")), static_cast<std::uint64_t>(view.at("size").integer(0, kMaxSmallFileBytes)),
          view.at("sha256").sha256(kRemedy)};
}

Frame parse_frame(const JsonView& view) {
  view.allow_only({"offset", "size", "raw_offset", "raw_size", "sha256", "raw_sha256"});
  Frame frame;
  frame.offset = parse_size(view.at("offset"));
  frame.size = parse_size(view.at("size"));
  frame.raw_offset = parse_size(view.at("raw_offset"));
  frame.raw_size = parse_size(view.at("raw_size"));
  frame.sha256 = view.at("sha256").sha256(kRemedy);
  frame.raw_sha256 = view.at("raw_sha256").sha256(kRemedy);
  if (frame.raw_size == 0 || frame.raw_size > kMaxFrameBytes)
    view.fail("holds " + counted(frame.raw_size, "plain byte") + "; a frame holds 1 to " +
                  std::to_string(kMaxFrameBytes),
              kRemedy);
  if (frame.size == 0 || frame.size > compressed_bound(frame.raw_size))
    view.fail("is " + counted(frame.size, "byte") + " long, which is impossible for its content", kRemedy);
  return frame;
}

/// The frames and the seek table must lie side by side and fill both files.
void check_extents(const FramedFile& content, const JsonView& view) {
  std::uint64_t offset = 0, raw_offset = 0;
  for (std::size_t i = 0; i < content.frames.size(); ++i) {
    const Frame& frame = content.frames[i];
    if (frame.offset != offset || frame.raw_offset != raw_offset)
      view.at("frames").at(i).fail("does not begin where the frame before it ends", kRemedy);
    offset += frame.size; // cannot overflow: a frame has less than 2^25 bytes
    raw_offset += frame.raw_size;
  }
  if (content.seek_table.size != seek_table_bytes(content.frames.size()))
    view.at("seek_table").fail("does not have the length of a table of that many frames", kRemedy);
  if (content.seek_table.offset != offset || offset + content.seek_table.size != content.size)
    view.at("seek_table").fail("does not lie between the last frame and the end of the file", kRemedy);
  if (raw_offset != content.raw_size)
    view.at("raw_size").fail("is not the sum of the frames' plain bytes", kRemedy);
}

WeightsRecord parse_weights(const JsonView& view) {
  view.allow_only({"file", "size", "sha256", "raw_size", "raw_sha256", "frames", "seek_table"});
  WeightsRecord weights;
  weights.name = parse_file_name(view.at("file"));
  if (!weights.name.ends_with(kWeightsSuffix) || weights.name.size() == kWeightsSuffix.size())
    view.at("file").fail("does not end with " + std::string(kWeightsSuffix), kRemedy);
  FramedFile& content = weights.content;
  content.size = parse_size(view.at("size"));
  content.sha256 = view.at("sha256").sha256(kRemedy);
  content.raw_size = parse_size(view.at("raw_size"));
  content.raw_sha256 = view.at("raw_sha256").sha256(kRemedy);
  const JsonView frames = view.at("frames");
  if (frames.size() == 0)
    frames.fail("is empty", kRemedy);
  for (std::size_t i = 0; i < frames.size(); ++i)
    content.frames.push_back(parse_frame(frames.at(i)));
  const JsonView table = view.at("seek_table");
  table.allow_only({"offset", "size", "sha256"});
  content.seek_table = {parse_size(table.at("offset")), parse_size(table.at("size")),
                        table.at("sha256").sha256(kRemedy)};
  check_extents(content, view);
  return weights;
}

std::vector<Probe> parse_probe(const JsonView& view) {
  std::vector<Probe> probes;
  for (std::size_t i = 0; i < view.size(); ++i) {
    const JsonView entry = view.at(i);
    entry.allow_only({"ids", "logit"});
    const JsonView ids = entry.at("ids");
    Probe probe;
    for (std::size_t j = 0; j < ids.size(); ++j)
      probe.ids.push_back(static_cast<std::int32_t>(ids.at(j).integer(0, INT32_MAX)));
    if (probe.ids.empty())
      ids.fail("is empty", kRemedy);
    probe.logit = entry.at("logit").number();
    probes.push_back(std::move(probe));
  }
  return probes;
}

constexpr std::array<std::pair<DType, std::string_view>, 3> kDTypes = {
    {{DType::f16, "f16"}, {DType::f32, "f32"}, {DType::i8, "int8"}}};

DType parse_dtype(const JsonView& view) {
  const std::string name = view.string();
  for (const auto& [dtype, known] : kDTypes)
    if (name == known)
      return dtype;
  view.fail("is \"" + name + "\", not one of \"f16\", \"f32\" and \"int8\"", kRemedy);
}

ModelRecord parse_model(const JsonView& view) {
  view.allow_only({"name", "weights", "dtype", "config", "weight", "training", "probe"});
  ModelRecord model;
  model.name = view.at("name").string();
  model.weights = parse_weights(view.at("weights"));
  model.dtype = parse_dtype(view.at("dtype"));
  model.config = parse_file(view.at("config"));
  model.weight = view.at("weight").number();
  if (model.weight < 0 || model.weight > kMaxWeight)
    view.at("weight").fail("is not between 0 and " + std::to_string(kMaxWeight), kRemedy);
  if (view.has("training") && !view.at("training").json().is_object())
    view.at("training").fail("is neither an object nor null", kRemedy);
  model.training = view.at("training").json();
  model.probe = parse_probe(view.at("probe"));
  return model;
}

/// No two records may mean the same file, but models may share a configuration.
void check_names(const Manifest& manifest, const JsonView& root) {
  std::map<std::string, std::tuple<bool, std::uint64_t, std::string>> taken; // is a configuration, size, sha256
  taken[std::string(kManifestName)] = {false, 0, ""};
  const auto take = [&](const std::string& name, bool is_config, std::uint64_t size, const std::string& sha256) {
    const auto [place, is_new] = taken.try_emplace(name, is_config, size, sha256);
    if (!is_new && !(is_config && place->second == std::tuple(is_config, size, sha256)))
      root.fail("names the file \"" + name + "\" for two contents", kRemedy);
  };
  take(manifest.vocabulary.name, false, 0, "");
  for (const ModelRecord& model : manifest.models) {
    take(model.config.name, true, model.config.size, model.config.sha256);
    take(model.weights.name, false, 0, "");
    take(model.weights.plain_name(), false, 0, "");
  }
}

Manifest parse_content(const JsonView& root) {
  root.allow_only({"format", "version", "title", "created_by", "package_version", "template", "max_length",
                   "retrieval_weight", "vocabulary", "models", kIdentityKey});
  Manifest manifest;
  manifest.title = root.at("title").string();
  manifest.created_by = root.at("created_by").string();
  if (root.has("package_version"))
    manifest.package_version = root.at("package_version").string();
  const std::optional<Template> kind = template_of_name(root.at("template").string());
  if (!kind)
    root.at("template").fail("is neither \"closed_book\" nor \"open_book\"", kRemedy);
  manifest.template_kind = *kind;
  manifest.max_length = static_cast<int>(root.at("max_length").integer(0, kMaxPackageTokens));
  if (manifest.max_length > 0 && manifest.max_length < kMinPackageTokens)
    root.at("max_length").fail("has no room for a sequence's three special tokens", kRemedy);
  if (root.has("retrieval_weight")) {
    manifest.retrieval_weight = root.at("retrieval_weight").number();
    if (!(manifest.retrieval_weight >= 0 && manifest.retrieval_weight <= 1))
      root.at("retrieval_weight").fail("is not a number from 0 to 1", kRemedy);
  }
  manifest.vocabulary = parse_file(root.at("vocabulary"));
  const JsonView models = root.at("models");
  double weights = 0;
  for (std::size_t i = 0; i < models.size(); ++i) {
    manifest.models.push_back(parse_model(models.at(i)));
    weights += manifest.models.back().weight;
  }
  if (weights <= 0)
    models.fail("holds no model with a weight above 0", kRemedy);
  check_names(manifest, root);
  manifest.identity = root.at(kIdentityKey).string();
  return manifest;
}

/// The hash is checked before anything else, in every version of the format.
void check_identity_and_version(const JsonView& root, const std::filesystem::path& file) {
  if (root.at("format").string() != kPackageFormat)
    throw PackageError(file, "is not the manifest of a sciexam package", "Give the folder that sciexam-run pack made");
  if (root.at(kIdentityKey).string() != manifest_identity(root.json()))
    throw PackageError(file, "was damaged or edited: its content does not match its own manifest_sha256",
                       "Upload or copy the package again");
  const std::int64_t version = root.at("version").integer(0, INT32_MAX);
  if (version != kPackageVersion)
    throw PackageError(file,
                       "is of version " + std::to_string(version) + " of the package format; this program knows " +
                           std::to_string(kPackageVersion),
                       "Use the version of the program that packed it, or pack the models again");
}

Json to_json(const FileRecord& file) {
  return {{"file", file.name}, {"size", file.size}, {"sha256", file.sha256}};
}

Json to_json(const WeightsRecord& weights) {
  const FramedFile& content = weights.content;
  Json frames = Json::array();
  for (const Frame& frame : content.frames)
    frames.push_back({{"offset", frame.offset},
                      {"size", frame.size},
                      {"raw_offset", frame.raw_offset},
                      {"raw_size", frame.raw_size},
                      {"sha256", frame.sha256},
                      {"raw_sha256", frame.raw_sha256}});
  const SeekTable& table = content.seek_table;
  return {{"file", weights.name},
          {"size", content.size},
          {"sha256", content.sha256},
          {"raw_size", content.raw_size},
          {"raw_sha256", content.raw_sha256},
          {"frames", std::move(frames)},
          {"seek_table", {{"offset", table.offset}, {"size", table.size}, {"sha256", table.sha256}}}};
}

Json to_json(const ModelRecord& model) {
  Json probe = Json::array();
  for (const Probe& entry : model.probe)
    probe.push_back({{"ids", entry.ids}, {"logit", entry.logit}});
  return {{"name", model.name},
          {"weights", to_json(model.weights)},
          {"dtype",
           std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& known) { return known.first == model.dtype; })
               ->second},
          {"config", to_json(model.config)},
          {"weight", model.weight},
          {"training", model.training},
          {"probe", std::move(probe)}};
}

} // namespace

bool is_plain_file_name(std::string_view name) {
  const auto is_bad = [](char c) { return c == '/' || c == '\\' || (c >= 0 && c < ' ') || c == '\x7f'; };
  return !name.empty() && name.size() <= 255 && name[0] != '.' && std::none_of(name.begin(), name.end(), is_bad) &&
         find_invalid_utf8(name) == std::string_view::npos;
}

std::string manifest_identity(const Json& document) {
  nlohmann::json sorted = document; // std::map underneath: keys in byte order
  if (sorted.is_object())
    sorted.erase(std::string(kIdentityKey));
  const std::string canonical = sorted.dump();
  return sha256_hex(std::as_bytes(std::span(canonical)));
}

Manifest parse_manifest(std::string_view text, const std::filesystem::path& file) {
  try {
    const JsonDocument document(text, file.filename());
    check_identity_and_version(document.root(), file);
    return parse_content(document.root());
  } catch (const InputError& error) {
    throw PackageError(file, "is damaged, or not a package's manifest (" + std::string(error.what()) + ")",
                       "Upload or copy the package again");
  }
}

std::string write_manifest(const Manifest& manifest) {
  Json models = Json::array();
  for (const ModelRecord& model : manifest.models)
    models.push_back(to_json(model));
  Json document = {{"format", kPackageFormat},
                   {"version", kPackageVersion},
                   {"title", manifest.title},
                   {"created_by", manifest.created_by}};
  if (!manifest.package_version.empty())
    document["package_version"] = manifest.package_version;
  document.update({{"template", name_of(manifest.template_kind)},
                   {"max_length", manifest.max_length},
                   {"vocabulary", to_json(manifest.vocabulary)},
                   {"models", std::move(models)}});
  if (manifest.retrieval_weight > 0)
    document["retrieval_weight"] = manifest.retrieval_weight;
  document[std::string(kIdentityKey)] = manifest_identity(document);
  return format_manifest(document);
}

std::string format_manifest(const Json& document) {
  return document.dump(1) + "\n";
}

} // namespace sciexam::inline package
