// What the fields of a document are called, and what becomes of them.
#pragma once

#include "retrieval/corpus/document_reader.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// As plain_name (data/tables/table.hpp) writes them; of several in one file, the first of the list counts.
inline constexpr std::string_view kDocumentIdNames[] = {"id",  "docid",  "documentid", "passageid",
                                                        "pid", "pageid", "articleid",  "key"};
inline constexpr std::string_view kDocumentTitleNames[] = {"title",         "articletitle", "pagetitle",
                                                           "documenttitle", "name",         "heading"};
inline constexpr std::string_view kDocumentSectionNames[] = {"section", "sectiontitle", "sectionname", "sectionheading",
                                                             "subtitle"};
inline constexpr std::string_view kDocumentTextNames[] = {
    "text", "contents", "content", "passage", "passagetext", "articletext", "body", "paragraph", "article", "abstract"};

struct DocumentFields {
  std::string id = {}, title = {}, section = {}, text = {}, timestamp = {};
};

/// A document, or, where there is no text, a dropped one. `stem` is that of the file.
DocumentReader::Result make_document(DocumentFields fields, std::size_t row, std::string_view stem);

/// The file's name without folders, without the extension of a packed file (.gz, .bz2, .zst), and without its own.
std::string stem_of(const std::filesystem::path& file);
/// Its own extension in lower case: ".json" of "a.JSON.gz".
std::string extension_of(const std::filesystem::path& file);

} // namespace sciexam::inline retrieval
