#include "report/index_report.hpp"
#include "report/sample_report.hpp"
#include "report/tags.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using test::count;

TEST_CASE("an index's page is well formed, with plots of lengths and of sizes") {
  const std::string html = index_report(test::sample_index_report());
  CHECK(test::markup_fault(html) == "");
  CHECK(count(html, "<svg") == 2);
  CHECK_THAT(html, ContainsSubstring("<title>Lengths</title>") && ContainsSubstring("<title>Size by part</title>"));
  CHECK_THAT(html, ContainsSubstring("<title>40: 700</title>")); // a bar's tooltip
  CHECK_THAT(html, ContainsSubstring("<title>texts: 2.5</title>"));
  CHECK_THAT(html, ContainsSubstring("<dt>articles</dt><dd>250</dd>"));
  CHECK(index_report(test::sample_index_report()) == html);
}

TEST_CASE("an index's page has the bytes of each part, those of a passage, and their sum") {
  const std::string html = index_report(test::sample_index_report());
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">postings</th><td class=\"number\">100000</td>"
                                     "<td class=\"number\">100.0</td>"));
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">all</th><td class=\"number\">2600000</td>"
                                     "<td class=\"number\">2600.0</td>"));
}

TEST_CASE("an index's page says what was left out, how much that is, and gives examples as they are") {
  IndexReport report = test::sample_index_report();
  const std::string html = index_report(report);
  CHECK_THAT(html, ContainsSubstring("<th scope=\"row\">redirect</th><td class=\"number\">50</td>"
                                     "<td class=\"number\">16.67 %</td>"
                                     "<td>A &lt;b&gt; (dump.json, row 2); B (dump.json, row 4)</td>"));
  report.left_out.clear();
  CHECK_THAT(index_report(report), ContainsSubstring("Nothing: every document of the corpus"));
}

TEST_CASE("an index's page has the corpus's files, and what is not known is not there") {
  IndexReport report = test::sample_index_report();
  const std::string html = index_report(report);
  CHECK_THAT(html,
             ContainsSubstring("<th scope=\"row\">dump.json</th><td class=\"number\">9000</td><td>0123abcd</td>"));
  CHECK_THAT(html,
             ContainsSubstring("<th scope=\"row\">-</th><td class=\"number\">-</td><td>not a file: not hashed</td>"));
  CHECK_THAT(html, ContainsSubstring("<h2>Building</h2>"));
  report.building.clear();
  report.files.clear();
  report.lengths.clear();
  const std::string less = index_report(report);
  CHECK(test::markup_fault(less) == "");
  CHECK_THAT(less, !ContainsSubstring("<h2>Building</h2>") && !ContainsSubstring("<h2>Corpus</h2>"));
  CHECK_THAT(less, ContainsSubstring(">no data yet</text>"));
}
