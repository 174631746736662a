#include "package/pack.hpp"

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/safetensors.hpp"
#include "package/package.hpp"
#include "package/packed_weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <set>

namespace sciexam::inline package {
namespace {

std::string weights_name(std::size_t model) {
  return "run_" + std::to_string(model) + ".safetensors.zst";
}

/// A checkpoint that has passed the checks.
struct Checkpoint {
  std::string config_text;
  DebertaConfig config;
  std::unique_ptr<WeightSource> weights;
  std::vector<TensorInfo> parameters; // as they will be packed
  Match match;
  Json training;
};

Json read_training_record(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "training.json";
  if (!std::filesystem::exists(file))
    return nullptr;
  const JsonDocument document = JsonDocument::from_file(file);
  if (!document.root().json().is_object())
    document.root().fail("is not an object", "Write the training record as an object, or remove the file");
  return document.root().json();
}

Checkpoint open_for_packing(const PackModel& model, DType dtype) {
  Checkpoint checkpoint;
  checkpoint.weights = open_checkpoint(model.folder); // first: it says what a folder without config.json is
  const std::filesystem::path config = model.folder / "config.json";
  checkpoint.config_text = read_text_file(config);
  checkpoint.config = parse_deberta_config(JsonDocument(checkpoint.config_text, config).root());
  checkpoint.parameters = parameters_of(checkpoint.config);
  checkpoint.match = match_parameters(checkpoint.parameters, *checkpoint.weights, Purpose::answering);
  for (TensorInfo& parameter : checkpoint.parameters)
    parameter.dtype = dtype == DType::i8 ? DType::f16 : dtype; // which of them become int8 is not known yet
  checkpoint.training = read_training_record(model.folder);
  return checkpoint;
}

void check_text(const std::string& text, const char* what) {
  if (find_invalid_utf8(text) != std::string::npos)
    throw UsageError(std::string(what) + " is not valid UTF-8. Choose another one");
}

void check_request(const PackRequest& request) {
  if (request.dtype != DType::f16 && request.dtype != DType::f32 && !(request.dtype == DType::i8 && request.quantize))
    throw InternalError("weights can be packed as f16, as f32 or, where the request quantizes, as int8");
  if (request.models.empty())
    throw UsageError("there is no model to pack. Name at least one checkpoint folder");
  check_text(request.title, "the package's title");
  check_text(request.package_version, "the package's version");
  double weights = 0;
  for (const PackModel& model : request.models) {
    check_text(model.name, "a model's name");
    if (!std::isfinite(model.weight) || model.weight < 0)
      throw UsageError("the weight of model " + model.name + " is not a number of 0 or more. Give one");
    weights += model.weight;
  }
  const int max_length = request.template_options.max_length;
  if (max_length != 0 && (max_length < kMinPackageTokens || max_length > kMaxPackageTokens))
    throw UsageError("the longest sequence is " + counted(max_length, "token") + ". Give 0 (no limit), or " +
                     std::to_string(kMinPackageTokens) + " to " + std::to_string(kMaxPackageTokens));
  if (weights <= 0)
    throw UsageError("all models have weight 0. Give at least one of them a greater one");
}

/// "a, b, c and 4 more".
std::string list(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? text + " and " + std::to_string(names.size() - kShown) + " more" : text;
}

void note_leftovers(const PackRequest& request, const PackModel& model, const Checkpoint& checkpoint) {
  if (!request.note)
    return;
  for (const std::string& note : checkpoint.weights->notes())
    request.note(model.folder.string() + ": " + note);
  if (!checkpoint.match.note.empty())
    request.note(model.folder.string() + ": " + checkpoint.match.note);
  if (!checkpoint.match.extra.empty())
    request.note(model.folder.string() +
                 ": tensors that the network does not have are left out: " + list(checkpoint.match.extra));
  if (!checkpoint.config.unknown_keys.empty())
    request.note((model.folder / "config.json").string() +
                 ": settings that sciexam does not know have no effect: " + list(checkpoint.config.unknown_keys));
}

/// The file names of the existing package, some of which the new one may lack.
std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure))
    throw UsageError(folder.string() + ": cannot be created. Name another folder for the package");
  if (std::filesystem::is_empty(folder, failure))
    return {};
  const char* remedy = "Empty it, or name another folder for the package";
  if (!std::filesystem::exists(folder / kManifestName, failure))
    throw UsageError(folder.string() + ": is not empty and holds no package. " + remedy);
  try {
    const Package old = Package::open(folder);
    std::set<std::string> names{old.manifest().vocabulary.name};
    for (const ModelRecord& model : old.manifest().models)
      names.insert({model.config.name, model.weights.name, model.weights.plain_name()});
    return names;
  } catch (const PackageError& error) {
    throw UsageError(folder.string() + ": holds a damaged package. " + remedy + " (" + error.what() + ")");
  }
}

