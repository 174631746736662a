#include "data/tables/json_lines.hpp"

#include "support/errors.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace sciexam::inline data {

JsonLines::JsonLines(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code unknown; // a path without a status cannot be opened either
  if (std::filesystem::is_directory(path_, unknown))
    throw UsageError(path_.string() + ": is a folder. Give the path of a file of JSON lines");
  errno = 0;
  text_.open(path_, std::ios::binary);
  if (!text_)
    throw UsageError(path_.string() + ": cannot be opened: " + std::strerror(errno) +
                     ". Check the path and its permissions");
}

bool JsonLines::next(std::string& line) {
  do {
    line.clear();
    for (int byte = text_.get(); byte != '\n'; byte = text_.get()) {
      if (byte == std::ifstream::traits_type::eof()) {
        if (text_.bad())
          throw WorkError(path_.string() + ": cannot be read after row " + std::to_string(row_) + ". Check the disk");
        if (line.empty())
          return false;
        break;
      }
      if (line.size() == kMaxLineBytes)
        throw InputError({path_, row_ + 1}, "is longer than " + std::to_string(kMaxLineBytes >> 20) + " MiB",
                         "Check that it is a file of JSON lines, one document a line");
      line += static_cast<char>(byte);
    }
    ++row_;
  } while (line.find_first_not_of(" \t\r") == std::string::npos);
  if (row_ == 1 && line.starts_with("\xEF\xBB\xBF"))
    line.erase(0, 3);
  return true;
}

JsonDocument JsonLines::parse(const std::string& line) const {
  return {line, path_.string() + ", row " + std::to_string(row_)};
}

} // namespace sciexam::inline data
