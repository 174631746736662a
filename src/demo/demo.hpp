// The small exam, the small ensemble and the small encyclopedia that the executable carries.
#pragma once

#include "exam/question.hpp"
#include "package/package.hpp"

namespace sciexam::inline demo {

/// What the index's ranking weighs beside the models; chosen on the competition's questions (docs/demo.md).
inline constexpr double kDemoRetrievalWeight = 0.7;

Exam read_demo_exam();
Package open_demo_package();
/// The files of a passage index of the encyclopedia, as PassageIndex opens them.
PackageFiles demo_index_files();

} // namespace sciexam::inline demo
