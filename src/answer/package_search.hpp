// Packages in folders, and which of several is used.
#pragma once

#include "package/package.hpp"
#include "support/errors.hpp"
#include "support/files/places.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline answer {

struct FoundPackage {
  std::filesystem::path folder;
  std::string version, identity;
};

/// Packages in folders; damaged ones are put aside.
class PackageSearch {
public:
  /// A manifest.json of something else is passed over.
  void look_in(const std::filesystem::path& folder);

  std::vector<FoundPackage> found;
  std::vector<PackageError> damaged;
};

/// Of packages under /kaggle/input those beside a copy of this program, or all if there are none such; of these the one
/// with the highest package_version, by numbers where there are numbers, or, without versions, the last by its path, so
/// that .../versions/10 wins over .../versions/9. `program` is this program's file.
Located choose_package(std::vector<FoundPackage> packages, const std::filesystem::path& program);

} // namespace sciexam::inline answer
