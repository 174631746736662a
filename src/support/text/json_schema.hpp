// JSON documents against a JSON Schema (draft 7).
#pragma once

#include <filesystem>
#include <string_view>

namespace sciexam {

/// Throws InputError, naming `file` and a path such as "$.runs[0].settings.learning_rate", at the first place
/// where `text` is not what `schema` asks for, or if it is no JSON. Throws InternalError if `schema` is none.
void check_json_schema(std::string_view text, const std::filesystem::path& file, std::string_view schema);

} // namespace sciexam
