#include "tokenizer/character_map.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"
#include "support/text/utf8.hpp"

#include <cstring>

namespace sciexam::inline tokenizer {
namespace {

// A unit of a double array, as Darts-clone packs it (darts.h, class DoubleArrayUnit).
bool has_value(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t value_of(std::uint32_t unit) {
  return unit & 0x7FFFFFFF;
}
std::uint32_t label_of(std::uint32_t unit) {
  return unit & 0x800000FF;
}
std::uint32_t offset_of(std::uint32_t unit) {
  return unit >> 10 << ((unit & 1u << 9) >> 6);
}

[[noreturn]] void refuse_map(const std::filesystem::path& file, const std::string& problem) {
  throw InputError({.file = file}, "the model's character map " + problem,
                   "The file is damaged: get it from its source again");
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

} // namespace

CharacterMap::CharacterMap(std::string_view bytes, const std::filesystem::path& file) {
  if (bytes.empty())
    return;
  std::uint32_t trie_bytes = 0;
  if (bytes.size() < sizeof trie_bytes)
    refuse_map(file, "is cut off");
  std::memcpy(&trie_bytes, bytes.data(), sizeof trie_bytes);
  bytes.remove_prefix(sizeof trie_bytes);
  if (trie_bytes > bytes.size() || trie_bytes % sizeof(std::uint32_t) != 0 || trie_bytes == 0)
    refuse_map(file,
               "names a trie of " + counted(trie_bytes, "byte") + " where there are " + std::to_string(bytes.size()));
  trie_.resize(trie_bytes / sizeof(std::uint32_t));
  std::memcpy(trie_.data(), bytes.data(), trie_bytes);
  replacements_ = bytes.substr(trie_bytes);
  check(file);
}

std::optional<std::string_view> CharacterMap::find(std::string_view text) const noexcept {
  if (trie_.empty())
    return std::nullopt;
  std::size_t node = offset_of(trie_[0]);
  for (const char character : text) {
    const auto label = static_cast<unsigned char>(character);
    const std::size_t child = node ^ label;
    // label 0 marks a node's own value, so a NUL character has no child
    if (label == 0 || child >= trie_.size() || label_of(trie_[child]) != label)
      return std::nullopt;
    node = child ^ offset_of(trie_[child]);
    if (has_value(trie_[child])) {
      const std::size_t start = value_of(trie_[node]);
      return std::string_view(replacements_).substr(start, replacements_.find('\0', start) - start);
    }
  }
  return std::nullopt;
}

std::string CharacterMap::bytes() const {
  if (trie_.empty())
    return {};
  const auto trie_bytes = static_cast<std::uint32_t>(trie_.size() * sizeof(std::uint32_t));
  std::string bytes(sizeof trie_bytes + trie_bytes, '\0');
  std::memcpy(bytes.data(), &trie_bytes, sizeof trie_bytes);
  std::memcpy(bytes.data() + sizeof trie_bytes, trie_.data(), trie_bytes);
  return bytes + replacements_;
}

// Visits every node that find() can reach, and makes sure that its value
// points to a replacement. A trie reaches each unit once, so more visits than units are a cycle.
void CharacterMap::check(const std::filesystem::path& file) const {
  if (find_invalid_utf8(replacements_) != std::string_view::npos)
    refuse_map(file, "has replacements that are not UTF-8");
  if (replacements_.empty() || replacements_.back() != '\0')
    refuse_map(file, "has an unterminated replacement");
  std::vector<std::size_t> open = {offset_of(trie_[0])};
  std::size_t visits = 0;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (++visits > trie_.size())
      refuse_map(file, "is not a trie: it has a cycle");
    for (std::uint32_t label = 1; label < 256; ++label) {
      const std::size_t child = node ^ label;
      if (child >= trie_.size() || label_of(trie_[child]) != label)
        continue;
      const std::size_t next = child ^ offset_of(trie_[child]);
      if (!has_value(trie_[child])) {
        open.push_back(next);
        continue;
      }
      if (next >= trie_.size() || value_of(trie_[next]) >= replacements_.size() ||
          is_continuation(replacements_[value_of(trie_[next])]))
        refuse_map(file, "points outside its replacements");
    }
  }
}

} // namespace sciexam::inline tokenizer
