// How a Page looks.
#pragma once

#include <string_view>

namespace sciexam {

/// The style sheet of Page and of the plots in it: classes of report/svg.hpp, light
/// and dark, wide and narrow, screen and paper.
std::string_view style_sheet();

} // namespace sciexam
