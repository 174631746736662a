#include "retrieval/corpus/cirrus_documents.hpp"

#include "retrieval/corpus/document_fields.hpp"
#include "support/errors.hpp"

namespace sciexam::inline retrieval {
namespace {

using Kind = JsonField::Kind;

enum CirrusField : std::size_t { kAction, kActionId, kTitle, kText, kOpeningText, kNamespace, kRedirect, kTimestamp };

JsonFields cirrus_fields() {
  return JsonFields({"index", "index.id", "title", "text", "openingtext", "namespace", "redirect", "timestamp"});
}

/// Wikitext of a redirect; the index should hold none. (The member `redirect` is mostly a list: of pages that lead to
/// this one.)
bool is_redirect(const JsonField& redirect, std::string_view text) {
  if (redirect.kind == Kind::object || (redirect.kind == Kind::string && !redirect.text.empty()) ||
      (redirect.kind == Kind::boolean && redirect.text == "true"))
    return true;
  constexpr std::string_view kRedirectMark = "#redirect";
  if (text.size() < kRedirectMark.size())
    return false;
  for (std::size_t i = 0; i < kRedirectMark.size(); ++i)
    if ((i == 0 ? text[i] : static_cast<char>(text[i] | 0x20)) != kRedirectMark[i])
      return false;
  return true;
}

} // namespace

CirrusDocuments::CirrusDocuments(ByteSource source)
    : lines_(std::move(source)), fields_(cirrus_fields()), stem_(stem_of(lines_.source().file())) {}

void CirrusDocuments::fail(std::size_t row, const std::string& problem) const {
  throw InputError({lines_.source().file(), row}, problem,
                   "A CirrusSearch dump has pairs of lines, {\"index\": {\"_id\": ..}} and the document: download it "
                   "again, or cut it only between pairs");
}

/// Parses the next line into fields_; false after the last one.
bool CirrusDocuments::next_line() {
  const std::optional<std::string_view> line = lines_.next();
  if (!line)
    return false;
  if (const std::optional<std::string> problem = fields_.parse(*line))
    fail(lines_.row(), *problem);
  return true;
}

bool CirrusDocuments::is_action() {
  return fields_[kAction].kind == Kind::object && fields_[kText].kind == Kind::missing &&
         fields_[kTitle].kind == Kind::missing;
}

std::optional<DocumentReader::Result> CirrusDocuments::next() {
  if (!next_line())
    return std::nullopt;
  const std::size_t action_row = lines_.row();
  if (!is_action())
    fail(action_row, "is a document without an action line before it");
  std::string id = std::move(fields_[kActionId].text);
  if (!next_line())
    fail(action_row, "is an action line without a document after it: the file ends here");
  if (is_action())
    fail(action_row, "is an action line without a document after it");
  std::string& text = fields_[fields_[kText].text.empty() ? kOpeningText : kText].text;
  const JsonField& name_space = fields_[kNamespace];
  const bool redirect = is_redirect(fields_[kRedirect], text);
  if (redirect || (name_space.kind == Kind::number && name_space.text != "0"))
    return DroppedDocument{redirect ? DroppedDocument::Reason::redirect : DroppedDocument::Reason::other_namespace,
                           std::move(fields_[kTitle].text), lines_.row()};
  return make_document({.id = std::move(id),
                        .title = std::move(fields_[kTitle].text),
                        .text = std::move(text),
                        .timestamp = std::move(fields_[kTimestamp].text)},
                       lines_.row(), stem_);
}

bool is_cirrus_action(std::string_view line) {
  JsonFields fields = cirrus_fields();
  return !fields.parse(line) && fields[kAction].kind == Kind::object && fields[kText].kind == Kind::missing;
}

} // namespace sciexam::inline retrieval
