// The files of the demo, inside the executable: exam.csv and a package folder.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sciexam::inline demo {

struct EmbeddedFile {
  std::string_view name; ///< as in the package's folder
  std::span<const std::byte> bytes;
};

/// The questions, a labelled exam.
std::string_view demo_exam();

/// The package's files, manifest.json among them.
std::span<const EmbeddedFile> demo_package();

} // namespace sciexam::inline demo
