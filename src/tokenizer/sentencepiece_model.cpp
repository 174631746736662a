#include "tokenizer/sentencepiece_model.hpp"

#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <cmath>
#include <limits>
#include <unordered_set>

#include <sentencepiece_model.pb.h>

namespace sciexam::inline tokenizer {
namespace {

using PieceProto = sentencepiece::ModelProto::SentencePiece;

[[noreturn]] void refuse_model(const std::filesystem::path& file, const std::string& problem) {
  throw InputError({.file = file}, problem, "Give the spm.model of a DeBERTa-v3 checkpoint");
}

void check_piece(const PieceProto& piece, int id, const std::filesystem::path& file) {
  const std::string place = "piece " + std::to_string(id);
  if (piece.piece().empty())
    refuse_model(file, place + " is empty");
  if (find_invalid_utf8(piece.piece()) != std::string_view::npos)
    refuse_model(file, place + " is not UTF-8");
  if (!std::isfinite(piece.score()))
    refuse_model(file, place + " (" + piece.piece() + ") has no finite score");
}

} // namespace

SentencePieceModel parse_sentencepiece_model(std::string_view bytes, const std::filesystem::path& file) {
  sentencepiece::ModelProto proto;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || proto.pieces_size() == 0)
    refuse_model(file, "this is not a SentencePiece model, or it is damaged");
  if (proto.trainer_spec().model_type() != sentencepiece::TrainerSpec::UNIGRAM)
    refuse_model(file, "this SentencePiece model is not of the unigram type");

  SentencePieceModel model;
  model.pieces.reserve(static_cast<std::size_t>(proto.pieces_size()));
  std::unordered_set<std::string_view> seen;
  int unknown_id = -1;
  for (int id = 0; id < proto.pieces_size(); ++id) {
    const PieceProto& piece = proto.pieces(id);
    check_piece(piece, id, file);
    if (!seen.insert(piece.piece()).second)
      refuse_model(file, "the piece " + piece.piece() + " occurs twice");
    if (piece.type() == PieceProto::UNKNOWN) {
      if (unknown_id != -1)
        refuse_model(file, "two pieces are of the unknown type");
      unknown_id = id;
    }
    const bool literal = piece.type() == PieceProto::CONTROL || piece.type() == PieceProto::USER_DEFINED;
    model.pieces.push_back({piece.piece(), piece.score(), literal});
  }
  // Hugging Face goes by the trainer's setting, SentencePiece by the piece's type.
  if (unknown_id == -1 || proto.trainer_spec().unk_id() != unknown_id)
    refuse_model(file, "the model's unk_id does not name its piece of the unknown type");
  model.unknown_id = unknown_id;
  model.character_map = proto.normalizer_spec().precompiled_charsmap();
  return model;
}

} // namespace sciexam::inline tokenizer
