#include "retrieval/corpus/csv_documents.hpp"

#include "data/tables/column_names.hpp"
#include "data/tables/csv_table.hpp"
#include "data/tables/table.hpp"
#include "retrieval/corpus/clean_utf8.hpp"
#include "retrieval/corpus/document_fields.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <istream>
#include <streambuf>

namespace sciexam::inline retrieval {
namespace {

constexpr std::size_t kLongestCharacter = 4;

template <std::size_t N>
std::optional<std::size_t> find_column(const std::vector<std::string>& header, const std::string_view (&names)[N]) {
  for (const std::string_view name : names)
    for (std::size_t i = 0; i < header.size(); ++i)
      if (plain_name(header[i]) == name)
        return i;
  return std::nullopt;
}

/// How many bytes at the end of `bytes` may be the beginning of a character that goes on.
std::size_t begun_character(std::string_view bytes) {
  for (std::size_t back = 1; back < std::min(kLongestCharacter, bytes.size() + 1); ++back)
    if (const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]); byte >= 0xC0)
      return decode_utf8(bytes, bytes.size() - back).length == 0 ? back : 0;
    else if (byte < 0x80)
      return 0;
  return 0;
}

} // namespace

/// A file's bytes as a stream of clean UTF-8.
class CsvDocuments::CleanBytes : public std::streambuf {
public:
  explicit CleanBytes(ByteSource source) : source_(std::move(source)) {}

  ByteSource& source() { return source_; }
  std::uint64_t replaced() const { return replaced_; }
  void set_row(std::size_t row) { row_ = row; }

protected:
  int_type underflow() override {
    clean_.clear();
    std::string_view block = source_.peek(kLongestCharacter, row_);
    if (block.size() >= kLongestCharacter) // else it is the file's end
      block.remove_suffix(begun_character(block));
    replaced_ += append_clean_utf8(block, clean_);
    source_.skip(block.size());
    setg(clean_.data(), clean_.data(), clean_.data() + clean_.size());
    return clean_.empty() ? traits_type::eof() : traits_type::to_int_type(clean_.front());
  }

private:
  ByteSource source_;
  std::string clean_;
  std::size_t row_ = 1;
  std::uint64_t replaced_ = 0;
};

CsvDocuments::CsvDocuments(ByteSource source)
    : bytes_(std::make_unique<CleanBytes>(std::move(source))), stem_(stem_of(bytes_->source().file())) {
  const char separator = find_separator(bytes_->source().peek());
  auto stream = std::make_unique<std::istream>(bytes_.get());
  stream->exceptions(std::ios::badbit); // so that what the source throws comes through
  rows_.emplace(std::move(stream), bytes_->source().file(), CsvRules{.separator = separator});
  rows_->next(cells_);
  find_columns(rows_->header());
}

CsvDocuments::~CsvDocuments() = default;

void CsvDocuments::find_columns(const std::vector<std::string>& header) {
  const Column text = find_column(header, kDocumentTextNames);
  if (!text)
    rows_->fail("the header names no column of text",
                "Call it text; title, section and id are the others that are read");
  text_ = *text;
  id_ = find_column(header, kDocumentIdNames);
  title_ = find_column(header, kDocumentTitleNames);
  section_ = find_column(header, kDocumentSectionNames);
}

std::optional<DocumentReader::Result> CsvDocuments::next() {
  bytes_->set_row(rows_->row() + 1);
  if (!rows_->next(cells_))
    return std::nullopt;
  const auto take = [&](const Column& column) { return column ? std::move(cells_[*column]) : std::string(); };
  return make_document(
      {.id = take(id_), .title = take(title_), .section = take(section_), .text = std::move(cells_[text_])},
      rows_->row(), stem_);
}

std::uint64_t CsvDocuments::replaced() const noexcept {
  return bytes_->replaced();
}

std::uint64_t CsvDocuments::bytes_read() const noexcept {
  return bytes_->source().bytes_read();
}

bool is_csv_of_documents(std::string_view beginning) {
  constexpr std::size_t kLongestHeader = 4096, kLongestName = 64;
  const std::string_view line = beginning.substr(0, beginning.find_first_of("\r\n"));
  if (line.size() == beginning.size() || line.size() > kLongestHeader) // a header alone is no table
    return false;
  const char separator = find_separator(line);
  std::vector<std::string> header(1);
  for (const char c : line)
    if (c == separator)
      header.emplace_back();
    else
      header.back() += c;
  for (const std::string& name : header)
    if (name.size() > kLongestName || name.find_first_of(".!?") != std::string::npos)
      return false;
  // A text may have such a word alone as its first line.
  return header.size() == 1 ? header[0] == "text" || header[0] == "\"text\""
                            : find_column(header, kDocumentTextNames).has_value();
}

} // namespace sciexam::inline retrieval
