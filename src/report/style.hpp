// How a Page and the plots look.
#pragma once

#include <string>

namespace sciexam {

/// The style sheet of Page and of the plots in it: classes of report/svg.hpp, light
/// and dark, wide and narrow, screen and paper.
std::string style_sheet();

/// What of it plots need: the colours and their own classes.
std::string plot_style_sheet();

} // namespace sciexam
