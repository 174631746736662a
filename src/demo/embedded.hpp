// The files of the demo, inside the executable: exam.csv, a package's folder and an index's folder.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sciexam::inline demo {

struct EmbeddedFile {
  std::string_view name; ///< as in its folder
  std::span<const std::byte> bytes;
};

/// The questions, a labelled exam.
std::string_view demo_exam();

/// The package's files, manifest.json among them.
std::span<const EmbeddedFile> demo_package();

/// The files of an index of encyclopedia.jsonl, index.json among them.
std::span<const EmbeddedFile> demo_index();

} // namespace sciexam::inline demo
