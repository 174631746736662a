// CSV with a header: a row is a document.
#pragma once

#include "exam/csv.hpp"
#include "retrieval/corpus/byte_source.hpp"
#include "retrieval/corpus/document_reader.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// See open_documents(). Commas, tabs, semicolons or pipes between the cells; as strict as exam/csv.hpp, but for
/// ill-formed UTF-8 and NUL, which are replaced. Throws InputError if the header has no column of text.
class CsvDocuments final : public DocumentReader {
public:
  explicit CsvDocuments(ByteSource source);
  ~CsvDocuments() override;

  std::optional<Result> next() override;
  std::string_view format() const noexcept override { return "CSV"; }
  std::uint64_t replaced() const noexcept override;
  std::uint64_t bytes_read() const noexcept override;

private:
  class CleanBytes;
  using Column = std::optional<std::size_t>;

  void find_columns(const std::vector<std::string>& header);

  std::unique_ptr<CleanBytes> bytes_;
  std::optional<CsvReader> rows_;
  std::string stem_;
  Column id_, title_, section_;
  std::size_t text_ = 0;
  std::vector<std::string> cells_;
};

/// True if the first line of a file that begins so is a header with a column of text.
bool is_csv_of_documents(std::string_view beginning);

} // namespace sciexam::inline retrieval
