// The small exam and the small ensemble that the executable carries.
#pragma once

#include "exam/question.hpp"
#include "package/package.hpp"

namespace sciexam::inline demo {

Exam read_demo_exam();
Package open_demo_package();

} // namespace sciexam::inline demo
