// Where the files that a manifest names are: all in a folder that was named, or each wherever it is found.
#pragma once

#include "train/manifest/manifest.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline train {

/// A file of a manifest, where it was found.
struct FoundInput {
  std::filesystem::path path;
  std::string sha256;
};

class InputFinder {
public:
  /// Looks in `folder`, which `option` ("--base") names; if that is empty, beside the program, in the working folder
  /// and in Kaggle's mounts.
  InputFinder(std::filesystem::path folder, std::string option);

  /// The file; only those whose name fits are read. Of several it is the one with the manifest's sha256, first of all
  /// one beside the file that was found before. Throws UsageError if there is none, or if there are several different
  /// ones and the manifest gives no sha256; InputError if that in the named folder has another sha256.
  FoundInput find(const InputFile& file);

private:
  FoundInput in_folder(const InputFile& file) const;
  std::vector<std::filesystem::path> candidates(const std::string& name) const;
  FoundInput choose(const InputFile& file, const std::vector<std::filesystem::path>& candidates) const;

  std::filesystem::path folder_;
  std::string option_;
  std::vector<std::filesystem::path> near_, mounted_; ///< searched
  std::filesystem::path last_;                        ///< the folder of the file that was found before
};

} // namespace sciexam::inline train
