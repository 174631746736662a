// Question sets as JSON: a document, or a document in each line.
#pragma once

#include "data/tables/table.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sciexam::inline data {

/// The longest JSON document that is read; JSON lines may be longer as a whole.
inline constexpr std::uint64_t kMaxJsonBytes = std::uint64_t{256} << 20;
/// The most names that the questions of one file may have together.
inline constexpr std::size_t kMaxJsonNames = 4096;

/// Whether the file's first character that is not white space opens an object or a list.
bool is_json_file(const std::filesystem::path& path);

/// Reads JSON lines, or one document of these forms:
///   - a list of questions, or one question;
///   - pandas' to_json: by record, by index ({"0": {..}}), by column ({"question": {"0": ..}, ..}), split
///     ({"columns": [..], "data": [[..]]}) and table;
///   - rows of Hugging Face's dataset server ({"rows": [{"row": {..}}]});
///   - an object with one list of questions somewhere in it ("data", "questions", "examples", ...).
/// json_record.hpp says what a question may look like. Throws InputError with the JSON path, and in JSON lines the
/// line, for what is not JSON, has no questions, or has more than one list of them; UsageError if the file cannot be
/// opened.
Table read_json_table(const std::filesystem::path& path);

/// The same for one document's text.
Table json_table_of(std::string_view text, const std::filesystem::path& name);

} // namespace sciexam::inline data
