#include "retrieval/corpus/text_document.hpp"

#include "retrieval/corpus/clean_utf8.hpp"
#include "retrieval/corpus/document_fields.hpp"
#include "retrieval/corpus/line_reader.hpp"
#include "support/errors.hpp"

namespace sciexam::inline retrieval {

std::optional<DocumentReader::Result> TextDocument::next() {
  if (done_)
    return std::nullopt;
  done_ = true;
  std::string bytes;
  for (std::string_view block; !(block = source_.peek()).empty(); source_.skip(block.size())) {
    if (bytes.size() + block.size() > LineReader::kMaxLineBytes)
      throw InputError({source_.file()},
                       "is a text of more than " + std::to_string(LineReader::kMaxLineBytes >> 20) + " MiB",
                       "Split it into a file an article, or make JSON lines of it");
    bytes += block;
  }
  std::string text;
  replaced_ = append_clean_utf8(bytes, text);
  const std::string stem = stem_of(source_.file());
  return make_document({.id = source_.file().filename().string(), .title = stem, .text = std::move(text)}, 1, stem);
}

} // namespace sciexam::inline retrieval
