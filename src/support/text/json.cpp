#include "support/text/json.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace sciexam::inline support {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxMembers = 16384; // nlohmann::ordered_json searches members linearly

/// The events of nlohmann's parser: refuses duplicate keys and deep nesting.
class Guard {
public:
  bool operator()(int depth, Json::parse_event_t event, Json& value) {
    const bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth >= kMaxDepth) // the outermost opens at depth 0
      problem = "is nested deeper than " + std::to_string(kMaxDepth) + " levels";
    else if (event == Json::parse_event_t::object_start)
      keys_.emplace_back();
    else if (event == Json::parse_event_t::object_end)
      keys_.pop_back();
    else if (event == Json::parse_event_t::key && keys_.back().size() == kMaxMembers) {
      problem = "has an object of more than " + std::to_string(kMaxMembers) + " members";
      remedy = "Save a table as a list of records, or as JSON lines";
    } else if (event == Json::parse_event_t::key && !keys_.back().insert(value.get<std::string>()).second)
      problem = "has the key \"" + value.get<std::string>() + "\" twice in one object";
    if (!problem.empty())
      throw std::invalid_argument(problem);
    return true;
  }
  std::string problem, remedy = "Get the file from its source again";

private:
  std::vector<std::set<std::string>> keys_;
};

} // namespace

JsonView JsonView::at(std::string_view key) const {
  if (!value_->is_object())
    fail("is not an object", "See the documentation of this file's format");
  const auto found = value_->find(std::string(key));
  if (found == value_->end())
    fail("has no \"" + std::string(key) + "\"", "Add it, or get the file from its source again");
  return {&*found, file_, path_ + "." + std::string(key)};
}

bool JsonView::has(std::string_view key) const {
  if (!value_->is_object())
    return false;
  const auto found = value_->find(std::string(key));
  return found != value_->end() && !found->is_null();
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  if (!value_->is_object())
    fail("is not an object", "See the documentation of this file's format");
  std::vector<std::pair<std::string, JsonView>> all;
  for (const auto& [key, value] : value_->items())
    all.emplace_back(key, JsonView(&value, file_, path_ + "." + key));
  return all;
}

JsonView JsonView::at(std::size_t index) const {
  if (index >= size())
    fail("has only " + counted(size(), "element"), "Get the file from its source again");
  return {&(*value_)[index], file_, path_ + "[" + std::to_string(index) + "]"};
}

std::size_t JsonView::size() const {
  if (!value_->is_array())
    fail("is not an array", "See the documentation of this file's format");
  return value_->size();
}

std::string JsonView::string() const {
  if (!value_->is_string())
    fail("is not a string", "Write it in double quotes");
  return value_->get<std::string>();
}

bool JsonView::boolean() const {
  if (!value_->is_boolean())
    fail("is neither true nor false", "Write one of them, without quotes");
  return value_->get<bool>();
}

double JsonView::number() const {
  if (!value_->is_number() || !std::isfinite(value_->get<double>()))
    fail("is not a finite number", "Write a number, without quotes");
  return value_->get<double>();
}

std::int64_t JsonView::integer(std::int64_t least, std::int64_t most) const {
  const bool too_large = value_->is_number_unsigned() && value_->get<std::uint64_t>() > INT64_MAX;
  if (!value_->is_number_integer() || too_large || value_->get<std::int64_t>() < least ||
      value_->get<std::int64_t>() > most)
    fail("is not an integer between " + std::to_string(least) + " and " + std::to_string(most),
         "Write such a number, without quotes");
  return value_->get<std::int64_t>();
}

std::string JsonView::sha256(const std::string& remedy) const {
  std::string text = string();
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
    fail("is not a sha256 of 64 lower-case hexadecimal digits", remedy);
  return text;
}

void JsonView::allow_only(std::initializer_list<std::string_view> known) const {
  if (!value_->is_object())
    fail("is not an object", "See the documentation of this file's format");
  for (const auto& [key, value] : value_->items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      fail("has the unknown member \"" + key + "\"", "Remove it, or correct its name");
}

void JsonView::fail(const std::string& problem, const std::string& remedy) const {
  throw InputError({*file_, 0, path_}, problem, remedy);
}

JsonDocument::JsonDocument(std::string_view text, std::filesystem::path file)
    : file_(std::make_unique<std::filesystem::path>(std::move(file))) {
  Guard guard;
  try {
    root_ = Json::parse(text.begin(), text.end(), std::ref(guard));
  } catch (const Json::parse_error& error) {
    throw InputError({*file_}, "is not valid JSON at byte " + std::to_string(error.byte),
                     "Get the file from its source again");
  } catch (const Json::exception&) { // a number out of a double's range
    throw InputError({*file_}, "holds a number out of range", "Get the file from its source again");
  } catch (const std::invalid_argument& error) {
    throw InputError({*file_}, error.what(), guard.remedy);
  }
}

JsonDocument JsonDocument::from_file(const std::filesystem::path& file) {
  return {read_text_file(file), file};
}

} // namespace sciexam::inline support
