// The small exam, the small ensemble and the small encyclopedia that the executable carries.
#pragma once

#include "exam/question.hpp"
#include "package/package.hpp"

namespace sciexam::inline demo {

Exam read_demo_exam();
Package open_demo_package();
/// The files of a passage index of the encyclopedia, as PassageIndex opens them.
PackageFiles demo_index_files();

} // namespace sciexam::inline demo
