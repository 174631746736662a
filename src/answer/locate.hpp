// Where the program finds its inputs when they are not given. In order: the
// option; an environment variable; beside the binary; the working folder;
// Kaggle's mounts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline answer {

/// A file or folder, and why it was taken: "given", "beside the program", "the only one under /kaggle/input" ...
struct Located {
  std::filesystem::path path;
  std::string reason;
};

/// Every folder under /kaggle/input down to five levels, which reaches all of Kaggle's layouts (<slug>/,
/// datasets/<owner>/<slug>/versions/<n>/, competitions/<slug>/) and a folder in a dataset. Of a folder with very
/// many entries only the first are looked at: a whole search would take minutes.
std::vector<std::filesystem::path> mounted_folders();

/// The package folder: `given` if not empty, else SCIEXAM_PACKAGE, else one that holds (itself or in its subfolder
/// "package") a sciexam package's manifest.json. A manifest.json of something else is passed over, a damaged one with
/// a warning. Of several under /kaggle/input the one with the highest package_version is taken, by numbers where
/// there are numbers; without versions the last by path, so that .../versions/10 wins over .../versions/9.
/// Throws UsageError that lists where it looked, or if the named folder holds none; PackageError if all are damaged.
Located find_package(const std::string& given);

/// The passage index: `given` if not empty, else SCIEXAM_INDEX, else a folder that holds (itself or in its subfolder
/// "index") an index's index.json, in the same places. Nothing if there is none. Throws UsageError if the named folder
/// holds none.
std::optional<Located> find_index(const std::string& given);

/// The exam: `given`, else SCIEXAM_TEST, else a test.csv; under /kaggle/input that of a competition first.
/// Throws UsageError.
Located find_test(const std::string& given);

/// True on Kaggle: /kaggle/working exists.
bool on_kaggle();

/// The submission's path: `given`, else SCIEXAM_OUTPUT, else /kaggle/working/submission.csv if
/// that folder exists, else submission.csv in the working folder.
std::filesystem::path find_output(const std::string& given);

/// The order of names that hold numbers: "v9" before "v10".
bool natural_less(std::string_view a, std::string_view b);

} // namespace sciexam::inline answer
