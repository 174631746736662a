#include "support/files/files.hpp"
#include "temporary_folder.hpp"
#include "tokenizer/small_model.hpp"
#include "tokenizer/tokenizer.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using PieceProto = sentencepiece::ModelProto::SentencePiece;

namespace {

using Ids = std::vector<std::int32_t>;

constexpr std::int32_t kPad = 0, kCls = 1, kSep = 2, kUnk = 3;
constexpr std::int32_t kStart = 4, kStartA = 5, kA = 6, kStartB = 7, kB = 8, kMask = 9;

sentencepiece::ModelProto proto() {
  auto model = small_model({{"\u2581", -4}, {"\u2581a", -1}, {"a", -2}, {"\u2581b", -1}, {"b", -2}});
  model.mutable_normalizer_spec()->set_precompiled_charsmap(
      make_character_map({{"\u200B", " "}, {"\uFF3B", "["}, {"\n", " "}}));
  return model;
}

Tokenizer small_tokenizer(const sentencepiece::ModelProto& model = proto()) {
  return Tokenizer::from_bytes(model.SerializeAsString(), "spm.model");
}

Ids ids(std::string_view text) {
  return small_tokenizer().encode(text, {}, {.add_special_tokens = false}).ids;
}

} // namespace

TEST_CASE("a text gets [CLS] in front and [SEP] behind") {
  CHECK(small_tokenizer().encode("a b") == Encoding{{kCls, kStartA, kStartB, kSep}, {0, 0, 0, 0}});
  CHECK(small_tokenizer().encode("") == Encoding{{kCls, kSep}, {0, 0}});
}

TEST_CASE("the second text of a pair has type 1, its [SEP] too") {
  CHECK(small_tokenizer().encode("a", "b b") ==
        Encoding{{kCls, kStartA, kSep, kStartB, kStartB, kSep}, {0, 0, 0, 1, 1, 1}});
  CHECK(small_tokenizer().encode("a", "") == Encoding{{kCls, kStartA, kSep, kSep}, {0, 0, 0, 1}});
  CHECK(small_tokenizer().encode("a", "b", {.add_special_tokens = false}) == Encoding{{kStartA, kStartB}, {0, 1}});
}

TEST_CASE("every word begins with a mark, at a space or at a mark in the text") {
  CHECK(ids("ab a") == Ids{kStartA, kB, kStartA});
  CHECK(ids("a\u2581b") == Ids{kStartA, kStartB});
  CHECK(ids("\u2581a") == Ids{kStartA});
  CHECK(ids("\u2581") == Ids{kStart});
  CHECK(ids("a\u2581\u2581b") == Ids{kStartA, kStart, kStartB});
  CHECK(ids("a\n\nb") == Ids{kStartA, kStartB});
}

TEST_CASE("a piece with a mark inside is never found") {
  auto model = proto();
  model.add_pieces()->set_piece("\u2581\u2581");
  CHECK(small_tokenizer(model).encode("\u2581\u2581b", {}, {.add_special_tokens = false}).ids == Ids{kStart, kStartB});
}

TEST_CASE("a space that the normalization leaves at an end is a word") {
  CHECK(ids("a\u200B") == Ids{kStartA, kStart});
  CHECK(ids("\u200Ba") == Ids{kStartA});
  CHECK(ids("\u200B") == Ids{kStart});
}

TEST_CASE("special tokens in a text are found, and the text between them is stripped") {
  CHECK(ids("[CLS] a [SEP] b [PAD][MASK]") == Ids{kCls, kStartA, kSep, kStartB, kPad, kMask});
  CHECK(ids("a[SEP]b") == Ids{kStartA, kSep, kStartB});
  CHECK(ids("[[SEP]]") == Ids{kStart, kUnk, kSep, kStart, kUnk});
}

TEST_CASE("[UNK] is found after the normalization, which leaves the spaces around it") {
  CHECK(ids("[UNK]") == Ids{kUnk});
  CHECK(ids("\uFF3BUNK]") == Ids{kUnk});
  CHECK(ids("a [UNK] b[UNK]") == Ids{kStartA, kStart, kUnk, kStartB, kUnk});
}

TEST_CASE("other special tokens are not found after the normalization") {
  CHECK(ids("\uFF3BMASK]") == Ids{kStart, kUnk});
}

TEST_CASE("user-defined pieces are found in the raw text, the longest first") {
  auto model = proto();
  for (const auto& [text, type] : {std::pair{"<x>", PieceProto::USER_DEFINED}, {"<x><y>", PieceProto::USER_DEFINED}}) {
    model.add_pieces()->set_piece(text);
    model.mutable_pieces(model.pieces_size() - 1)->set_type(type);
  }
  const auto encoding = small_tokenizer(model).encode("a<x><y> <x>", {}, {.add_special_tokens = false});
  CHECK(encoding.ids == Ids{kStartA, 10, 9});
}

