// CirrusSearch dumps: what Wikimedia's search index holds, with text as readers see it.
#pragma once

#include "retrieval/corpus/document_reader.hpp"
#include "retrieval/corpus/json_fields.hpp"
#include "retrieval/corpus/line_reader.hpp"

namespace sciexam::inline retrieval {

/// See open_documents(). Throws InputError also for an action line without a document, and a document without one.
class CirrusDocuments final : public DocumentReader {
public:
  explicit CirrusDocuments(ByteSource source);

  std::optional<Result> next() override;
  std::string_view format() const noexcept override { return "CirrusSearch dump"; }
  std::uint64_t replaced() const noexcept override { return lines_.replaced() + fields_.replaced(); }
  std::uint64_t bytes_read() const noexcept override { return lines_.source().bytes_read(); }

private:
  bool next_line();
  bool is_action();
  [[noreturn]] void fail(std::size_t row, const std::string& problem) const;

  LineReader lines_;
  JsonFields fields_;
  std::string stem_;
};

/// True if `line` is a dump's action line: {"index": {..}}.
bool is_cirrus_action(std::string_view line);

} // namespace sciexam::inline retrieval