/// Converts a chunk into its place among the elements of the packed tensor. Throws InputError.
void convert_chunk(const TensorChunk& chunk, DType dtype, const std::filesystem::path& source,
                   std::span<std::byte> out) {
  if (dtype == DType::i8) {
    std::copy(chunk.bytes.begin(), chunk.bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(chunk.first));
    return;
  }
  const std::size_t count = chunk.bytes.size() / size_of(chunk.tensor.dtype);
  std::vector<float> values(count), rounded(count);
  convert_to_f32(chunk.tensor.dtype, chunk.bytes, values);
  const std::span<std::byte> place = out.subspan(chunk.first * size_of(dtype), count * size_of(dtype));
  convert_from_f32(dtype, values, place);
  convert_to_f32(dtype, place, rounded);
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(rounded[i]))
      continue;
    const std::string where = "tensor " + chunk.tensor.name + " holds " + std::to_string(values[i]) + " at element " +
                              std::to_string(chunk.first + i);
    if (std::isfinite(values[i]))
      throw InputError({source}, where + ", which f16 cannot hold", "Pack with f32 weights");
    throw InputError({source}, where + ", which no network can use",
                     "Use a checkpoint from a training run that did not diverge");
  }
}

std::vector<std::byte> read_tensor(Checkpoint& checkpoint, const TensorInfo& parameter, int threads) {
  std::vector<std::byte> bytes(parameter.bytes());
  const std::string& stored = checkpoint.match.stored_name.at(parameter.name);
  const std::filesystem::path source = checkpoint.weights->description();
  checkpoint.weights->read([&](const TensorInfo& tensor) { return tensor.name == stored; },
                           [&](const TensorChunk& chunk) { convert_chunk(chunk, parameter.dtype, source, bytes); },
                           threads);
  return bytes;
}

FramedFile write_weights(Checkpoint& checkpoint, FrameWriter& writer, int threads) {
  const std::string header = safetensors_header(checkpoint.parameters, {{"format", "pt"}});
  if (header.size() > kMaxFrameBytes)
    throw InternalError("the header of the packed weights does not fit into a frame");
  writer.add(std::as_bytes(std::span(header)));
  writer.end_frame();
  for (const TensorInfo& parameter : checkpoint.parameters)
    writer.add(read_tensor(checkpoint, parameter, threads));
  return writer.finish();
}

std::vector<Probe> compute_probe(const PackRequest& request, const PackModel& model, const Checkpoint& checkpoint,
                                 const FrameWriter& writer, const FramedFile& content) {
  if (!request.probe)
    return {};
  FrameReader reader(PackageFile(writer.temporary()), content, FrameReader::Form::compressed);
  std::vector<Probe> probe = request.probe(checkpoint.config, *open_packed_weights(std::move(reader), request.dtype));
  for (const Probe& sequence : probe)
    if (!std::isfinite(sequence.logit))
      throw InputError({model.folder}, "gives a logit that is not a finite number",
                       "Use a checkpoint from a training run that did not diverge");
  return probe;
}

/// Replaces the checkpoint's weights by their int8 form.
void quantize_checkpoint(const PackRequest& request, const PackModel& model, Checkpoint& checkpoint) {
  checkpoint.weights = request.quantize(model, checkpoint.config, *checkpoint.weights);
  checkpoint.parameters = checkpoint.weights->tensors();
  for (const TensorInfo& tensor : checkpoint.parameters)
    checkpoint.match.stored_name[tensor.name] = tensor.name;
}

