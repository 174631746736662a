// Where the program looks for what the command line does not name. In order: the option; an environment variable;
// beside the binary; the working folder; Kaggle's mounts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline support {

/// Kaggle's inputs.
inline constexpr const char* kMounts = "/kaggle/input";

/// A file or folder, and why it was taken: "given", "beside the program", "the only one under /kaggle/input" ...
struct Located {
  std::filesystem::path path;
  std::string reason;
};

/// What the command line gives, else what the environment variable names; nothing if neither does.
std::optional<Located> named_place(const std::string& given, const char* variable);

/// True for a file that can be seen; what cannot be read counts as absent.
bool is_file(const std::filesystem::path& path);

/// The folder of the binary and the working folder, as far as they are known, with their names in messages.
std::vector<Located> near_folders();

/// Every folder under /kaggle/input down to five levels, which reaches all of Kaggle's layouts (<slug>/,
/// datasets/<owner>/<slug>/versions/<n>/, notebooks/<owner>/<slug>/, competitions/<slug>/) and a folder in a dataset.
/// Of a folder with very many entries only the first are looked at: a whole search would take minutes.
std::vector<std::filesystem::path> mounted_folders();

/// The folders that are searched, for a message.
std::string searched_places();

/// True on Kaggle: /kaggle/working exists.
bool on_kaggle();

/// True if the files have the same bytes; false if one cannot be read.
bool same_contents(const std::filesystem::path& a, const std::filesystem::path& b);

/// The order of names that hold numbers: "v9" before "v10".
bool natural_less(std::string_view a, std::string_view b);

} // namespace sciexam::inline support