TEST_CASE("[MASK] comes after the vocabulary where it is not one of its pieces") {
  CHECK(small_tokenizer().mask_id() == kMask);
  CHECK(small_tokenizer().vocabulary_size() == 10);
  auto model = proto();
  model.mutable_pieces(8)->set_piece("[MASK]");
  model.mutable_pieces(8)->set_type(PieceProto::USER_DEFINED);
  CHECK(small_tokenizer(model).mask_id() == 8);
  CHECK(small_tokenizer(model).vocabulary_size() == 9);
  CHECK(small_tokenizer(model).encode("[MASK]").ids == Ids{kCls, 8, kSep});
}

TEST_CASE("the special tokens' ids are those of their pieces") {
  const Tokenizer t = small_tokenizer();
  CHECK(t.pad_id() == kPad);
  CHECK(t.cls_id() == kCls);
  CHECK(t.sep_id() == kSep);
  CHECK(t.unk_id() == kUnk);
}

TEST_CASE("a vocabulary without the special tokens is refused") {
  for (const int id : {0, 1, 2, 3}) {
    auto model = proto();
    model.mutable_pieces(id)->set_piece("other");
    CHECK_THROWS_AS(small_tokenizer(model), InputError);
  }
  auto model = proto();
  model.mutable_pieces(3)->set_piece("<unk>");
  model.mutable_pieces(8)->set_piece("[UNK]");
  CHECK_THROWS_AS(small_tokenizer(model), InputError);
}

TEST_CASE("a text that is not UTF-8 is refused") {
  CHECK_THROWS_AS(small_tokenizer().encode("a\xFF"), InternalError);
}

TEST_CASE("longest_first shortens the longer text, then both") {
  const auto lengths = [](const char* text, const char* pair, int max_length) {
    const auto encoding = small_tokenizer().encode(text, pair, {false, Truncation::longest_first, max_length});
    const auto second = std::ranges::count(encoding.type_ids, 1);
    return std::pair(std::ssize(encoding.ids) - second, second);
  };
  CHECK(lengths("a a a", "b b", 5) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(3, 2));
  CHECK(lengths("a a a a a", "b b", 5) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(3, 2));
  CHECK(lengths("a", "b b b b b", 5) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(1, 4));
  CHECK(lengths("a a a a", "b b b", 5) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(3, 2));
  CHECK(lengths("a a a", "b b b", 5) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(2, 3));
  CHECK(lengths("a a a", "b b b", 0) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(0, 0));
}

TEST_CASE("only_first shortens the first text alone") {
  const EncodeOptions options{.add_special_tokens = true, .truncation = Truncation::only_first, .max_length = 6};
  CHECK(small_tokenizer().encode("a b a b", "b b", options).ids == Ids{kCls, kStartA, kSep, kStartB, kStartB, kSep});
  CHECK(small_tokenizer().encode("a b a b a b", {}, options).ids ==
        Ids{kCls, kStartA, kStartB, kStartA, kStartB, kSep});
  CHECK_THROWS_AS(small_tokenizer().encode("a", "b b b", options), TruncationError);
}

TEST_CASE("where only the special tokens have room, both texts are dropped") {
  const EncodeOptions options{.add_special_tokens = true, .truncation = Truncation::only_first, .max_length = 3};
  CHECK(small_tokenizer().encode("a", "b", options).ids == Ids{kCls, kSep, kSep});
}

TEST_CASE("special tokens count in max_length") {
  const auto encode = [](int max_length) {
    return small_tokenizer().encode("a b a b", "b", {true, Truncation::longest_first, max_length}).ids.size();
  };
  CHECK(encode(8) == 8);
  CHECK(encode(7) == 7);
  CHECK(encode(3) == 3);
  CHECK_THROWS_AS(encode(2), TruncationError);
}

TEST_CASE("truncation without max_length is refused, max_length without truncation does nothing") {
  CHECK_THROWS_AS(small_tokenizer().encode("a", {}, {.truncation = Truncation::longest_first}), UsageError);
  CHECK_THROWS_AS(small_tokenizer().encode("a", {}, {true, Truncation::longest_first, -1}), UsageError);
  CHECK(small_tokenizer().encode("a a a a", {}, {.max_length = 3}).ids.size() == 6);
}

TEST_CASE("a tokenizer is read from a file") {
  const test::TemporaryFolder folder;
  write_file_atomically(folder.path() / "spm.model", proto().SerializeAsString());
  CHECK(Tokenizer::from_file(folder.path() / "spm.model").encode("a").ids == Ids{kCls, kStartA, kSep});
  CHECK_THROWS_AS(Tokenizer::from_file(folder.path() / "missing.model"), UsageError);
}
