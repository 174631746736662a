// Checkpoints and a tokenizer -> a package folder.
#pragma once

#include "checkpoint/config.hpp"
#include "checkpoint/weight_source.hpp"
#include "package/manifest.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sciexam::inline package {

struct PackModel {
  std::string name; ///< shown in tables and messages
  std::filesystem::path
      folder;          ///< a Hugging Face checkpoint: config.json and weights; training.json where there is one
  double weight = 1.0; ///< in the weighted ensemble, at least 0
};

struct PackRequest {
  std::string title;
  std::string created_by;           ///< the program and its version
  std::string package_version = {}; ///< see Manifest
  std::vector<PackModel> models;
  Vocabulary vocabulary;        ///< the file goes into the package under its own name
  std::filesystem::path output; ///< a folder: new, empty, or with a package, which is replaced
  DType dtype = DType::f16;     ///< of the packed weights: f16, f32 or (see ModelRecord) i8
  TemplateOptions template_options;
  double retrieval_weight = 0; ///< see Manifest
  int threads = 1;
  /// For i8: returns the tensors to pack instead of those of the model's checkpoint.
  std::function<std::unique_ptr<WeightSource>(const PackModel&, const DebertaConfig&, WeightSource&)> quantize = {};
  /// Returns the logits of a few sequences, computed from the packed weights; may be empty.
  std::function<std::vector<Probe>(const DebertaConfig&, WeightSource&)> probe = {};
  /// Called with a line for each thing that a checkpoint has and the package does not; may be empty.
  std::function<void(const std::string&)> note = {};
};

/// Throws UsageError if the folder exists and holds anything but a package, so that pack() would refuse it.
void check_package_folder(const std::filesystem::path& folder);

/// Packs the parameters that the network has, in Hugging Face's names; other
/// tensors are left out. Nothing in the output folder changes before everything is
/// packed; then its files are replaced one by one, the manifest last. Holds one
/// tensor and two frames per thread in memory. Throws UsageError for an output
/// folder that holds anything but a package; InputError, by tensor name, for missing
/// parameters, wrong shapes, values that are not finite or beyond f16's range;
/// WorkError if the disk is full. Returns what was written.
Manifest pack(const PackRequest& request);

} // namespace sciexam::inline package
