// The look of a Page and its plots.
#pragma once

#include <string>

namespace sciexam::inline report {

/// Where a drawing is shown: in a Page's figure (report/page.hpp), whose style sheet has its colours and fonts, or as a
/// standalone image, which then contains them and a background of its own.
enum class Shown { in_page, alone };

/// The style sheet of a Page and its plots: the classes of report/svg.hpp, for light and
/// dark mode, wide and narrow screens, and paper.
std::string style_sheet();

/// The part of it that plots need: the colours and their own classes.
std::string plot_style_sheet();

} // namespace sciexam::inline report
