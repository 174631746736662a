#include "support/errors.hpp"
#include "tokenizer/sentencepiece_model.hpp"
#include "tokenizer/small_model.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using PieceProto = sentencepiece::ModelProto::SentencePiece;

namespace {

SentencePieceModel parse(const sentencepiece::ModelProto& proto) {
  return parse_sentencepiece_model(proto.SerializeAsString(), "spm.model");
}

} // namespace

TEST_CASE("a model's pieces, unknown piece and character map are read") {
  auto proto = small_model({{"\u2581a", -1.5f}});
  proto.mutable_pieces(4)->set_type(PieceProto::USER_DEFINED);
  proto.mutable_normalizer_spec()->set_precompiled_charsmap("map");
  const SentencePieceModel model = parse(proto);
  REQUIRE(model.pieces.size() == 5);
  CHECK(model.unknown_id == 3);
  CHECK(model.character_map == "map");
  CHECK(model.pieces[1].text == "[CLS]");
  CHECK(model.pieces[1].literal);
  CHECK_FALSE(model.pieces[3].literal);
  CHECK(model.pieces[4].text == "\u2581a");
  CHECK(model.pieces[4].score == -1.5f);
  CHECK(model.pieces[4].literal);
}

TEST_CASE("anything but a SentencePiece model is refused, naming the file") {
  const auto refused = MessageMatches(ContainsSubstring("dir/spm.model: this is not a SentencePiece model"));
  CHECK_THROWS_MATCHES(parse_sentencepiece_model("", "dir/spm.model"), InputError, refused);
  CHECK_THROWS_MATCHES(parse_sentencepiece_model("{\"model\": 1}", "dir/spm.model"), InputError, refused);
  const std::string bytes = small_model({{"a", -1}}).SerializeAsString();
  CHECK_THROWS_MATCHES(parse_sentencepiece_model(bytes.substr(0, bytes.size() - 1), "dir/spm.model"), InputError,
                       refused);
}

TEST_CASE("a model that contradicts itself or is of another kind is refused") {
  auto proto = small_model({{"a", -1}, {"b", -2}});
  REQUIRE_NOTHROW(parse(proto));
  const auto refused = [&](const char* problem) {
    CHECK_THROWS_MATCHES(parse(proto), InputError, MessageMatches(ContainsSubstring(problem)));
  };
  SECTION("not unigram") {
    proto.mutable_trainer_spec()->set_model_type(sentencepiece::TrainerSpec::BPE);
    refused("not of the unigram type");
  }
  SECTION("an empty piece") {
    proto.mutable_pieces(5)->clear_piece();
    refused("piece 5 is empty");
  }
  SECTION("a piece that is not UTF-8") {
    proto.mutable_pieces(5)->set_piece("\xC3");
    refused("piece 5 is not UTF-8");
  }
  SECTION("a score that is no number") {
    proto.mutable_pieces(4)->set_score(std::numeric_limits<float>::quiet_NaN());
    refused("piece 4 (a) has no finite score");
  }
  SECTION("a piece twice") {
    proto.mutable_pieces(5)->set_piece("a");
    refused("the piece a occurs twice");
  }
  SECTION("two unknown pieces") {
    proto.mutable_pieces(5)->set_type(PieceProto::UNKNOWN);
    refused("two pieces are of the unknown type");
  }
  SECTION("no unknown piece") {
    proto.mutable_pieces(3)->set_type(PieceProto::NORMAL);
    proto.mutable_trainer_spec()->set_unk_id(-1);
    refused("unk_id");
  }
  SECTION("unk_id names another piece") {
    proto.mutable_trainer_spec()->set_unk_id(0);
    refused("unk_id");
  }
}
