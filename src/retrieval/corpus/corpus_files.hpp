// Which files a corpus consists of.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline retrieval {

struct CorpusFiles {
  std::vector<std::filesystem::path> files; ///< "-" is standard input
  std::vector<std::filesystem::path>
      ignored; ///< what folders and patterns hold besides: licences, checksums, hidden files
};

/// Finds what the command line names: files, folders with all that is below them, patterns with * ? [] in any part of a
/// path, and "-". In the order given; what one item names is sorted by the bytes of its path. A file named twice, also
/// under two names, is there once. Throws UsageError, which names the item, for one that names nothing to read, and for
/// a folder that cannot be read.
CorpusFiles find_corpus_files(std::span<const std::string> given);

} // namespace sciexam::inline retrieval
