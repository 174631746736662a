#include "tokenizer/small_model.hpp"

#include <cstdint>
#include <cstring>
#include <set>

namespace sciexam {
namespace {

using PieceProto = sentencepiece::ModelProto::SentencePiece;

/// Builds a double array as Darts-clone does, but takes the first place that is free.
class DoubleArrayBuilder {
public:
  /// Puts the keys with their values below the root.
  explicit DoubleArrayBuilder(const std::map<std::string, std::uint32_t>& keys) : units_(1024) {
    taken_.insert(0);
    place(0, keys);
  }
  const std::vector<std::uint32_t>& units() const { return units_; }

private:
  void place(std::uint32_t position, const std::map<std::string, std::uint32_t>& keys) {
    std::map<std::uint32_t, std::map<std::string, std::uint32_t>> children; // by label
    for (const auto& [key, value] : keys)
      if (key.empty())
        children[0]; // the node's own value
      else
        children[static_cast<unsigned char>(key[0])][key.substr(1)] = value;
    std::uint32_t base = 1;
    const auto is_free = [&] { // two nodes with one base would find each other's children
      if (bases_.contains(base))
        return false;
      for (const auto& [label, rest] : children)
        if (taken_.contains(base ^ label))
          return false;
      return true;
    };
    while (!is_free())
      ++base;
    bases_.insert(base);
    units_.at(position) |= (position ^ base) << 10;
    for (const auto& [label, rest] : children)
      taken_.insert(base ^ label);
    for (const auto& [label, rest] : children) {
      if (label == 0) {
        units_.at(position) |= 1u << 8;
        units_.at(base) = keys.at("") | 1u << 31;
        continue;
      }
      units_.at(base ^ label) = label;
      place(base ^ label, rest);
    }
  }

  std::vector<std::uint32_t> units_;
  std::set<std::uint32_t> taken_, bases_;
};

} // namespace

std::string make_character_map(const std::map<std::string, std::string>& rules) {
  std::string replacements;
  std::map<std::string, std::uint32_t> keys;
  for (const auto& [from, to] : rules) {
    keys[from] = static_cast<std::uint32_t>(replacements.size());
    replacements += to + '\0';
  }
  const std::vector<std::uint32_t> units = DoubleArrayBuilder(keys).units();
  const auto bytes = static_cast<std::uint32_t>(units.size() * sizeof units[0]);
  std::string map(sizeof bytes + bytes, '\0');
  std::memcpy(map.data(), &bytes, sizeof bytes);
  std::memcpy(map.data() + sizeof bytes, units.data(), bytes);
  return map + replacements;
}

sentencepiece::ModelProto small_model(const std::vector<std::pair<std::string, float>>& pieces) {
  sentencepiece::ModelProto model;
  const auto add = [&](const std::string& text, float score, PieceProto::Type type) {
    PieceProto& piece = *model.add_pieces();
    piece.set_piece(text);
    piece.set_score(score);
    piece.set_type(type);
  };
  for (const char* text : {"[PAD]", "[CLS]", "[SEP]"})
    add(text, 0, PieceProto::CONTROL);
  add("[UNK]", 0, PieceProto::UNKNOWN);
  for (const auto& [text, score] : pieces)
    add(text, score, PieceProto::NORMAL);
  model.mutable_trainer_spec()->set_model_type(sentencepiece::TrainerSpec::UNIGRAM);
  model.mutable_trainer_spec()->set_unk_id(3);
  return model;
}

} // namespace sciexam
