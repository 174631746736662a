#include "tokenizer/unigram.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

/// [UNK] is 0, the pieces follow from 1.
std::vector<std::int32_t> segment(const std::vector<Piece>& pieces, std::string_view word) {
  std::vector<Piece> all = {{.text = "[UNK]"}};
  all.insert(all.end(), pieces.begin(), pieces.end());
  std::vector<std::int32_t> ids;
  Unigram(all, 0).segment(word, ids);
  return ids;
}

using Ids = std::vector<std::int32_t>;

} // namespace

TEST_CASE("the most probable segmentation is taken") {
  const std::vector<Piece> pieces = {{"a", -2}, {"b", -2}, {"c", -2}, {"ab", -3}, {"bc", -2.5f}};
  CHECK(segment(pieces, "abc") == Ids{1, 5}); // a+bc -4.5, ab+c -5, a+b+c -6
  CHECK(segment(pieces, "ab") == Ids{4});
  CHECK(segment(pieces, "") == Ids{});
}

TEST_CASE("adjacent unknown characters give one unknown piece") {
  const std::vector<Piece> pieces = {{"a", -1}};
  CHECK(segment(pieces, "xyz") == Ids{0});
  CHECK(segment(pieces, "xyaza") == Ids{0, 1, 0, 1});
  CHECK(segment(pieces, "\u65E5\u672Ca\U0001F600") == Ids{0, 1, 0});
}

TEST_CASE("an unknown piece is not joined to one of the word before") {
  const Unigram unigram({{.text = "[UNK]"}, {"a", -1}}, 0);
  Ids ids;
  unigram.segment("ax", ids);
  unigram.segment("x", ids);
  CHECK(ids == Ids{1, 0, 0});
}

TEST_CASE("an unknown character costs 10 more than the least probable piece") {
  const auto pieces = [](float b) { return std::vector<Piece>{{"ab", -1}, {"xa", -20}, {"b", b}}; };
  // the unknown x and ab: (-20 - 10) - 1 = -31; xa and b: -20 + b
  CHECK(segment(pieces(-10.5f), "xab") == Ids{2, 3});
  CHECK(segment(pieces(-11.5f), "xab") == Ids{0, 1});
}

TEST_CASE("of equal segmentations the one with the longer last piece is taken") {
  const std::vector<Piece> pieces = {{"a", -1}, {"aa", -2}};
  CHECK(segment(pieces, "aaa") == Ids{1, 2});
  CHECK(segment(pieces, "aaaa") == Ids{2, 2});
}

TEST_CASE("scores are added in double precision") {
  // In float 1e8 - 1 and 1e8 are the same number; then the longer last piece would win.
  const std::vector<Piece> pieces = {{"x", -1e8f}, {"a", -1}, {"b", -1}, {"ab", -3}};
  CHECK(segment(pieces, "xab") == Ids{1, 2, 3});
}
