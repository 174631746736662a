// What the contexts of a file were made with: a record that stands beside it, for those who train on it.
#pragma once

#include "retrieval/contexts/retriever.hpp"
#include "support/text/json.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// A file as it was.
struct RecordedFile {
  std::string name;   ///< without its folder
  std::string sha256; ///< 64 hexadecimal digits
  bool operator==(const RecordedFile&) const = default;
};

struct RetrievalRecord {
  std::string program = {};       ///< "sciexam VERSION"
  std::string index_sha256 = {};  ///< IndexManifest::identity
  std::string index_title = {};   ///< may be empty
  Json analyser = Json::object(); ///< IndexManifest::analyser
  RetrievalSettings settings = {};
  RecordedFile in = {}, out = {};         ///< the questions, and the file that has got their contexts
  std::vector<std::string> degraded = {}; ///< what could not be read of the index, a sentence each
};

/// FILE.retrieval.json
std::filesystem::path retrieval_record_of(const std::filesystem::path& file);

Json to_json(const RetrievalRecord& record);

/// Reads what to_json() writes, strictly. Throws InputError with the JSON path, naming `file`.
RetrievalRecord parse_retrieval_record(std::string_view text, const std::filesystem::path& file);

/// One line for people: "index 0a1b2c3d4e5f (title), all-options, top 5, 3 contexts, k1 1.2, b 0.75".
std::string described(const RetrievalRecord& record);

} // namespace sciexam::inline retrieval
