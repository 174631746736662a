// JSON documents whose errors name the file and the JSON path.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace sciexam::inline support {

using Json = nlohmann::ordered_json;

/// A value inside a JSON document that knows its path. Every accessor
/// throws InputError with the file and a path such as "$.models[0].sha256".
class JsonView {
public:
  /// A member of an object, by name; a missing one is an error.
  JsonView at(std::string_view key) const;
  /// True if the object has the member and it is not null.
  bool has(std::string_view key) const;
  /// All members of an object, in the order of the text.
  std::vector<std::pair<std::string, JsonView>> members() const;
  /// An element of an array.
  JsonView at(std::size_t index) const;
  /// The number of elements of an array.
  std::size_t size() const;

  std::string string() const;
  bool boolean() const;
  double number() const;
  /// An integer within [least, most].
  std::int64_t integer(std::int64_t least, std::int64_t most) const;
  /// 64 lower-case hexadecimal digits.
  std::string sha256(const std::string& remedy) const;

  /// Throws if the object has a member that is not one of `known`.
  void allow_only(std::initializer_list<std::string_view> known) const;

  [[noreturn]] void fail(const std::string& problem, const std::string& remedy) const;
  const Json& json() const noexcept { return *value_; }
  const std::string& path() const noexcept { return path_; }

private:
  friend class JsonDocument;
  JsonView(const Json* value, const std::filesystem::path* file, std::string path)
      : value_(value), file_(file), path_(std::move(path)) {}

  const Json* value_;
  const std::filesystem::path* file_;
  std::string path_;
};

/// A parsed document; its views must not outlive it.
class JsonDocument {
public:
  /// Throws InputError for a syntax error (with its byte offset), a duplicate key, an object of more than 16,384
  /// members, or nesting deeper than 64. `file` only appears in messages.
  JsonDocument(std::string_view text, std::filesystem::path file);
  /// Reads the file (at most 64 MiB) and parses it.
  static JsonDocument from_file(const std::filesystem::path& file);

  JsonView root() const { return {&root_, file_.get(), "$"}; }

private:
  std::unique_ptr<std::filesystem::path> file_; // views still point to it after the document has moved
  Json root_;
};

} // namespace sciexam::inline support
