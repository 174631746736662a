#include "support/files/files.hpp"
#include "support/messages/progress.hpp"
#include "temporary_folder.hpp"

#include <functional>
#include <map>
#include <sstream>
#include <thread>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

using namespace sciexam;
using Catch::Matchers::EndsWith;
using Catch::Matchers::Matches;
using Catch::Matchers::StartsWith;

namespace {

/// Runs `work` with standard error going to `descriptor`.
void with_standard_error(int descriptor, const std::function<void()>& work) {
  const int before = ::dup(STDERR_FILENO);
  ::dup2(descriptor, STDERR_FILENO);
  work();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
}

std::string written_to_file(const std::function<void()>& work) {
  const test::TemporaryFolder folder;
  const int file = ::open((folder / "stderr").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  with_standard_error(file, work);
  ::close(file);
  return read_text_file(folder / "stderr");
}

/// What `work` writes to a terminal; it must be less than the kernel keeps for a reader (4 kB).
std::string written_to_terminal(const std::function<void()>& work) {
  int main_end = -1, terminal = -1;
  if (::openpty(&main_end, &terminal, nullptr, nullptr, nullptr) != 0)
    SKIP("no pseudo-terminal is available here");
  with_standard_error(terminal, work);
  std::string text;
  pollfd more{main_end, POLLIN, 0};
  while (::poll(&more, 1, 1000) == 1) { // the kernel delivers the bytes in its own time
    char part[4096];
    const ssize_t length = ::read(main_end, part, sizeof part);
    if (length <= 0)
      break;
    text.append(part, static_cast<std::size_t>(length));
  }
  ::close(terminal);
  ::close(main_end);
  return text;
}

} // namespace

TEST_CASE("durations are written in their two largest units") {
  CHECK(format_duration(0) == "0 s");
  CHECK(format_duration(-3) == "0 s");
  CHECK(format_duration(12.4) == "12 s");
  CHECK(format_duration(59.5) == "1 min 00 s");
  CHECK(format_duration(200) == "3 min 20 s");
  CHECK(format_duration(3599) == "59 min 59 s");
  CHECK(format_duration(3599.6) == "1 h 00 min");
  CHECK(format_duration(3720) == "1 h 02 min");
  CHECK(format_duration(360000) == "100 h 00 min");
}

TEST_CASE("a message is one line on standard error") {
  CHECK(written_to_file([] { log_line("reading test.csv"); }) == "reading test.csv\n");
}

TEST_CASE("in a file progress is one line at the end, with percentage, rate and time") {
  const std::string text = written_to_file([] {
    Progress progress("model 1 of 3", 200, "tokens");
    progress.advance(50);
    progress.advance(150);
    progress.finish();
  });
  CHECK_THAT(text, Matches("model 1 of 3 100 %  [0-9]+ tokens/s  took 0 s\n"));
}

TEST_CASE("progress never shows more than all of its work") {
  const std::string text = written_to_file([] {
    Progress progress("x", 10, "rows");
    progress.advance(25);
    progress.finish();
  });
  CHECK_THAT(text, StartsWith("x 100 %"));
}

TEST_CASE("work of unknown size has a rate, and neither percentage nor time left") {
  const std::string text = written_to_terminal([] {
    Progress progress("x", 0, "rows");
    progress.skip(1'000'000);
    ::usleep(250'000); // the line is redrawn every 200 ms
    progress.note("5 articles");
    progress.advance(5);
    progress.finish();
  });
  CHECK_THAT(text, Matches("\r\033\\[Kx   5 articles  [0-9]{1,2} rows/s  time left unknown"
                           "\r\033\\[Kx   5 articles  [0-9]{1,2} rows/s  took 0 s\r\n"));
}

TEST_CASE("work that an earlier process did is not in the rate, even if it is more than there is now") {
  const std::string text = written_to_file([] {
    Progress progress("x", 10, "rows");
    progress.skip(25);
    progress.finish();
  });
  CHECK_THAT(text, StartsWith("x 100 %  0 rows/s"));
}

TEST_CASE("on a terminal progress is a bar that a message clears") {
  const std::string text = written_to_terminal([] {
    Progress progress("x", 4, "rows");
    ::usleep(250'000); // the bar is redrawn every 200 ms
    progress.advance(2);
    log_line("a message");
    progress.advance(2);
    progress.finish();
  });
  CHECK_THAT(text, StartsWith("\r\033[Kx [############............]  50 %"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring(" left\r\033[Ka message\r\n"));
  CHECK_THAT(text, EndsWith("\r\n"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("[########################] 100 %"));
}

TEST_CASE("in a notebook, whose commands have a terminal of which every line is kept, progress is whole lines") {
  ::setenv("JPY_PARENT_PID", "1", 1);
  const std::string text = written_to_terminal([] {
    Progress progress("x", 4, "rows");
    ::usleep(250'000);
    progress.advance(2);
    progress.advance(2);
    progress.finish();
  });
  ::unsetenv("JPY_PARENT_PID");
  CHECK_THAT(text, Matches("x 100 %  [0-9]{1,2} rows/s  took 0 s\r\n"));
}

TEST_CASE("threads that log while a bar moves tear no line, and no work is lost") {
  constexpr std::uint64_t kSteps = 100'000;
  constexpr int kLines = 400;
  const std::string text = written_to_file([] {
    Progress progress("shared", 2 * kSteps, "rows");
    const auto work = [&](const std::string& name) {
      for (std::uint64_t i = 0; i < kSteps; ++i) {
        progress.advance(1);
        if (i % (kSteps / kLines) == 0)
          i % 2 == 0 ? log_line("message of " + name) : warn_line("warning of " + name);
        if (i % 1000 == 0)
          progress.note("noted by " + name);
      }
    };
    std::thread other(work, "the other thread");
    work("this thread");
    other.join();
    progress.finish();
  });
  std::istringstream lines(text);
  std::map<std::string, int> count;
  std::string last;
  for (std::string line; std::getline(lines, line); last = line)
    ++count[line];
  CHECK(count["message of this thread"] + count["warning of this thread"] == kLines);
  CHECK(count["message of the other thread"] + count["warning of the other thread"] == kLines);
  CHECK_THAT(last, StartsWith("shared 100 %  noted by "));
}

TEST_CASE("on a terminal, messages of other threads stand on lines of their own") {
  const std::string text = written_to_terminal([] {
    std::thread other([] {
      for (int i = 0; i < 20; ++i)
        log_line("message");
    });
    for (int i = 0; i < 20; ++i) {
      Progress progress("bar", 1, "rows");
      progress.advance(1);
      progress.finish();
    }
    other.join();
  });
  std::istringstream lines(text);
  int messages = 0, bars = 0;
  for (std::string line; std::getline(lines, line);) {
    messages += line == "message\r" || line == "\r\033[Kmessage\r";
    bars += line.starts_with("\r\033[Kbar [") && line.find("message") == std::string::npos;
  }
  CHECK(messages == 20);
  CHECK(bars == 20);
}
