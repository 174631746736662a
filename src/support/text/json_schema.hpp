// Checks JSON documents against a JSON Schema (draft 7).
#pragma once

#include <filesystem>
#include <string_view>

namespace sciexam::inline support {

/// Throws InputError, with `file` and a path such as "$.runs[0].settings.learning_rate", for the first violation of
/// `schema` in `text`, or if `text` is not JSON. Throws InternalError if `schema` is not.
void check_json_schema(std::string_view text, const std::filesystem::path& file, std::string_view schema);

} // namespace sciexam::inline support
