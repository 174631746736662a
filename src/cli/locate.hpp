// Where the program finds its inputs when they are not given. In order: the
// option; an environment variable; beside the binary; the working folder;
// Kaggle's mounts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam {

/// Folders to look in: beside the binary, the working folder, then every folder under
/// /kaggle/input down to four levels, which reaches both of Kaggle's layouts
/// (<slug>/, datasets/<owner>/<slug>/, competitions/<slug>/). A recursive search
/// would take minutes on a large input.
std::vector<std::filesystem::path> search_folders();

/// The package folder: `given` if not empty, else SCIEXAM_PACKAGE, else the first of
/// search_folders() (or its subfolder "package") that holds a manifest.json. Throws UsageError
/// that lists where it looked, or if the named folder holds none.
std::filesystem::path find_package(const std::string& given);

/// The exam: `given`, else SCIEXAM_TEST, else the first test.csv. Throws UsageError.
std::filesystem::path find_test(const std::string& given);

/// True on Kaggle: /kaggle/working is there.
bool on_kaggle();

/// The submission's path: `given`, else SCIEXAM_OUTPUT, else /kaggle/working/submission.csv if
/// that folder exists, else submission.csv in the working folder.
std::filesystem::path find_output(const std::string& given);

} // namespace sciexam
