#include "retrieval/corpus/line_reader.hpp"

#include "retrieval/corpus/clean_utf8.hpp"
#include "support/errors.hpp"

namespace sciexam::inline retrieval {

std::optional<std::string_view> LineReader::next() {
  std::string_view line;
  do
    if (!next_raw(line))
      return std::nullopt;
  while (line.find_first_not_of(" \t") == std::string_view::npos);
  if (is_clean_utf8(line))
    return line;
  clean_.clear();
  replaced_ += append_clean_utf8(line, clean_);
  return clean_;
}

/// False after the last line.
bool LineReader::next_raw(std::string_view& line) {
  source_.skip(taken_); // the line before lay in its block until now
  taken_ = 0;
  line_.clear();
  for (;;) {
    const std::string_view block = source_.peek(1, row_ + 1);
    const std::size_t end = block.find('\n');
    if (line_.size() + (end == std::string_view::npos ? block.size() : end) > kMaxLineBytes)
      throw InputError({source_.file(), row_ + 1}, "is longer than " + std::to_string(kMaxLineBytes >> 20) + " MiB",
                       "Check that the file has one document a line");
    if (end != std::string_view::npos && line_.empty()) {
      line = block.substr(0, end);
      taken_ = end + 1;
      break;
    }
    line_.append(block, 0, end);
    source_.skip(end == std::string_view::npos ? block.size() : end + 1);
    line = line_;
    if (end != std::string_view::npos)
      break;
    if (block.empty() && line_.empty())
      return false;
    if (block.empty())
      break;
  }
  ++row_;
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return true;
}

} // namespace sciexam::inline retrieval
