#include "report/tags.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace sciexam::test {
namespace {

class Checker {
public:
  explicit Checker(std::string_view markup) : rest_(markup), size_(markup.size()) {}

  std::string fault() {
    while (fault_.empty() && !rest_.empty()) {
      if (rest_.starts_with("<!DOCTYPE html>"))
        rest_.remove_prefix(15);
      else if (rest_.starts_with("</"))
        closing_tag();
      else if (rest_.starts_with("<"))
        opening_tag();
      else if (!open_.empty() && open_.back() == "style")
        rest_.remove_prefix(std::min(rest_.find("</style>"), rest_.size()));
      else
        character();
    }
    if (fault_.empty() && !open_.empty())
      fail("<" + open_.back() + "> is never closed");
    return fault_;
  }

private:
  void fail(const std::string& what) {
    if (fault_.empty())
      fault_ = what + " at byte " + std::to_string(size_ - rest_.size()) + ": " + std::string(rest_.substr(0, 60));
  }

  void character() {
    static constexpr std::array<std::string_view, 5> kEntities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    if (rest_.front() == '>')
      fail("'>' in text");
    if (rest_.front() == '&' && std::none_of(kEntities.begin(), kEntities.end(),
                                             [&](std::string_view entity) { return rest_.starts_with(entity); }))
      fail("an '&' without an entity");
    rest_.remove_prefix(1);
  }

  std::string name() {
    const auto is_name = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == ':';
    };
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name);
    std::string found(rest_.begin(), end);
    if (found.empty())
      fail("a name is missing");
    rest_.remove_prefix(found.size());
    return found;
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token))
      return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void closing_tag() {
    take("</");
    const std::string closed = name();
    if (open_.empty() || open_.back() != closed)
      fail("</" + closed + "> closes " + (open_.empty() ? "nothing" : "<" + open_.back() + ">"));
    else
      open_.pop_back();
    if (!take(">"))
      fail("'>' is missing");
  }

  void opening_tag() {
    take("<");
    const std::string opened = name();
    std::vector<std::string> attributes;
    while (fault_.empty() && take(" ")) {
      const std::string attribute = name();
      if (std::find(attributes.begin(), attributes.end(), attribute) != attributes.end())
        fail("the attribute " + attribute + " is there twice");
      attributes.push_back(attribute);
      if (!take("=\""))
        fail("an attribute without a quoted value");
      while (fault_.empty() && !rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '<')
          fail("'<' in an attribute");
        character();
      }
      take("\"");
    }
    if (take("/>"))
      return;
    open_.push_back(opened);
    if (!take(">"))
      fail("'>' is missing");
  }

  std::string_view rest_;
  std::size_t size_;
  std::vector<std::string> open_;
  std::string fault_;
};

} // namespace

std::string markup_fault(std::string_view markup) {
  return Checker(markup).fault();
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

std::vector<std::string> texts_of(std::string_view markup, std::string_view element) {
  std::vector<std::string> texts;
  const std::string opening = "<" + std::string(element), closing = "</" + std::string(element) + ">";
  for (std::size_t at = markup.find(opening); at != std::string_view::npos; at = markup.find(opening, at + 1)) {
    const std::size_t begin = markup.find('>', at) + 1;
    const std::size_t end = markup.find('<', begin);
    const char after_name = markup[at + opening.size()];
    if ((after_name == '>' || after_name == ' ') && markup.substr(end).starts_with(closing))
      texts.emplace_back(markup.substr(begin, end - begin));
  }
  return texts;
}

} // namespace sciexam::test
