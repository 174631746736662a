// Events as JSON lines.
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/messages/event_log.hpp"
#include "support/messages/progress.hpp"
#include "temporary_folder.hpp"

#include <sstream>
#include <thread>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using sciexam::test::TemporaryFolder;

TEST_CASE("every event is a line of JSON with time and name, readable at once") {
  const TemporaryFolder folder;
  open_event_log(folder / "log");
  log_event("begin", {{"questions", 3}});
  set_quiet(true);
  log_line("not \"shown\"");
  set_quiet(false);
  log_event("bad", {{"text", "\xff"}});
  std::istringstream lines(read_text_file(folder / "log"));
  std::vector<Json> events;
  for (std::string line; std::getline(lines, line);)
    events.push_back(Json::parse(line));
  REQUIRE(events.size() == 3);
  CHECK(events[0]["event"] == "begin");
  CHECK(events[0]["questions"] == 3);
  CHECK(events[0]["time"].get<double>() > 1.7e9);
  CHECK(events[1]["event"] == "message");
  CHECK(events[1]["text"] == "not \"shown\"");
  CHECK(events[2]["text"] == "\xEF\xBF\xBD");
}

TEST_CASE("a log that cannot be made is refused, one that can no longer be written is given up") {
  CHECK_THROWS_AS(open_event_log("/nowhere/log"), WorkError);
  open_event_log("/dev/full");
  CHECK_NOTHROW(log_event("a", Json::object()));
  CHECK_NOTHROW(log_event("b", Json::object()));
}

TEST_CASE("events of several threads are whole lines, also while another log is opened") {
  const TemporaryFolder folder;
  open_event_log(folder / "first");
  std::thread other([] {
    for (int i = 0; i < 500; ++i)
      log_event("other", {{"number", i}});
  });
  open_event_log(folder / "second");
  for (int i = 0; i < 500; ++i)
    log_event("this", {{"number", i}});
  other.join();
  int events = 0;
  for (const char* name : {"first", "second"}) {
    std::istringstream lines(read_text_file(folder / name));
    for (std::string line; std::getline(lines, line); ++events)
      CHECK(Json::parse(line).contains("number"));
  }
  CHECK(events == 1000);
}
