// What a file is, by its first bytes: for the message that refuses a file in the wrong form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline support {

struct FileKind {
  std::string name;   ///< follows "is": "a gzip archive", "UTF-16 text (little-endian)"
  std::string remedy; ///< a sentence without its full stop: "Unpack it with gunzip"; for table formats it leads to CSV
  bool stands_for_file = false; ///< archives, pointers and web pages: what was meant is inside or elsewhere
};

/// The kind of a file that begins with `beginning` (64 KiB is plenty): archives, tables other than CSV, databases,
/// documents, pickles, Git LFS pointers, web pages, JSON, UTF-16 and UTF-32 with or without a byte order mark. Nothing
/// for any other text, or for bytes that are not listed here.
std::optional<FileKind> find_file_kind(std::string_view beginning);

} // namespace sciexam::inline support
