#include "retrieval/corpus/json_fields.hpp"

#include "data/tables/table.hpp"
#include "support/text/json.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

/// The four hexadecimal digits behind "\u" at `offset`, or -1.
int escaped_unit(std::string_view text, std::size_t offset) {
  if (text.substr(offset, 2) != "\\u" || offset + 6 > text.size())
    return -1;
  int value = 0;
  for (const char c : text.substr(offset + 2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9')
      value = value * 16 + (c - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/// Writes "\uFFFD" over escaped surrogates that have no other half; how many.
std::size_t replace_lone_surrogates(std::string& line) {
  std::size_t replaced = 0;
  for (std::size_t i = line.find('\\'); i != std::string::npos && i + 1 < line.size(); i = line.find('\\', i)) {
    const int unit = escaped_unit(line, i);
    const bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
    const int next = high ? escaped_unit(line, i + 6) : -1;
    if (high && next >= 0xDC00 && next < 0xE000) {
      i += 12;
      continue;
    }
    if (high || low) {
      line.replace(i, 6, "\\ufffd");
      ++replaced;
    }
    i += unit >= 0 ? 6 : 2;
  }
  return replaced;
}

} // namespace

/// What nlohmann's parser calls. All false results end the parsing.
class JsonFields::Handler : public nlohmann::json_sax<nlohmann::json> {
public:
  explicit Handler(JsonFields& fields) : fields_(fields) {}

  bool null() override { return set(JsonField::Kind::null); }
  bool boolean(bool value) override { return set(JsonField::Kind::boolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override {
    return set_number([&] { return std::to_string(value); });
  }
  bool number_unsigned(std::uint64_t value) override {
    return set_number([&] { return std::to_string(value); });
  }
  bool number_float(double, const std::string& text) override {
    return set_number([&] { return text; });
  }
  bool string(std::string& value) override {
    if (current_ != nullptr)
      std::replace(value.begin(), value.end(), '\0', ' ');
    return current_ == nullptr ? depth_ > 0 : set(JsonField::Kind::string, std::move(value));
  }
  bool binary(nlohmann::json::binary_t&) override { return false; } // not in JSON text
  bool start_object(std::size_t) override { return enter(JsonField::Kind::object); }
  bool start_array(std::size_t) override { return depth_ > 0 && enter(JsonField::Kind::array); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(std::string& name) override {
    if (depth_ == 1)
      current_ = find(outer_ = plain_name(name));
    else if (depth_ == 2 && outer_wanted_)
      current_ = find(outer_ + "." + plain_name(name));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    error_position_ = position;
    return false;
  }

  std::optional<std::size_t> error_position() const { return error_position_; }

private:
  JsonField* find(std::string_view name) {
    const auto found = std::find(fields_.names_.begin(), fields_.names_.end(), name);
    return found == fields_.names_.end() ? nullptr
                                         : &fields_.fields_[static_cast<std::size_t>(found - fields_.names_.begin())];
  }
  /// False for a value that is the whole line.
  bool set(JsonField::Kind kind, std::string text = {}) {
    if (current_ != nullptr)
      *current_ = {kind, std::move(text)};
    current_ = nullptr;
    return depth_ > 0;
  }
  template <typename Text>
  bool set_number(Text text) {
    return current_ == nullptr ? depth_ > 0 : set(JsonField::Kind::number, text());
  }
  bool enter(JsonField::Kind kind) {
    if (depth_ == 1)
      outer_wanted_ = current_ != nullptr && kind == JsonField::Kind::object;
    set(kind);
    ++depth_;
    return true;
  }
  bool leave() {
    --depth_;
    return true;
  }

  JsonFields& fields_;
  std::string outer_;            ///< the member of the root that is being read
  bool outer_wanted_ = false;    ///< it is an object that has been asked for
  JsonField* current_ = nullptr; ///< the next value's
  std::size_t depth_ = 0;
  std::optional<std::size_t> error_position_;
};

JsonFields::JsonFields(std::vector<std::string> names) : names_(std::move(names)), fields_(names_.size()) {}

std::optional<std::string> JsonFields::parse(std::string_view line) {
  const auto parse_once = [this](std::string_view text) {
    std::fill(fields_.begin(), fields_.end(), JsonField{});
    Handler handler(*this);
    const bool good = nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &handler);
    return good                        ? std::optional<std::string>()
           : !handler.error_position() ? "is no JSON object"
           : *handler.error_position() > text.size()
               ? "ends in the middle of its JSON object"
               : "is no JSON from its byte " + std::to_string(*handler.error_position()) + " on";
  };
  std::optional<std::string> problem = parse_once(line);
  if (!problem)
    return problem;
  std::string repaired(line);
  const std::size_t replaced = replace_lone_surrogates(repaired);
  if (replaced == 0)
    return problem;
  replaced_ += replaced;
  return parse_once(repaired);
}

JsonField& JsonFields::first_of(std::size_t begin, std::size_t end) {
  const auto first = fields_.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto last = fields_.begin() + static_cast<std::ptrdiff_t>(end);
  for (const JsonField::Kind least : {JsonField::Kind::boolean, JsonField::Kind::null}) // first what is not null
    if (const auto found = std::find_if(first, last, [&](const JsonField& field) { return field.kind >= least; });
        found != last)
      return *found;
  return *first;
}

} // namespace sciexam::inline retrieval
