// What a corpus file gives, whatever its format; open_documents.hpp opens one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace sciexam::inline retrieval {

/// Its strings are clean UTF-8 (clean_utf8.hpp), id and title of one line.
struct SourceDocument {
  std::string id;    ///< the file's; where it gives none, "FILE-STEM:ROW"
  std::string title; ///< may be empty; "Title: section" where the file has sections
  std::string text;
  std::string timestamp = {}; ///< when it was last changed, as the file says it; mostly empty
  std::size_t row = 0;        ///< line of the file, from 1; of a CSV file, the row
};

/// One that is in the file and does not belong into an index.
struct DroppedDocument {
  enum class Reason { redirect, other_namespace, empty };
  Reason reason;
  std::string title;
  std::size_t row = 0;
};

/// "redirect", "other namespace", "empty".
std::string_view name_of(DroppedDocument::Reason reason);

/// Reads one file from beginning to end, in one thread, with one document in memory.
class DocumentReader {
public:
  using Result = std::variant<SourceDocument, DroppedDocument>;

  virtual ~DocumentReader() = default;

  /// The next document; nothing after the last one. Throws InputError with file and row if there is anything else in
  /// the file, or if it is damaged; WorkError if it cannot be read.
  virtual std::optional<Result> next() = 0;
  /// "CirrusSearch dump", "JSON lines", "CSV", "plain text".
  virtual std::string_view format() const noexcept = 0;
  /// Ill-formed UTF-8 sequences that have become U+FFFD so far.
  virtual std::uint64_t replaced() const noexcept = 0;
  /// Bytes of the file read so far, packed as they lie there.
  virtual std::uint64_t bytes_read() const noexcept = 0;
};

} // namespace sciexam::inline retrieval
