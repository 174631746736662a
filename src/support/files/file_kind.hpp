// What a file is, by its first bytes: for the message that refuses a file brought in the wrong form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline support {

struct FileKind {
  std::string name; ///< follows "is": "a gzip archive", "UTF-16 text (little-endian)"
  std::string
      remedy; ///< a sentence without its full stop: "Unpack it with gunzip"; for a table's reader, it ends in CSV
  bool stands_for_file = false; ///< archives, pointers and web pages: what was meant is inside or elsewhere
};

/// The kind of a file that begins with `beginning` (64 KiB are plenty): archives, tables that are no CSV, databases,
/// documents, pickles, Git LFS pointers, web pages, JSON, UTF-16 and UTF-32 with or without a byte order mark. Nothing
/// for any other text, and for bytes that nobody has named here.
std::optional<FileKind> find_file_kind(std::string_view beginning);

} // namespace sciexam::inline support
