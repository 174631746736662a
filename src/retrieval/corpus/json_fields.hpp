// Some members of a JSON object, by nlohmann's SAX parser: the others are skipped without being kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// The value of a member of a JSON object.
struct JsonField {
  enum class Kind : std::uint8_t { missing, null, boolean, number, string, array, object };
  Kind kind = Kind::missing;
  std::string text; ///< of a string, as clean UTF-8; of a number or boolean, as JSON has it
};

/// Picks wanted members out of one object after another. Names are compared as plain_name (data/tables/table.hpp)
/// writes them; "a.b" is b of the object that is member a, which then must be wanted, too.
class JsonFields {
public:
  explicit JsonFields(std::vector<std::string> names);

  /// Parses `line`, which is clean UTF-8, and keeps the members' values (of several of one name, the last). Returns
  /// what is wrong with it, or nothing: "is no JSON from its byte 7 on", "is no JSON object". Escaped halves of
  /// surrogate pairs, which only some writers let through, become U+FFFD.
  std::optional<std::string> parse(std::string_view line);

  /// The member `names[number]` of the line last parsed; its text can be taken away.
  JsonField& operator[](std::size_t number) { return fields_[number]; }
  /// The first of the members [begin, end) that is not null; else one that is null, else one that is missing.
  JsonField& first_of(std::size_t begin, std::size_t end);
  /// Ill-formed escapes that were replaced so far.
  std::uint64_t replaced() const noexcept { return replaced_; }

private:
  class Handler;

  std::vector<std::string> names_;
  std::vector<JsonField> fields_;
  std::uint64_t replaced_ = 0;
};

} // namespace sciexam::inline retrieval
