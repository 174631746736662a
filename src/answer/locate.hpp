// Where an answering run finds its inputs when they are not given (support/files/places.hpp).
#pragma once

#include "support/files/places.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sciexam::inline answer {

/// The package folder: `given` if not empty, else SCIEXAM_PACKAGE, else one that holds (itself or in its subfolder
/// "package") a sciexam package's manifest.json. A manifest.json of something else is passed over, a damaged one with
/// a warning. Of several under /kaggle/input choose_package() takes one.
/// Throws UsageError that lists where it looked, or if the named folder holds none; PackageError if all are damaged.
Located find_package(const std::string& given);

/// The passage index: `given` if not empty, else SCIEXAM_INDEX, else a folder that holds (itself or in its subfolder
/// "index") an index's index.json, in the same places. Nothing if there is none. Throws UsageError if the named folder
/// holds none.
std::optional<Located> find_index(const std::string& given);

/// The exam: `given`, else SCIEXAM_TEST, else a test.csv; under /kaggle/input that of a competition first.
/// Throws UsageError.
Located find_test(const std::string& given);

/// The submission's path: `given`, else SCIEXAM_OUTPUT, else /kaggle/working/submission.csv if
/// that folder exists, else submission.csv in the working folder.
std::filesystem::path find_output(const std::string& given);

/// On Kaggle, where the output is not named: removes an earlier run's submission, which would be scored if this run is
/// refused.
void remove_earlier_submission(const std::string& given);

} // namespace sciexam::inline answer
