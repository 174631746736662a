// HTML entities in texts that came from web pages.
#pragma once

#include <string>
#include <string_view>

namespace sciexam::inline data {

/// `text` with its HTML entities replaced: numeric ones ("&#176;", "&#xB0;", and "&#150;" as browsers read it, as the
/// Windows-1252 character), and the named ones that are common in scientific texts. Anything else, such as "&T" or
/// "&unknown;", stays as it is.
std::string decode_html_entities(std::string_view text);

} // namespace sciexam::inline data