ModelRecord pack_model(const PackRequest& request, std::size_t index, Checkpoint& checkpoint, FrameWriter& writer) {
  const PackModel& model = request.models[index];
  if (request.dtype == DType::i8)
    quantize_checkpoint(request, model, checkpoint);
  ModelRecord record;
  record.name = model.name;
  record.weights = {weights_name(index), write_weights(checkpoint, writer, request.threads)};
  record.dtype = request.dtype;
  record.weight = model.weight;
  record.training = checkpoint.training;
  checkpoint.weights.reset(); // what it holds is in the file now
  record.probe = compute_probe(request, model, checkpoint, writer, record.weights.content);
  return record;
}

/// A small file, complete under its temporary name.
FileRecord stage(std::deque<AtomicFile>& staged, const std::filesystem::path& folder, const std::string& name,
                 std::string_view text) {
  staged.emplace_back(folder / name).write(text);
  return {name, text.size(), sha256_hex(std::as_bytes(std::span(text)))};
}

/// One configuration file for all models if their configurations are the same, else one each.
void stage_configs(std::deque<AtomicFile>& staged, const std::filesystem::path& folder,
                   const std::vector<Checkpoint>& checkpoints, Manifest& manifest) {
  const auto is_first = [&](const Checkpoint& other) { return other.config_text == checkpoints[0].config_text; };
  const bool shared = std::all_of(checkpoints.begin(), checkpoints.end(), is_first);
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    if (shared && i > 0)
      manifest.models[i].config = manifest.models[0].config;
    else
      manifest.models[i].config = stage(
          staged, folder, shared ? "config.json" : "config_" + std::to_string(i) + ".json", checkpoints[i].config_text);
  }
}

/// Removes the files of the replaced package that this one does not have. An unpacked file of its weights no longer
/// matches, whatever its name.
void remove_leftovers(const std::filesystem::path& folder, std::set<std::string> old, const Manifest& manifest) {
  old.erase(manifest.vocabulary.name);
  for (const ModelRecord& model : manifest.models) {
    old.erase(model.config.name);
    old.erase(model.weights.name);
  }
  for (const std::string& name : old) {
    std::error_code failure;
    std::filesystem::remove(folder / name, failure);
    if (failure)
      throw WorkError((folder / name).string() + ": belongs to the package that was replaced and cannot be removed: " +
                      failure.message() + ". Remove it");
  }
}

} // namespace

void check_package_folder(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder))
    names_in(folder);
}

Manifest pack(const PackRequest& request) {
  check_request(request);
  std::vector<Checkpoint> checkpoints;
  for (const PackModel& model : request.models) {
    checkpoints.push_back(open_for_packing(model, request.dtype));
    note_leftovers(request, model, checkpoints.back());
  }
  std::error_code failure; // which names_in() notices
  std::filesystem::create_directories(request.output, failure);
  const std::set<std::string> old = names_in(request.output);

  Manifest manifest;
  manifest.title = request.title;
  manifest.created_by = request.created_by;
  manifest.package_version = request.package_version;
  manifest.template_kind = request.template_options.kind;
  manifest.max_length = request.template_options.max_length;
  manifest.retrieval_weight = request.retrieval_weight;
  std::deque<FrameWriter> weights;
  for (std::size_t i = 0; i < checkpoints.size(); ++i) {
    FrameWriter& writer = weights.emplace_back(request.output / weights_name(i), request.threads);
    manifest.models.push_back(pack_model(request, i, checkpoints[i], writer));
  }
  std::deque<AtomicFile> staged;
  manifest.vocabulary = stage(staged, request.output, request.vocabulary.name, request.vocabulary.bytes);
  stage_configs(staged, request.output, checkpoints, manifest);
  const std::string text = write_manifest(manifest);
  const std::string manifest_name(kManifestName);
  manifest = parse_manifest(text, request.output / manifest_name); // what cannot be read must not be written
  stage(staged, request.output, manifest_name, text);

  for (FrameWriter& writer : weights)
    writer.commit();
  for (AtomicFile& file : staged)
    file.commit();
  remove_leftovers(request.output, old, manifest);
  return manifest;
}

} // namespace sciexam::inline package
