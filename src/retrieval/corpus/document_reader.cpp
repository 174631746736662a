#include "retrieval/corpus/document_reader.hpp"

namespace sciexam::inline retrieval {

std::string_view name_of(DroppedDocument::Reason reason) {
  switch (reason) {
  case DroppedDocument::Reason::redirect:
    return "redirect";
  case DroppedDocument::Reason::other_namespace:
    return "other namespace";
  case DroppedDocument::Reason::empty:
    break;
  }
  return "empty";
}

} // namespace sciexam::inline retrieval
