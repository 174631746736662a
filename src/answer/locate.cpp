#include "answer/locate.hpp"

#include "answer/package_search.hpp"
#include "retrieval/index/index_manifest.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

namespace sciexam::inline answer {
namespace {

namespace fs = std::filesystem;

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

Located find_package(const std::string& given) {
  if (const std::optional<Located> place = named_place(given, "SCIEXAM_PACKAGE")) {
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
    throw UsageError("no package (a folder with manifest.json) was found in " + searched_places() +
                     ". Give its folder with --package");
  std::error_code unknown; // then no package lies beside a copy of it
  return choose_package(search.found, fs::read_symlink("/proc/self/exe", unknown));
}

std::optional<Located> find_index(const std::string& given) {
  if (std::optional<Located> place = named_place(given, "SCIEXAM_INDEX")) {
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
  if (const std::optional<Located> place = named_place(given, "SCIEXAM_TEST"))
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
    throw UsageError("no test.csv was found in " + searched_places() + ". Give its path with --test");
  return {found.front(), found.size() == 1 ? std::string("the only one under ") + kMounts
                                           : "the first of " + std::to_string(found.size()) + " under " + kMounts +
                                                 "; --test chooses another"};
}

fs::path find_output(const std::string& given) {
  if (const std::optional<Located> place = named_place(given, "SCIEXAM_OUTPUT"))
    return place->path;
  return on_kaggle() ? "/kaggle/working/submission.csv" : "submission.csv";
}

void remove_earlier_submission(const std::string& given) {
  std::error_code ignored; // what cannot be removed cannot be replaced either, which is reported
  if (on_kaggle() && !named_place(given, "SCIEXAM_OUTPUT"))
    fs::remove(find_output(given), ignored);
}

} // namespace sciexam::inline answer
