#include "report/bar_plot.hpp"
#include "report/line_plot.hpp"
#include "report/page.hpp"
#include "report/tags.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;
using test::markup_fault;

namespace {

const std::string kHostile = "a title with <script>alert(1)</script> & \"quotes\" 'here' \xFF";

Page full_page(const std::string& text) {
  Page page(text, text);
  page.notice(text);
  page.heading(text);
  page.paragraph(text);
  page.highlights({{text, text}});
  page.table({text, text}, {{text, text}, {text}});
  page.figure(draw(LinePlot{.title = text, .series = {{text, {{0, 1}}}, {text, {{0, 2}}}}}), text);
  page.figure(draw(BarPlot{.title = text, .bars = {{text, 1}}}), text);
  page.paragraph(text);
  return page;
}

} // namespace

TEST_CASE("whatever the texts are, a page is well formed and has no script") {
  for (const std::string& text :
       {kHostile, std::string(), std::string("]]> --> </style> </main>"), std::string(5000, '<')}) {
    const std::string html = full_page(text).html();
    CHECK(markup_fault(html) == "");
    CHECK(count(html, "<script") == 0);
    CHECK(count(html, "\xFF") == 0);
  }
}

TEST_CASE("a page's texts are shown as they were given") {
  const std::string html = full_page("a < b").html();
  CHECK_THAT(html, ContainsSubstring("<h1>a &lt; b</h1><p>a &lt; b</p>"));
  CHECK_THAT(html, ContainsSubstring("<h2>a &lt; b</h2>"));
  CHECK_THAT(html, ContainsSubstring("<strong>Warning:</strong> a &lt; b"));
  CHECK_THAT(html, ContainsSubstring("<dt>a &lt; b</dt><dd>a &lt; b</dd>"));
  CHECK_THAT(html, ContainsSubstring("<figcaption>a &lt; b</figcaption>"));
  CHECK(test::texts_of(html, "title").front() == "a &lt; b");
}

TEST_CASE("a page needs nothing from elsewhere") {
  const std::string html = full_page("x").html();
  CHECK(count(html, "src=") == 0);
  CHECK(count(html, "href=") == 0);
  CHECK(count(html, "http") == count(html, "http://www.w3.org/2000/svg") + count(html, "http-equiv"));
  CHECK_THAT(html, ContainsSubstring("default-src 'none'"));
  CHECK_THAT(html, ContainsSubstring("name=\"viewport\""));
}

TEST_CASE("figures in a row share a grid") {
  Page page("x");
  page.figure("<svg/>");
  page.figure("<svg/>");
  page.heading("between");
  page.figure("<svg/>");
  CHECK(count(page.html(), "class=\"figures\"") == 2);
  CHECK(count(page.html(), "<figure>") == 3);
  CHECK(count(page.html(), "<figcaption>") == 0);
  CHECK(markup_fault(page.html()).empty());
}

TEST_CASE("columns of numbers are right-aligned, others left-aligned") {
  Page page("x");
  page.table({"run", "loss", "time"}, {{"1", "0.41", "3 h"}, {"2", "-"}, {"3", "1.5e-5", "2 h"}});
  const std::string html = page.html();
  CHECK_THAT(html, ContainsSubstring(R"(<th scope="col">run</th><th scope="col" class="number">loss</th>)"));
  CHECK_THAT(html, ContainsSubstring(R"(<td class="number">0.41</td><td>3 h</td>)"));
  CHECK_THAT(html, ContainsSubstring(R"(<tr><th scope="row">2</th><td class="number">-</td><td></td></tr>)"));
}

TEST_CASE("a row with more cells than the header is an internal error") {
  Page page("x");
  CHECK_THROWS_AS(page.table({"a"}, {{"1", "2"}}), InternalError);
}
