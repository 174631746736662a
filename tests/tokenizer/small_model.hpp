// Small SentencePiece models made in memory.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <sentencepiece_model.pb.h>

namespace sciexam {

/// The bytes of a character map (see CharacterMap) with these rules.
std::string make_character_map(const std::map<std::string, std::string>& rules);

/// A unigram model: [PAD] 0, [CLS] 1, [SEP] 2, [UNK] 3, then the given pieces
/// with their scores from id 4.
sentencepiece::ModelProto small_model(const std::vector<std::pair<std::string, float>>& pieces);

} // namespace sciexam
