// A program that is built without GPU support (SCIEXAM_GPU=OFF).
#include "gpu/device_set.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("built without GPU support, no device is found, and the finding says why") {
  for (const char* choice : {"auto", "cuda:0,1"}) {
    DeviceSet set(parse_device_choice(choice), {});
    CHECK(set.open().empty());
    REQUIRE(set.findings().size() == 1);
    CHECK(set.findings()[0].text == "none used: this program was built without GPU support (SCIEXAM_GPU=OFF)");
    CHECK_FALSE(set.findings()[0].used);
    CHECK(set.disappoints() == (std::string_view(choice) != "auto"));
  }
}
