// The page about a passage index.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline report {

/// Documents of the corpus that the index does not have, for one reason.
struct LeftOutDocuments {
  std::string reason;
  std::uint64_t documents = 0;
  std::vector<std::string> examples = {}; ///< the first few
};

struct CorpusFileReport {
  std::string name;
  std::uint64_t bytes = 0; ///< as it is stored
  std::string sha256;      ///< empty for what is no file, such as standard input
};

struct IndexReport {
  std::string title, subtitle;
  std::vector<std::pair<std::string, std::string>> highlights = {};
  /// A histogram: a range of terms, passages with so many.
  std::vector<std::pair<std::string, double>> lengths = {};
  std::vector<std::pair<std::string, std::uint64_t>> parts = {}; ///< name, bytes
  std::uint64_t passages = 0;
  std::uint64_t documents = 0; ///< of the corpus, those left out among them
  std::vector<LeftOutDocuments> left_out = {};
  std::vector<CorpusFileReport> files = {};
  std::vector<std::pair<std::string, std::string>> building = {}; ///< name, value; empty if it is not known
  std::vector<std::pair<std::string, std::string>> facts = {};    ///< name, value: settings, licence, identity
};

/// A complete HTML page. Equal reports give equal bytes.
std::string index_report(const IndexReport& report);

} // namespace sciexam::inline report
