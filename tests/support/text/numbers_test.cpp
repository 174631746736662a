#include "support/text/numbers.hpp"

#include <clocale>
#include <cmath>
#include <limits>
#include <locale>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// Decimal commas and dots between thousands, as in German; made here, so that every system has it.
class CommaForPoint : public std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

} // namespace

TEST_CASE("numbers have at most four significant digits") {
  CHECK(format_number(0.62134) == "0.6213");
  CHECK(format_number(0.5) == "0.5");
  CHECK(format_number(1.60944) == "1.609");
  CHECK(format_number(-12.3456) == "-12.35");
  CHECK(format_number(999.94) == "999.9");
  CHECK(format_number(999.96) == "1,000");
  CHECK(format_number(0.99996) == "1");
  CHECK(format_number(0.0012) == "0.0012");
  CHECK(format_number(0.0) == "0");
  CHECK(format_number(-0.0) == "0");
}

TEST_CASE("large numbers are grouped, very large and very small ones are scientific") {
  CHECK(format_number(12345.6) == "12,346");
  CHECK(format_number(-1234567) == "-1,234,567");
  CHECK(format_number(999) == "999");
  CHECK(format_number(2e-5) == "2e-5");
  CHECK(format_number(1.2345678e-12) == "1.235e-12");
  CHECK(format_number(1e12) == "1e12");
  CHECK(format_number(1e300) == "1e300");
}

TEST_CASE("a value that is not finite is a dash") {
  CHECK(format_number(std::nan("")) == "-");
  CHECK(format_number(std::numeric_limits<double>::infinity()) == "-");
  CHECK(format_fixed(-std::numeric_limits<double>::infinity(), 2) == "-");
  CHECK(format_scientific(std::nan(""), 2) == "-");
}

TEST_CASE("ticks have short numbers, places at most one decimal") {
  CHECK(format_compact(20000) == "20k");
  CHECK(format_compact(-1.5e6) == "-1.5M");
  CHECK(format_compact(1000) == "1,000");
  CHECK(format_compact(1e-5) == "1e-5");
  CHECK(format_coordinate(12.5) == "12.5");
  CHECK(format_coordinate(12.04) == "12");
  CHECK(format_coordinate(-0.04) == "0");
  CHECK(format_coordinate(100) == "100");
}

TEST_CASE("printed text has any length") {
  CHECK(printed("%s, %d of %zu, %.2f", "x", 3, std::size_t{4}, 0.125) == "x, 3 of 4, 0.12");
  CHECK(printed("%s", "").empty());
  CHECK(printed("%1000d|", 7).size() == 1001);
}

TEST_CASE("a locale with decimal commas changes nothing") {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new CommaForPoint));
  const char* c_locale = std::setlocale(LC_NUMERIC, "de_DE.UTF-8"); // where the system has it
  const std::string number = format_number(1234.5), small = format_fixed(0.25, 2);
  if (c_locale != nullptr)
    std::setlocale(LC_NUMERIC, "C");
  std::locale::global(before);
  CHECK(number == "1,234");
  CHECK(small == "0.25");
}
