// Numbers as text, the same in every locale.
#pragma once

#include <string>

namespace sciexam::inline support {

/// Up to four significant digits: "0.6213", "12,345", "1.5e-5"; "-" if it is not finite.
std::string format_number(double value);

/// For axis ticks: like format_number(), with k and M for thousands and millions ("20k").
std::string format_compact(double value);

/// With this many decimals; "-" if it is not finite.
std::string format_fixed(double value, int decimals);

/// "1.25e-5": with up to this many decimals and without trailing zeros; "-" if it is not finite.
std::string format_scientific(double value, int decimals);

/// A position in a drawing: at most one decimal, "12.5" or "12".
std::string format_coordinate(double value);

/// std::printf's text, of any length: for rows of tables and sentences with several numbers. The program never calls
/// setlocale(), so the decimal point is a point here too.
[[gnu::format(printf, 1, 2)]] std::string printed(const char* format, ...);

} // namespace sciexam::inline support
