// JSON lines: an object a line, as wikiextractor and Hugging Face's exports give them.
#pragma once

#include "retrieval/corpus/document_reader.hpp"
#include "retrieval/corpus/json_fields.hpp"
#include "retrieval/corpus/line_reader.hpp"

namespace sciexam::inline retrieval {

/// See open_documents(). A line without text in any member is an InputError; one whose text is empty is dropped.
class JsonDocuments final : public DocumentReader {
public:
  explicit JsonDocuments(ByteSource source);

  std::optional<Result> next() override;
  std::string_view format() const noexcept override { return "JSON lines"; }
  std::uint64_t replaced() const noexcept override { return lines_.replaced() + fields_.replaced(); }
  std::uint64_t bytes_read() const noexcept override { return lines_.source().bytes_read(); }

private:
  [[noreturn]] void fail(const std::string& problem) const;
  std::string take(JsonField& field, const char* what) const;

  LineReader lines_;
  JsonFields fields_;
  std::string stem_;
};

} // namespace sciexam::inline retrieval
