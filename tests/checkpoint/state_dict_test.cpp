#include "checkpoint/checkpoint.hpp"
#include "checkpoint/state_dict.hpp"
#include "checkpoint/written_files.hpp"
#include "support/errors.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

StateDict read_dict(const std::string& value) {
  const Pickle pickled(bytes_of(pickle::whole(value)), "x.ckpt", state_dict_globals());
  const Storages storages{"data/", {{"0", {100, 4, false}}}};
  return read_state_dict(pickled.root(), storages, "x.ckpt");
}

/// A dictionary of one tensor of this name.
std::string weights(const std::string& name) {
  return pickle::dictionary({{name, pickle::tensor(pickle::storage("FloatStorage", "0", 1), 0, {1}, {1})}});
}

void check_dict_refused(const std::string& value, const std::string& message) {
  CHECK_THROWS_MATCHES(read_dict(value), InputError, MessageMatches(ContainsSubstring(message)));
}

} // namespace

TEST_CASE("a state dict is found on its own and under the keys that training scripts use") {
  const StateDict alone = read_dict(weights("w"));
  REQUIRE(alone.tensors.size() == 1);
  CHECK(alone.key.empty());
  CHECK(alone.places[0].offset == 100);
  for (const char* key : {"state_dict", "model_state_dict", "model", "module", "weights", "anything"}) {
    const StateDict dict = read_dict(pickle::dictionary({{"epoch", pickle::integer(3)}, {key, weights("w")}}));
    CHECK(dict.key == key);
    CHECK(dict.tensors.at(0).name == "w");
    CHECK(dict.unused.empty());
  }
  const StateDict nested =
      read_dict(pickle::dictionary({{"epoch", "N"}, {"model", pickle::dictionary({{"state_dict", weights("w")}})}}));
  CHECK(nested.key == "model.state_dict");
}

TEST_CASE("of several state dicts the one with a usual name is taken, and the others are named") {
  const StateDict dict = read_dict(pickle::dictionary({{"ema", weights("e")}, {"model", weights("w")}}));
  CHECK(dict.tensors.at(0).name == "w");
  CHECK(dict.unused == std::vector<std::string>{"ema"});
  check_dict_refused(pickle::dictionary({{"first", weights("e")}, {"second", weights("w")}}),
                     "x.ckpt: holds several state dicts (first, second). Save only the one to use");
}

TEST_CASE("the note about other state dicts is the source's") {
  const TemporaryFolder folder;
  write_zip(folder / "x.bin",
            {{"a/data.pkl", pickle::whole(pickle::dictionary({{"ema", weights("e")}, {"model", weights("w")}}))},
             {"a/data/0", "1234"}});
  CHECK(open_checkpoint(folder / "x.bin")->notes() ==
        std::vector<std::string>{"the weights are those under \"model\"; not used: ema"});
}

TEST_CASE("plain data beside the weights is skipped") {
  const std::string number = pickle::global("numpy.core.multiarray", "scalar") +
                             pickle::tuple({pickle::global("numpy", "dtype") + pickle::tuple({pickle::text("f8")}) +
                                                "R" + pickle::tuple({pickle::integer(3)}) + "b",
                                            "C\x08"
                                            "12345678"}) +
                             "R";
  const std::string settings =
      pickle::global("argparse", "Namespace") + ")\x81" + pickle::dictionary({{"lr", "N"}}) + "b";
  const StateDict dict =
      read_dict(pickle::dictionary({{"best", number}, {"settings", settings}, {"state_dict", weights("w")}}));
  CHECK(dict.tensors.size() == 1);
}

TEST_CASE("dictionaries that hold each other, or nothing, are not state dicts") {
  // {"model": the same dictionary}
  check_dict_refused("}q\x01(" + pickle::text("model") + "h\x01u", "holds no tensors");
  check_dict_refused(pickle::dictionary({{"state_dict", "}"}, {"model", "N"}}), "holds no tensors");
  check_dict_refused("]", "does not hold a state dict");
}
