// Plain text: a file is a document.
#pragma once

#include "retrieval/corpus/byte_source.hpp"
#include "retrieval/corpus/document_reader.hpp"

namespace sciexam::inline retrieval {

/// See open_documents(). Throws InputError for a file of more than LineReader::kMaxLineBytes.
class TextDocument final : public DocumentReader {
public:
  explicit TextDocument(ByteSource source) : source_(std::move(source)) {}

  std::optional<Result> next() override;
  std::string_view format() const noexcept override { return "plain text"; }
  std::uint64_t replaced() const noexcept override { return replaced_; }
  std::uint64_t bytes_read() const noexcept override { return source_.bytes_read(); }

private:
  ByteSource source_;
  bool done_ = false;
  std::uint64_t replaced_ = 0;
};

} // namespace sciexam::inline retrieval
