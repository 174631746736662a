#include "answer/locate.hpp"

#include "package/package.hpp"
#include "retrieval/index/index_manifest.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>

namespace sciexam::inline answer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMounts = "/kaggle/input";
constexpr int kMountDepth = 5;
constexpr int kMostEntries = 1000; // looked at in one folder

/// What the command line gives, else what the environment names; nothing if neither does.
std::optional<Located> named(const std::string& given, const char* variable) {
  if (!given.empty())
    return Located{given, "given"};
  const char* const value = std::getenv(variable);
  if (value == nullptr || *value == '\0')
    return std::nullopt;
  return Located{value, std::string("named by ") + variable};
}

bool is_file(const fs::path& path) {
  std::error_code ignored; // what cannot be read counts as absent
  return fs::is_regular_file(path, ignored);
}

/// The subfolders of `folder` down to `depth` levels, in name order; unreadable ones are skipped.
void collect_folders(const fs::path& folder, int depth, std::vector<fs::path>& out) {
  std::error_code error;
  std::vector<fs::path> children;
  int entries = 0;
  for (fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end && entries < kMostEntries; entry.increment(error), ++entries)
    if (std::error_code ignored; entry->is_directory(ignored))
      children.push_back(entry->path());
  std::sort(children.begin(), children.end());
  for (const fs::path& child : children) {
    out.push_back(child);
    if (depth > 1)
      collect_folders(child, depth - 1, out);
  }
}

/// The folder of the binary and the working folder, as far as they are known, with their names in messages.
std::vector<Located> near_folders() {
  std::vector<Located> folders;
  std::error_code error;
  if (const fs::path self = fs::read_symlink("/proc/self/exe", error); !error)
    folders.push_back({self.parent_path(), "beside the program"});
  if (const fs::path here = fs::current_path(error); !error && (folders.empty() || folders.front().path != here))
    folders.push_back({here, "in the working folder"});
  return folders;
}

std::string list_searched() {
  std::string text;
  for (const Located& folder : near_folders())
    text += folder.path.string() + ", ";
  std::error_code ignored;
  if (!fs::is_directory(kMounts, ignored))
    return text + std::string(kMounts) + " (which is not there)";
  const std::vector<fs::path> mounted = mounted_folders();
  text += std::string(kMounts) + (mounted.empty() ? " (which is empty)" : " and below");
  constexpr std::size_t kListed = 12;
  for (std::size_t i = 0; i < std::min(mounted.size(), kListed); ++i)
    text += (i == 0 ? ": " : ", ") + mounted[i].string();
  return text + (mounted.size() > kListed ? ", ..." : "");
}

struct FoundPackage {
  fs::path folder;
  std::string version, identity;
};

/// Packages in folders; damaged ones are put aside.
class PackageSearch {
public:
  void look_in(const fs::path& folder) {
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

  std::vector<FoundPackage> found;
  std::vector<PackageError> damaged;
};

/// Lowest first: by version, then by path.
bool is_older(const FoundPackage& a, const FoundPackage& b) {
  if (a.version != b.version)
    return natural_less(a.version, b.version);
  return natural_less(a.folder.string(), b.folder.string());
}

std::string name_with_version(const FoundPackage& package) {
  return package.folder.string() + (package.version.empty() ? "" : " (version " + package.version + ")");
}

Located newest_of(std::vector<FoundPackage> packages) {
  std::sort(packages.begin(), packages.end(), is_older);
  const FoundPackage newest = packages.back();
  packages.pop_back();
  // One package mounted twice leaves no choice to make.
  std::erase_if(packages, [&](const FoundPackage& other) { return other.identity == newest.identity; });
  if (packages.empty())
    return {newest.folder, std::string("the only one under ") + kMounts};
  const bool by_version = packages.back().version != newest.version;
  std::string others;
  for (const FoundPackage& other : packages)
    others += (others.empty() ? "" : ", ") + name_with_version(other);
  return {newest.folder, (by_version ? "the highest version, " + newest.version : std::string("the last by its path")) +
                             ", of " + std::to_string(packages.size() + 1) + " under " + kMounts +
                             "; not used: " + others + ". --package chooses another"};
}

/// An index's, not another program's: the first bytes of its index.json name the format.
bool is_index(const fs::path& folder) {
  const fs::path file = folder / kIndexManifestName;
  if (!is_file(file))
    return false;
  std::ifstream text(file);
  std::string begin(256, '\0');
  text.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin.find(kIndexFormat) != std::string::npos;
}

bool is_competition(const fs::path& path) {
  const std::string text = path.string();
  return text.find("/competitions/") != std::string::npos || text.find("llm-science-exam") != std::string::npos;
}

} // namespace

