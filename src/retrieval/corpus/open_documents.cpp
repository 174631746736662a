#include "retrieval/corpus/open_documents.hpp"

#include "retrieval/corpus/cirrus_documents.hpp"
#include "retrieval/corpus/corpus_format.hpp"
#include "retrieval/corpus/csv_documents.hpp"
#include "retrieval/corpus/json_documents.hpp"
#include "retrieval/corpus/text_document.hpp"

namespace sciexam::inline retrieval {

std::unique_ptr<DocumentReader> open_documents(const std::filesystem::path& file) {
  if (std::error_code unknown; std::filesystem::is_directory(file, unknown))
    refuse_arrow_folder(file);
  return open_documents(ByteSource(file));
}

std::unique_ptr<DocumentReader> open_documents(ByteSource source) {
  constexpr std::size_t kBeginning = std::size_t{64} << 10;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (source.peek(kBeginning, 1).starts_with(kByteOrderMark))
    source.skip(kByteOrderMark.size());
  switch (find_corpus_format(source.peek().substr(0, kBeginning), source.file())) {
  case CorpusFormat::cirrus:
    return std::make_unique<CirrusDocuments>(std::move(source));
  case CorpusFormat::json_lines:
    return std::make_unique<JsonDocuments>(std::move(source));
  case CorpusFormat::csv:
    return std::make_unique<CsvDocuments>(std::move(source));
  case CorpusFormat::text:
    break;
  }
  return std::make_unique<TextDocument>(std::move(source));
}

} // namespace sciexam::inline retrieval
