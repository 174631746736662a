// Text for HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace sciexam::inline report {

/// Safe inside an element and inside a quoted attribute. Control characters and bytes
/// that are not UTF-8 become U+FFFD.
std::string escape_markup(std::string_view text);

/// <NAME>escaped text</NAME>
std::string element(std::string_view name, std::string_view text);

} // namespace sciexam::inline report
