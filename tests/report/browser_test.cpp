// How a browser lays the page out, where there is one.
#include "report/answer_report.hpp"
#include "report/bar_plot.hpp"
#include "report/index_report.hpp"
#include "report/line_plot.hpp"
#include "report/markup.hpp"
#include "report/sample_report.hpp"
#include "report/training_report.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <cstdio>
#include <cstdlib>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace sciexam;

namespace {

constexpr int kWidth = 400;

/// Long words wherever a user's text appears.
TrainingReport wide_report() {
  const std::string word(200, 'W');
  TrainingReport report = test::sample_report(3, 200);
  report.title = word;
  report.subtitle = word + " " + word;
  for (RunReport& run : report.runs) {
    run.name += " " + word;
    run.facts.emplace_back("fact " + word, word);
    run.warnings.push_back("/path/" + word);
  }
  report.settings.emplace_back(word, word);
  report.ensemble.emplace_back(word, word);
  return report;
}

AnswerReport wide_answers() {
  const std::string word(200, 'W');
  AnswerReport report = test::sample_answer_report();
  report.title = word;
  report.subtitle = word + " " + word;
  report.notices.push_back("/path/" + word);
  for (ModelReport& model : report.models)
    model.name += word;
  for (auto& [stage, seconds] : report.stages)
    stage += word;
  for (auto& [model, points] : report.calibration)
    model += word;
  for (UncertainQuestion& question : report.least_certain) {
    question.id = question.prompt = word;
    question.options.fill(word);
    for (auto& [model, probabilities] : question.probabilities)
      model += word;
  }
  report.highlights.emplace_back(word, word);
  report.facts.emplace_back(word, word);
  return report;
}

IndexReport wide_index() {
  const std::string word(200, 'W');
  IndexReport report = test::sample_index_report();
  report.title = word;
  report.subtitle = word + " " + word;
  report.highlights.emplace_back(word, word);
  report.parts.emplace_back(word, 5000);
  report.left_out.push_back({word, 7, {word, word}});
  report.files.push_back({word, 1, word});
  report.building.emplace_back(word, word);
  report.facts.emplace_back(word, word);
  return report;
}

/// The page with a script that reports its width to the enclosing document, and its width with something too wide in
/// it.
std::string measured(std::string html) {
  const std::string policy = R"(<meta http-equiv="Content-Security-Policy" content="default-src 'none'; )"
                             R"(style-src 'unsafe-inline'"/>)";
  const std::size_t at = html.find(policy);
  REQUIRE(at != std::string::npos);
  html.erase(at, policy.size()); // it forbids scripts
  return html.insert(html.find("</body>"), R"(<script>
const page = document.documentElement, wide = document.createElement("div");
const widths = [window.innerWidth, page.scrollWidth];
wide.style.width = "1000px";
wide.style.height = "1px";
document.body.append(wide);
parent.document.documentElement.setAttribute("data-widths", widths.concat(page.scrollWidth).join(" "));
</script>)");
}

/// A frame, because a browser window has a minimum width.
std::string framed(const std::string& html) {
  return "<!DOCTYPE html><title>frame</title><iframe style=\"border: 0; height: 800px; width: " +
         std::to_string(kWidth) + "px\" srcdoc=\"" + escape_markup(html) + "\"></iframe>";
}

/// The standard output of `command`.
std::string output_of(const std::string& command) {
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr)
    return text;
  char part[4096];
  while (const std::size_t length = std::fread(part, 1, sizeof part, pipe))
    text.append(part, length);
  ::pclose(pipe);
  return text;
}

/// The command of one of Debian's two packages of Chromium; skips the test where neither is installed.
std::string chromium() {
  std::string command = output_of("command -v chromium-headless-shell || command -v chromium");
  if (command.empty())
    SKIP("no Chromium here: install Debian's chromium-headless-shell or chromium");
  command.erase(command.find('\n'));
  return command;
}

/// A page's content after Chromium has run its scripts; nothing where it does not run.
std::string document_of(const std::string& html) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "page.html", html);
  return output_of("timeout 60 " + chromium() +
                   " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars"
                   " --user-data-dir='" +
                   (folder / "profile").string() + "' --dump-dom 'file://" + (folder / "page.html").string() +
                   "' 2>/dev/null");
}

/// For a data URL: all bytes as %XX.
std::string percent_encoded(const std::string& bytes) {
  std::string encoded;
  for (const char byte : bytes) {
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(byte));
    encoded += code;
  }
  return encoded;
}

} // namespace

TEST_CASE("nothing overflows a page of 400 pixels") {
  const std::string html =
      GENERATE_COPY(training_report(wide_report()), answer_report(wide_answers()), index_report(wide_index()));
  const std::string dom = document_of(framed(measured(html)));
  const std::size_t at = dom.find("data-widths=\"");
  if (at == std::string::npos)
    SKIP("Chromium does not run here");
  int window = 0, page = 0, too_wide = 0;
  REQUIRE(std::sscanf(dom.c_str() + at, "data-widths=\"%d %d %d\"", &window, &page, &too_wide) == 3);
  CHECK(window == kWidth);
  CHECK(page == window);
  CHECK(too_wide >= 1000); // what is too wide would have been seen
}

TEST_CASE("a standalone drawing is an image with a background and colours of its own") {
  const LinePlot plot{.title = "t", .x_label = "x", .y_label = "y", .series = {{"one", {{0, 1}, {1, 2}}}}};
  // on a canvas, which is transparent where nothing is drawn: the ground, and how much has the first series' blue
  const std::string dom =
      document_of(R"(<!DOCTYPE html><title>image</title><img id="drawing" src="data:image/svg+xml,)" +
                  percent_encoded(draw(plot, Shown::alone)) + R"("><script>
const drawing = document.getElementById("drawing");
drawing.onload = () => {
  const width = drawing.naturalWidth, height = drawing.naturalHeight;
  const context = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d");
  context.drawImage(drawing, 0, 0);
  const pixels = context.getImageData(0, 0, width, height).data, ground = 4 * (20 * width + 10);
  let blue = 0;
  for (let i = 0; i < pixels.length; i += 4)
    blue += pixels[i] == 0 && pixels[i + 1] == 0x72 && pixels[i + 2] == 0xb2;
  document.documentElement.setAttribute("data-seen", [width, pixels[ground], pixels[ground + 3], blue].join(" "));
};
</script>)");
  if (dom.find("<title>image") == std::string::npos)
    SKIP("Chromium does not run here");
  const std::size_t at = dom.find("data-seen=\"");
  REQUIRE(at != std::string::npos);
  int width = 0, red = 0, opacity = 0, blue = 0;
  REQUIRE(std::sscanf(dom.c_str() + at, "data-seen=\"%d %d %d %d\"", &width, &red, &opacity, &blue) == 4);
  CHECK(width == 640);
  CHECK(red == 255);
  CHECK(opacity == 255);
  CHECK(blue > 100);
}
