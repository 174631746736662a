#include "tokenizer/base64.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("bytes go into base64 and come back") { // RFC 4648, section 10
  for (const auto& [bytes, text] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    CHECK(encode_base64(bytes) == text);
    CHECK(decode_base64(text) == bytes);
  }
  std::string all;
  for (int byte = 255; byte >= 0; --byte)
    all += static_cast<char>(byte);
  CHECK(decode_base64(encode_base64(all)) == all);
}

TEST_CASE("what is not base64 is refused") {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Zm-_"})
    CHECK_FALSE(decode_base64(text));
}
