#include "retrieval/corpus/json_documents.hpp"

#include "retrieval/corpus/cirrus_documents.hpp"
#include "retrieval/corpus/document_fields.hpp"
#include "support/errors.hpp"

#include <iterator>

namespace sciexam::inline retrieval {
namespace {

using Kind = JsonField::Kind;

constexpr std::size_t kTitles = std::size(kDocumentIdNames), kSections = kTitles + std::size(kDocumentTitleNames),
                      kTexts = kSections + std::size(kDocumentSectionNames),
                      kAll = kTexts + std::size(kDocumentTextNames), kJsonAction = kAll;

JsonFields document_fields() {
  std::vector<std::string> names(std::begin(kDocumentIdNames), std::end(kDocumentIdNames));
  names.insert(names.end(), std::begin(kDocumentTitleNames), std::end(kDocumentTitleNames));
  names.insert(names.end(), std::begin(kDocumentSectionNames), std::end(kDocumentSectionNames));
  names.insert(names.end(), std::begin(kDocumentTextNames), std::end(kDocumentTextNames));
  names.emplace_back("index");
  return JsonFields(std::move(names));
}

} // namespace

JsonDocuments::JsonDocuments(ByteSource source)
    : lines_(std::move(source)), fields_(document_fields()), stem_(stem_of(lines_.source().file())) {}

void JsonDocuments::fail(const std::string& problem) const {
  throw InputError({lines_.source().file(), lines_.row()}, problem,
                   "Each line must be {\"title\": \"..\", \"text\": \"..\"}; title, section and id may be left out");
}

/// The field's text; numbers and booleans as JSON writes them, nothing where it is null or missing.
std::string JsonDocuments::take(JsonField& field, const char* what) const {
  if (field.kind == Kind::array || field.kind == Kind::object)
    fail(std::string("has ") + (field.kind == Kind::array ? "a list" : "an object") + " for its " + what);
  return std::move(field.text);
}

std::optional<DocumentReader::Result> JsonDocuments::next() {
  const std::optional<std::string_view> line = lines_.next();
  if (!line)
    return std::nullopt;
  if (const std::optional<std::string> problem = fields_.parse(*line))
    fail(*problem);
  JsonField& text = fields_.first_of(kTexts, kAll);
  if (text.kind == Kind::missing && fields_[kJsonAction].kind == Kind::object)
    fail("is an action line of a CirrusSearch dump, but the file begins with a document");
  if (text.kind == Kind::missing)
    fail("has no member text");
  return make_document({.id = take(fields_.first_of(0, kTitles), "id"),
                        .title = take(fields_.first_of(kTitles, kSections), "title"),
                        .section = take(fields_.first_of(kSections, kTexts), "section"),
                        .text = take(text, "text")},
                       lines_.row(), stem_);
}

} // namespace sciexam::inline retrieval
