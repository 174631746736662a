// Requests for new questions about passages, in the JSON-lines batch format of
// OpenAI-compatible services (https://platform.openai.com/docs/guides/batch). Nothing is sent:
// the user uploads the files.
#pragma once

#include "data/articles/passages.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline data {

struct RequestRules {
  std::string model; ///< as the service calls it
  int questions_per_passage = 5;
  std::size_t passage_characters = 3000;    ///< the longest passage
  std::size_t requests_per_file = 50000;    ///< OpenAI's limit
  std::size_t bytes_per_file = 190'000'000; ///< below OpenAI's 200 MB
};

/// The request for one passage as one line, without its end: {"custom_id": id_of(passage), "method": "POST",
/// "url": "/v1/chat/completions", "body": {model, messages, response_format: the JSON schema of the answer}}.
std::string request_line(const Passage& passage, const Article& article, const RequestRules& rules);

/// What was written.
struct RequestFiles {
  std::vector<std::filesystem::path>
      paths; ///< `path` itself, or, if there are several, PATH-1.jsonl, PATH-2.jsonl, ...
  std::size_t passages = 0;
  std::size_t articles_without = 0; ///< articles too short for a passage
};

/// Writes the requests for all passages of the articles. Throws UsageError if there is no passage, WorkError if
/// a file cannot be written.
RequestFiles write_requests(const std::filesystem::path& path, const std::vector<Article>& articles,
                            const RequestRules& rules);

} // namespace sciexam::inline data
