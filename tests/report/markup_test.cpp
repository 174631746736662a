#include "report/markup.hpp"
#include "report/tags.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("what HTML would take for markup is escaped") {
  CHECK(escape_markup("a title with <script>& \"quotes\" and 'these'") ==
        "a title with &lt;script&gt;&amp; &quot;quotes&quot; and &#39;these&#39;");
  CHECK(escape_markup("&amp;") == "&amp;amp;");
  CHECK(element("p", "a < b") == "<p>a &lt; b</p>");
}

TEST_CASE("text in UTF-8 stays as it is, other bytes and control characters are replaced") {
  CHECK(escape_markup("Größe 质量 🙂\tx\n") == "Größe 质量 🙂\tx\n");
  CHECK(escape_markup("a\xFFz") == "a\xEF\xBF\xBDz");
  CHECK(escape_markup("cut \xE4\xB8") == "cut \xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(escape_markup(std::string("a\0b\x1B", 4)) == "a\xEF\xBF\xBD"
                                                     "b\xEF\xBF\xBD");
  CHECK(escape_markup("\xC2\x85") == "\xEF\xBF\xBD"); // U+0085
}

TEST_CASE("the checker of these tests finds faults in markup") {
  CHECK(test::markup_fault("<p class=\"a\">x &amp; <br/> y</p>").empty());
  CHECK_THAT(test::markup_fault("<p><b>x</p></b>"), ContainsSubstring("closes <b>"));
  CHECK_THAT(test::markup_fault("<p>x"), ContainsSubstring("never closed"));
  CHECK_THAT(test::markup_fault("x</p>"), ContainsSubstring("closes nothing"));
  CHECK_THAT(test::markup_fault("<p>a & b</p>"), ContainsSubstring("without an entity"));
  CHECK_THAT(test::markup_fault("<p a=1>x</p>"), ContainsSubstring("quoted"));
  CHECK_THAT(test::markup_fault("<p a=\"1\" a=\"2\">x</p>"), ContainsSubstring("twice"));
  CHECK_THAT(test::markup_fault("<p>a > b</p>"), ContainsSubstring("'>' in text"));
}
