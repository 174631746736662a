#include "checkpoint/pickle.hpp"
#include "checkpoint/written_files.hpp"
#include "support/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using namespace std::string_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Kind = PickleValue::Kind;

namespace {

constexpr std::string_view kAllowed[] = {"torch FloatStorage", "torch._utils _rebuild_tensor_v2"};

Pickle parse_pickle(std::string_view bytes) {
  return {bytes_of(bytes), "x.bin", kAllowed};
}

void check_pickle_refused(std::string_view bytes, const std::string& message) {
  CHECK_THROWS_MATCHES(parse_pickle(bytes), InputError, MessageMatches(ContainsSubstring(message)));
}

} // namespace

TEST_CASE("constants of all widths are read") {
  const auto integer = [](const std::string& value) { return parse_pickle(pickle::whole(value)).root().integer; };
  CHECK(integer("K\xff") == 255);
  CHECK(integer("M\x01\x02") == 513);
  CHECK(integer("J\xff\xff\xff\xff") == -1);
  CHECK(integer("\x8a\x00"s) == 0);
  CHECK(integer("\x8a\x01\xff") == -1);
  CHECK(integer("\x8a\x05\x00\x00\x00\x00\x01"s) == INT64_C(1) << 32);
  CHECK(integer("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f") == INT64_MAX);
  CHECK(integer("\x88") == 1);
  CHECK(parse_pickle(pickle::whole("\x89")).root().kind == Kind::boolean);
  CHECK(parse_pickle(pickle::whole("N")).root().kind == Kind::none);
  CHECK(parse_pickle(pickle::whole("G\x3f\xf0\x00\x00\x00\x00\x00\x00"s)).root().kind == Kind::real);
  CHECK(parse_pickle(pickle::whole("X\x02\x00\x00\x00\xc3\xa9"s)).root().text == "\xc3\xa9");
  CHECK(parse_pickle(pickle::whole("\x8c\x01z")).root().text == "z");
  CHECK(parse_pickle(pickle::whole("\x8d\x01\x00\x00\x00\x00\x00\x00\x00z"s)).root().text == "z");
  CHECK(parse_pickle(pickle::whole("C\x02\xff\x00"s)).root().text == "\xff\x00"s);
  CHECK(parse_pickle(pickle::whole("B\x01\x00\x00\x00\xff"s)).root().kind == Kind::bytes);
}

TEST_CASE("containers, marks and the memo work together") {
  // {"a": [1, 2, 3], "b": (that list,)} with the list memoized, and a pair that is popped
  const Pickle document = parse_pickle("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}(X\x01\x00\x00\x00"
                                       "a]\x94(K\x01K\x02"
                                       "eK\x03"
                                       "aX\x01\x00\x00\x00"
                                       "bh\x00\x85uK\x01K\x02\x86"
                                       "0."s);
  const PickleValue* list = document.root().find("a");
  REQUIRE(list != nullptr);
  CHECK(list->kind == Kind::list);
  CHECK(list->items.size() == 3);
  const PickleValue* tuple = document.root().find("b");
  REQUIRE(tuple != nullptr);
  CHECK(tuple->items == std::vector<const PickleValue*>{list});
  CHECK(document.root().find("c") == nullptr);
  CHECK(list->find("a") == nullptr);
}

TEST_CASE("a value may contain itself") {
  const Pickle document = parse_pickle("\x80\x02]q\x00h\x00"
                                       "a."s);
  CHECK(document.root().items[0] == &document.root());
}

TEST_CASE("imports and calls are recorded, not carried out") {
  const Pickle document = parse_pickle("\x80\x02"
                                       "ctorch._utils\n_rebuild_tensor_v2\n(K\x01tR."s);
  CHECK(document.root().kind == Kind::call);
  CHECK(document.root().text == "torch._utils _rebuild_tensor_v2");
  CHECK(document.root().items[0]->items[0]->integer == 1);
  CHECK(parse_pickle("\x80\x04\x8c\x05torch\x8c\x0c"
                     "FloatStorage\x93.")
            .root()
            .kind == Kind::global);
  CHECK(parse_pickle(pickle::whole(pickle::text("id") + "Q")).root().items[0]->text == "id");
}

