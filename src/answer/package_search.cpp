#include "answer/package_search.hpp"

#include <algorithm>

namespace sciexam::inline answer {
namespace {

namespace fs = std::filesystem;

/// Lowest first: by version, then by path.
bool is_older(const FoundPackage& a, const FoundPackage& b) {
  if (a.version != b.version)
    return natural_less(a.version, b.version);
  return natural_less(a.folder.string(), b.folder.string());
}

std::string name_with_version(const FoundPackage& package) {
  return package.folder.string() + (package.version.empty() ? "" : " (version " + package.version + ")");
}

std::string listed(const std::vector<FoundPackage>& packages) {
  std::string text;
  for (const FoundPackage& package : packages)
    text += (text.empty() ? "" : ", ") + name_with_version(package);
  return text;
}

/// Lowest first; of equal packages the last.
void sort_distinct(std::vector<FoundPackage>& packages) {
  std::sort(packages.begin(), packages.end(), is_older);
  const FoundPackage newest = packages.back();
  packages.pop_back();
  // One package mounted twice leaves no choice to make.
  std::erase_if(packages, [&](const FoundPackage& other) { return other.identity == newest.identity; });
  packages.push_back(newest);
}

/// Why the last of them is taken.
std::string reason_for_last(const std::vector<FoundPackage>& packages) {
  const FoundPackage& newest = packages.back();
  return packages[packages.size() - 2].version != newest.version ? "the highest version, " + newest.version
                                                                 : "the last by its path";
}

} // namespace

void PackageSearch::look_in(const fs::path& folder) {
  if (is_file(folder / kManifestName))
    try {
      const std::string text = read_manifest_text(PackageFiles::in_folder(folder));
      if (text.find(kPackageFormat) == std::string::npos)
        return; // another program's manifest.json
      const Manifest manifest = parse_manifest(text, folder / kManifestName);
      found.push_back({folder, manifest.package_version, manifest.identity});
    } catch (const PackageError& error) {
      damaged.emplace_back(error);
    }
}

Located choose_package(std::vector<FoundPackage> packages, const fs::path& program) {
  sort_distinct(packages);
  if (packages.size() == 1)
    return {packages.front().folder, std::string("the only one under ") + kMounts};
  std::vector<FoundPackage> own, others;
  for (const FoundPackage& package : packages) // a notebook runs a copy of the program that lies in the dataset
    (same_contents(package.folder / "sciexam-run", program) ? own : others).push_back(package);
  std::string reason = own.empty() ? "" : "beside the program's original";
  if (own.empty())
    std::swap(own, others);
  if (own.size() > 1)
    reason += (reason.empty() ? "" : ", ") + reason_for_last(own);
  const fs::path chosen = own.back().folder;
  own.pop_back();
  others.insert(others.end(), own.begin(), own.end());
  return {chosen, reason + ", of " + std::to_string(others.size() + 1) + " under " + kMounts +
                      "; not used: " + listed(others) + ". --package chooses another"};
}

} // namespace sciexam::inline answer
