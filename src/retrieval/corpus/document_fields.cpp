#include "retrieval/corpus/document_fields.hpp"

#include "support/text/utf8.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

/// Without white space at its ends, and with spaces for line ends, tabs and other control characters.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= '\0' && c < ' ') || c == '\x7F'; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  text.erase(0, text.find_first_not_of(' '));
  return text;
}

std::filesystem::path without_packing(std::filesystem::path file) {
  for (const std::string_view packed : {".gz", ".bz2", ".zst"})
    if (file.extension() == packed)
      return file.replace_extension();
  return file;
}

} // namespace

DocumentReader::Result make_document(DocumentFields fields, std::size_t row, std::string_view stem) {
  std::string title = one_line(std::move(fields.title));
  if (const std::string section = one_line(std::move(fields.section)); !section.empty())
    title += (title.empty() ? "" : ": ") + section;
  if (!has_text(fields.text))
    return DroppedDocument{DroppedDocument::Reason::empty, std::move(title), row};
  std::string id = one_line(std::move(fields.id));
  if (id.empty())
    id = std::string(stem) + ":" + std::to_string(row);
  return SourceDocument{std::move(id), std::move(title), std::move(fields.text), std::move(fields.timestamp), row};
}

std::string stem_of(const std::filesystem::path& file) {
  return without_packing(file).stem().string();
}

std::string extension_of(const std::filesystem::path& file) {
  std::string extension = without_packing(file).extension().string();
  for (char& c : extension)
    c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return extension;
}

} // namespace sciexam::inline retrieval