TEST_CASE("an OrderedDict with attributes is a dictionary") {
  const Pickle document =
      parse_pickle(pickle::whole(pickle::global("collections", "OrderedDict") + ")R(" + pickle::text("w") + "K\x01u" +
                                 pickle::dictionary({{"_metadata", "}"}}) + "b"));
  REQUIRE(document.root().kind == Kind::dictionary);
  CHECK(document.root().find("w")->integer == 1);
}

TEST_CASE("objects of allowed classes are recorded, whatever is put into them") {
  // a path, made by NEWOBJ, with attributes, an item and a member added
  const Pickle document = parse_pickle(
      pickle::whole(pickle::global("torch", "FloatStorage") + ")\x81}bK\x01" + "a" + pickle::text("x") + "K\x02s"));
  CHECK(document.root().kind == Kind::call);
  CHECK(document.root().items.size() == 1);
  CHECK(parse_pickle("\x80\x04\x8f(K\x01K\x02\x90.").root().items.size() == 2); // a set
}

TEST_CASE("a pickle ends at STOP, whatever follows") {
  const std::string first = pickle::whole("K\x01");
  const Pickle document = parse_pickle(first + "anything");
  CHECK(document.size() == first.size());
  CHECK(document.root().integer == 1);
  CHECK(parse_pickle(pickle::whole("(K\x01K\x02t")).values().size() >= 3);
  check_pickle_refused("\x80\x02" + std::string(kMaxPickleBytes, '\x88') + "0.", "is longer than 16 MB");
}

TEST_CASE("any other import is refused by name") {
  check_pickle_refused(pickle::whole(pickle::global("os", "system") + pickle::tuple({pickle::text("true")}) + "R"),
                       "wants to import os.system");
  check_pickle_refused("\x80\x04\x8c\x08"
                       "builtins\x8c\x04"
                       "eval\x93.",
                       "wants to import builtins.eval");
  check_pickle_refused(pickle::whole(pickle::global("torch", "_utils _rebuild_tensor_v2")),
                       "wants to import torch._utils");
  check_pickle_refused(pickle::whole(pickle::global("collections", "OrderedDict x")), "wants to import");
}

TEST_CASE("a call of anything but an import is refused") {
  check_pickle_refused(pickle::whole(pickle::text("os.system") + ")R"), "calls something that is not a global");
  check_pickle_refused(pickle::whole(pickle::global("torch", "FloatStorage") + "K\x01R"), "calls something");
  check_pickle_refused(pickle::whole(pickle::global("collections", "OrderedDict") + "(K\x01tR"),
                       "fills an OrderedDict");
  check_pickle_refused(pickle::whole(pickle::global("torch", "FloatStorage") + "}b"), "sets attributes");
  check_pickle_refused("\x80\x04K\x01\x8c\x01x\x93.", "names a global by something that is not text");
}

TEST_CASE("a damaged pickle is refused") {
  check_pickle_refused("", "ends too early");
  check_pickle_refused("\x80\x02", "ends too early");
  check_pickle_refused("\x80\x02.", "takes from an empty stack");
  check_pickle_refused("\x80\x01N.", "has protocol 1");
  check_pickle_refused("\x80\x06N.", "has protocol 6");
  check_pickle_refused("\x80\x02X\xff\xff\xff\xff.", "ends too early");
  check_pickle_refused("\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", "ends too early");
  check_pickle_refused("\x80\x02"
                       "ctorch",
                       "ends too early");
  check_pickle_refused("\x80\x02\x8c\x01\xff.", "not UTF-8");
  check_pickle_refused("\x80\x02"
                       "c\xff\nx\n.",
                       "not UTF-8");
  check_pickle_refused("\x80\x02\x8a\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01.", "more than 64 bits");
  check_pickle_refused("\x80\x02h\x05.", "unknown value 5");
  check_pickle_refused("\x80\x02t.", "lacks a mark");
  check_pickle_refused("\x80\x02(.", "takes from an empty stack");
  check_pickle_refused("\x80\x02(\x85.", "takes from an empty stack");
  check_pickle_refused("\x80\x02NNa.", "adds items to something");
  check_pickle_refused("\x80\x02}(Nu.", "adds items to something");
  check_pickle_refused("\x80\x02i.", "uses opcode 105");
}
