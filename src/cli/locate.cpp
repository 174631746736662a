#include "cli/locate.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

constexpr int kKaggleDepth = 4;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_file(const fs::path& path) {
  std::error_code ignored; // what cannot be looked at is not there
  return fs::is_regular_file(path, ignored);
}

/// The subfolders of `folder` down to `depth` levels, in name order; unreadable ones are skipped.
void collect_folders(const fs::path& folder, int depth, std::vector<fs::path>& out) {
  std::error_code error;
  std::vector<fs::path> children;
  for (fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end; entry.increment(error))
    if (std::error_code ignored; entry->is_directory(ignored))
      children.push_back(entry->path());
  std::sort(children.begin(), children.end());
  for (const fs::path& child : children) {
    out.push_back(child);
    if (depth > 1)
      collect_folders(child, depth - 1, out);
  }
}

/// The first folder for which `path_in` names an existing file.
template <typename PathIn>
fs::path first_with_file(PathIn path_in) {
  for (const fs::path& folder : search_folders())
    if (const fs::path path = path_in(folder); is_file(path))
      return path;
  return {};
}

std::string list_searched() {
  std::string text;
  for (const fs::path& folder : search_folders())
    text += (text.empty() ? "" : ", ") + folder.string();
  return text;
}

} // namespace

std::vector<fs::path> search_folders() {
  std::vector<fs::path> folders;
  std::error_code error;
  if (const fs::path self = fs::read_symlink("/proc/self/exe", error); !error)
    folders.push_back(self.parent_path());
  if (const fs::path here = fs::current_path(error);
      !error && std::find(folders.begin(), folders.end(), here) == folders.end())
    folders.push_back(here);
  collect_folders("/kaggle/input", kKaggleDepth, folders);
  return folders;
}

fs::path find_package(const std::string& given) {
  const std::string named = given.empty() ? environment("SCIEXAM_PACKAGE") : given;
  if (!named.empty()) {
    if (!is_file(fs::path(named) / "manifest.json"))
      throw UsageError(named + ": is no package: there is no manifest.json in it. Give the folder that `pack` made");
    return named;
  }
  for (const char* name : {"manifest.json", "package/manifest.json"})
    if (const fs::path found = first_with_file([&](const fs::path& folder) { return folder / name; }); !found.empty())
      return found.parent_path();
  throw UsageError("no package (a folder with manifest.json) was found in " + list_searched() +
                   ". Give its folder with --package");
}

fs::path find_test(const std::string& given) {
  const std::string named = given.empty() ? environment("SCIEXAM_TEST") : given;
  if (!named.empty())
    return named;
  const fs::path found = first_with_file([](const fs::path& folder) { return folder / "test.csv"; });
  if (found.empty())
    throw UsageError("no test.csv was found in " + list_searched() + ". Give its path with --test");
  return found;
}

bool on_kaggle() {
  std::error_code ignored;
  return fs::is_directory("/kaggle/working", ignored);
}

fs::path find_output(const std::string& given) {
  const std::string named = given.empty() ? environment("SCIEXAM_OUTPUT") : given;
  if (!named.empty())
    return named;
  return on_kaggle() ? "/kaggle/working/submission.csv" : "submission.csv";
}

} // namespace sciexam
