#include "train/manifest/find_manifest.hpp"

#include "support/errors.hpp"

#include <optional>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

Located mounted_manifest(const std::string& name) {
  std::optional<fs::path> found;
  for (const fs::path& folder : mounted_folders()) {
    const fs::path file = folder / name;
    if (!is_file(file))
      continue;
    if (found && !same_contents(*found, file))
      throw UsageError(name + ": there are different manifests of this name: " + found->string() + " and " +
                       file.string() + ". Detach one of the inputs, or give the path of one with --manifest");
    found = found.value_or(file);
  }
  if (!found)
    throw UsageError("no manifest " + name + " was found in " + searched_places() +
                     ". Attach a dataset that holds it (sciexam's are in weights_manifest/), or give its path with "
                     "--manifest");
  return {*found, std::string("found under ") + kMounts};
}

} // namespace

Located find_manifest(const std::string& given) {
  const std::optional<Located> place = named_place(given, "SCIEXAM_MANIFEST");
  if (!place)
    throw UsageError("no manifest is given. Name one with --manifest, such as deberta-v3-large-closed-book.json");
  if (place->path.has_parent_path() || is_file(place->path))
    return *place;
  for (const Located& folder : near_folders())
    if (is_file(folder.path / place->path))
      return {folder.path / place->path, folder.reason};
  return mounted_manifest(place->path.string());
}

} // namespace sciexam::inline train
