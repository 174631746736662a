// Reads back what a service made of the requests (data/articles/requests.hpp), trusting it no more than any input:
// a malformed response or question is rejected with its reason, and reading continues.
#pragma once

#include "data/articles/passages.hpp"
#include "data/forms/records.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace sciexam::inline data {

/// Adds the questions of a response file to `data`, each with its passage as context and "PASSAGE-qNUMBER" as id; what
/// cannot be used goes to the rejections. Each line must be {"custom_id": .., "response": {"status_code": 200, "body":
/// {"choices": [{"message": {"content": "{\"questions\": [..]}"}}]}}}. A question is rejected if a member is missing,
/// an option is empty or appears twice, or the answer is none of A to E. Throws UsageError if the file cannot be
/// opened, InputError if it gives no question that can be used.
void import_responses(const std::filesystem::path& path, const std::vector<Article>& articles, DataSet& data);

/// The same for one line: row `row` of file `file` of `data`. Never throws, whatever the text.
void import_response(const std::string& line, std::size_t file, std::size_t row, const std::vector<Article>& articles,
                     DataSet& data);

} // namespace sciexam::inline data
