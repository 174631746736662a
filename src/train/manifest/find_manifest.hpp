// Where a training's manifest is.
#pragma once

#include "support/files/places.hpp"

#include <string>

namespace sciexam::inline train {

/// The manifest's file: `given`, else what SCIEXAM_MANIFEST says. A name without a folder that is no file here is
/// looked for beside the program, in the working folder and in Kaggle's mounts. Throws UsageError if nothing is given,
/// if there is no such file (listing where it looked), or if the mounts hold different ones.
Located find_manifest(const std::string& given);

} // namespace sciexam::inline train
