// Opens a corpus file of any format.
#pragma once

#include "retrieval/corpus/byte_source.hpp"
#include "retrieval/corpus/document_reader.hpp"

#include <filesystem>
#include <memory>

namespace sciexam::inline retrieval {

/// Opens a file ("-": standard input), plain or packed (byte_source.hpp), whose content tells its format:
/// - CirrusSearch dumps of Wikimedia: pairs of a line {"index": {"_id": "12"}} and a line with the members title, text
///   (or opening_text), namespace, timestamp. Other namespaces than 0 and redirects are dropped;
/// - JSON lines and CSV with a header: text, and where they are there title, section and id, under the names that
///   usual data sets give them;
/// - plain text: the file is one document, its title the file's stem, its id the file's name.
/// Throws UsageError if it cannot be opened, InputError with a remedy for other formats (Parquet, XML, archives, ..).
std::unique_ptr<DocumentReader> open_documents(const std::filesystem::path& file);
std::unique_ptr<DocumentReader> open_documents(ByteSource source);

} // namespace sciexam::inline retrieval
