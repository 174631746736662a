// A corpus file: whatever the bytes are, plain or packed, they are read as documents or refused; and what was read is
// clean UTF-8, and cut into windows that hold all of it.
#include "retrieval/corpus/clean_utf8.hpp"
#include "retrieval/corpus/cutter.hpp"
#include "retrieval/corpus/open_documents.hpp"
#include "retrieval/corpus/sections.hpp"
#include "support/errors.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace sciexam;

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check_windows(std::string_view text) {
  std::uint64_t covered = 0;
  for (const Window& window : cut_windows(text, {.words = 20, .overlap_sentences = 2})) {
    require(window.bytes > 0 && window.bytes <= kMostWindowBytes && window.begin + window.bytes <= text.size());
    require(window.begin <= covered ||
            text.substr(covered, window.begin - covered).find_first_not_of(" \t\n\v\f\r") == std::string_view::npos);
    require(is_clean_utf8(text.substr(window.begin, window.bytes)));
    covered = window.begin + window.bytes;
  }
  require(text.find_first_not_of(" \t\n\v\f\r", covered) == std::string_view::npos);
}

void check_document(const SourceDocument& document) {
  require(!document.id.empty() && !document.text.empty() && document.row > 0);
  for (const std::string* text : {&document.id, &document.title, &document.text, &document.timestamp})
    require(is_clean_utf8(*text));
  const std::string kept = without_reference_sections(document.text);
  require(kept.size() <= document.text.size());
  check_windows(kept);
  check_windows(document.text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    const std::unique_ptr<DocumentReader> reader = open_documents(ByteSource::of(std::move(bytes), "corpus"));
    std::size_t row = 0;
    while (const std::optional<DocumentReader::Result> result = reader->next()) {
      if (const auto* const document = std::get_if<SourceDocument>(&*result)) {
        check_document(*document);
        require(document->row > row);
        row = document->row;
      }
    }
  } catch (const InputError&) { // refused
  }
  return 0;
}
