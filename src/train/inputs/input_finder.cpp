#include "train/inputs/input_finder.hpp"

#include "support/errors.hpp"
#include "support/files/places.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

std::string listed(const std::vector<fs::path>& files) {
  std::string text;
  for (const fs::path& file : files)
    text += (text.empty() ? "" : ", ") + file.string();
  return text;
}

} // namespace

InputFinder::InputFinder(fs::path folder, std::string option) : folder_(std::move(folder)), option_(std::move(option)) {
  if (!folder_.empty())
    return;
  for (const Located& place : near_folders())
    near_.push_back(place.path);
  mounted_ = mounted_folders();
}

FoundInput InputFinder::find(const InputFile& file) {
  if (!folder_.empty())
    return in_folder(file);
  FoundInput found = choose(file, candidates(file.name));
  log_line(file.name + ": " + found.path.string());
  last_ = found.path.parent_path();
  return found;
}

FoundInput InputFinder::in_folder(const InputFile& file) const {
  const fs::path path = folder_ / file.name;
  if (!fs::exists(path))
    throw UsageError(path.string() + ": does not exist, but the manifest names it. Give its folder with " + option_);
  const std::string sha256 = sha256_of_file(path);
  if (file.sha256 && *file.sha256 != sha256)
    throw InputError({path}, "has sha256 " + sha256 + ", but the manifest asks for " + *file.sha256,
                     "Get the file from its source again, or correct the manifest");
  return {path, sha256};
}

/// Those of this name, the likeliest first. What lies near hides what is mounted where no sha256 tells them apart.
std::vector<fs::path> InputFinder::candidates(const std::string& name) const {
  std::vector<fs::path> files;
  for (const std::vector<fs::path>* folders : {&near_, &mounted_})
    for (const fs::path& folder : *folders)
      if (is_file(folder / name))
        files.push_back(folder / name);
  std::stable_partition(files.begin(), files.end(), [&](const fs::path& file) { return file.parent_path() == last_; });
  return files;
}

FoundInput InputFinder::choose(const InputFile& file, const std::vector<fs::path>& candidates) const {
  const std::string remedy = "or give its folder with " + option_;
  if (candidates.empty())
    throw UsageError("no " + file.name + " was found in " + searched_places() +
                     ", but the manifest names it. Attach a dataset that holds it, " + remedy);
  if (file.sha256) {
    for (const fs::path& candidate : candidates)
      if (sha256_of_file(candidate) == *file.sha256)
        return {candidate, *file.sha256};
    throw UsageError(file.name + ": no file of this name has sha256 " + *file.sha256 +
                     ", which the manifest asks for; found: " + listed(candidates) +
                     ". Attach the dataset that holds the right one, " + remedy);
  }
  const fs::path& first = candidates.front();
  const bool near = std::ranges::find(near_, first.parent_path()) != near_.end();
  if (!near && !std::ranges::all_of(candidates, [&](const fs::path& other) { return same_contents(first, other); }))
    throw UsageError(file.name + ": there are different files of this name, and the manifest gives no sha256: " +
                     listed(candidates) + ". Write that of the right one into the manifest, " + remedy);
  return {first, sha256_of_file(first)};
}

} // namespace sciexam::inline train
