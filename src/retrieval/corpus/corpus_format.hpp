// What a corpus file is, by its content.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

enum class CorpusFormat { cirrus, json_lines, csv, text };

/// The format of a file whose bytes begin with `beginning` (64 KiB are plenty), without byte order mark. The name only
/// counts where a file says that it is JSON or CSV and is not, so that it is no text either. Throws InputError for what
/// is not read, with the line of Python that converts it or another remedy.
CorpusFormat find_corpus_format(std::string_view beginning, const std::filesystem::path& file);

/// Throws UsageError if `folder` is a table that Hugging Face's save_to_disk() wrote, with the line that converts it.
void refuse_arrow_folder(const std::filesystem::path& folder);

} // namespace sciexam::inline retrieval
