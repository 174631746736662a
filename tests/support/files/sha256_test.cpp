#include "support/files/sha256.hpp"

#include <algorithm>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// The examples of FIPS 180 (NIST, "SHA-256" example values) and of the empty message.
constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
constexpr std::string_view kTwoBlocksHash = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

} // namespace

TEST_CASE("SHA-256 gives the standard's example values") {
  CHECK(sha256_hex(bytes("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex(bytes("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex(bytes(kTwoBlocks)) == kTwoBlocksHash);
}

TEST_CASE("SHA-256 of a million times a, in uneven pieces") {
  Sha256 hash;
  const std::string piece(977, 'a');
  for (std::size_t left = 1'000'000; left > 0;) {
    const std::size_t length = std::min(left, piece.size());
    hash.update(bytes(piece).first(length));
    left -= length;
  }
  CHECK(hash.hex() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 does not depend on how the bytes are cut") {
  for (std::size_t cut = 0; cut <= kTwoBlocks.size(); ++cut) {
    Sha256 hash;
    hash.update(bytes(kTwoBlocks.substr(0, cut)));
    hash.update(bytes(kTwoBlocks.substr(cut)));
    CHECK(hash.hex() == kTwoBlocksHash);
  }
}