bool natural_less(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto take_number = [&](std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end]))
      ++end;
    std::string_view number = text.substr(0, end);
    text.remove_prefix(end);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
  };
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view left = take_number(a), right = take_number(b);
      if (left != right)
        return left.size() != right.size() ? left.size() < right.size() : left < right;
    } else {
      if (a.front() != b.front())
        return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

std::vector<fs::path> mounted_folders() {
  std::vector<fs::path> folders;
  collect_folders(kMounts, kMountDepth, folders);
  return folders;
}

Located find_package(const std::string& given) {
  if (const std::optional<Located> place = named(given, "SCIEXAM_PACKAGE")) {
    if (!is_file(place->path / kManifestName))
      throw UsageError(place->path.string() +
                       ": is not a package: there is no manifest.json in it. Give the folder that `pack` made");
    return *place;
  }
  PackageSearch search;
  std::optional<Located> near;
  for (const Located& folder : near_folders()) {
    search.look_in(folder.path);
    search.look_in(folder.path / "package");
    if (!search.found.empty() && !near)
      near = Located{search.found.front().folder, folder.reason};
  }
  if (!near)
    for (const fs::path& folder : mounted_folders())
      search.look_in(folder);
  if (search.found.empty() && !search.damaged.empty())
    throw search.damaged.front();
  for (const PackageError& damaged : search.damaged)
    warn_line(std::string("package passed over: ") + damaged.what());
  if (near)
    return *near;
  if (search.found.empty())
    throw UsageError("no package (a folder with manifest.json) was found in " + list_searched() +
                     ". Give its folder with --package");
  return newest_of(search.found);
}

std::optional<Located> find_index(const std::string& given) {
  if (std::optional<Located> place = named(given, "SCIEXAM_INDEX")) {
    if (!is_index(place->path))
      throw UsageError(place->path.string() + ": is not a passage index: there is no index.json of one in it. Give " +
                       "the folder that `index` made");
    return place;
  }
  for (const Located& folder : near_folders())
    for (const fs::path& place : {folder.path, folder.path / "index"})
      if (is_index(place))
        return Located{place, folder.reason};
  std::vector<fs::path> mounted = mounted_folders();
  std::erase_if(mounted, [](const fs::path& folder) { return !is_index(folder); });
  if (mounted.empty())
    return std::nullopt;
  const fs::path last = *std::max_element(mounted.begin(), mounted.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.string(), b.string());
  });
  return Located{last, mounted.size() == 1 ? std::string("the only one under ") + kMounts
                                           : "the last by its path of " + std::to_string(mounted.size()) + " under " +
                                                 kMounts + ". --index chooses another"};
}

Located find_test(const std::string& given) {
  if (const std::optional<Located> place = named(given, "SCIEXAM_TEST"))
    return *place;
  for (const Located& folder : near_folders())
    if (is_file(folder.path / "test.csv"))
      return {folder.path / "test.csv", folder.reason};
  std::vector<fs::path> mounted = mounted_folders();
  std::stable_partition(mounted.begin(), mounted.end(), is_competition);
  std::vector<fs::path> found;
  for (const fs::path& folder : mounted)
    if (is_file(folder / "test.csv"))
      found.push_back(folder / "test.csv");
  if (found.empty())
    throw UsageError("no test.csv was found in " + list_searched() + ". Give its path with --test");
  return {found.front(), found.size() == 1 ? std::string("the only one under ") + kMounts
                                           : "the first of " + std::to_string(found.size()) + " under " + kMounts +
                                                 "; --test chooses another"};
}

bool on_kaggle() {
  std::error_code ignored;
  return fs::is_directory("/kaggle/working", ignored);
}

fs::path find_output(const std::string& given) {
  if (const std::optional<Located> place = named(given, "SCIEXAM_OUTPUT"))
    return place->path;
  return on_kaggle() ? "/kaggle/working/submission.csv" : "submission.csv";
}

} // namespace sciexam::inline answer
