#include "retrieval/build/run_record.hpp"

namespace sciexam::inline retrieval {

Json to_json(const RunRecord& record) {
  return {{"documents", record.documents},     {"passages", record.passages},     {"postings", record.postings},
          {"text_bytes", record.text_bytes},   {"lengths_at", record.lengths_at}, {"terms_at", record.terms_at},
          {"name", record.file.name},          {"content", record.file.content},  {"sha256", record.file.sha256},
          {"checksums", record.file.checksums}};
}

RunRecord parse_run_record(const JsonView& view) {
  const auto count = [&](std::string_view key) {
    return static_cast<std::uint64_t>(view.at(key).integer(0, INT64_MAX));
  };
  return {count("documents"),
          count("passages"),
          count("postings"),
          count("text_bytes"),
          count("lengths_at"),
          count("terms_at"),
          {view.at("name").string(), count("content"), view.at("sha256").string(),
           static_cast<std::uint32_t>(view.at("checksums").integer(0, UINT32_MAX))}};
}

} // namespace sciexam::inline retrieval
