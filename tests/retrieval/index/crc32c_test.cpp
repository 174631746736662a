#include "retrieval/index/crc32c.hpp"
#include "retrieval/index/small_pieces.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

TEST_CASE("CRC-32C is that of RFC 3720, appendix B.4") {
  std::string ascending;
  for (char c = 0; c < 32; ++c)
    ascending += c;
  CHECK(crc32c(bytes_of(std::string(32, '\0'))) == 0x8A9136AA);
  CHECK(crc32c(bytes_of(std::string(32, '\xFF'))) == 0x62A8AB43);
  CHECK(crc32c(bytes_of(ascending)) == 0x46DD794E);
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("a checksum can be made in pieces") {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32c(bytes_of(text.substr(cut)), crc32c(bytes_of(text.substr(0, cut)))) == crc32c(bytes_of(text)));
}
