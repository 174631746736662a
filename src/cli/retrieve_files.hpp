// Files of questions or queries -> files with what an index has about them.
#pragma once

#include "retrieval/contexts/retriever.hpp"

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

namespace sciexam::inline cli {

/// What could not be read of the index, and how often.
using RetrievalDamage = std::map<std::string, std::size_t>;

/// A shard that is left out, for messages and records.

/// A file that begins with "{" is JSON lines {"query": ..}: each gets a line {"passages": [{"id", "title", "score",
/// "text"}, ..]}. Any other is a CSV file of questions: it is written again, all columns as they were, with the column
/// `context` added or replaced, and context_2, ... as the retriever's settings say; beside it stands a record of how
/// (retrieval_record.hpp). `in` may be "-", for JSON lines alone; `out` empty: standard output. Throws InputError,
/// UsageError, WorkError; the output is whole or not there.
RetrievalDamage retrieve_file(const Retriever& retriever, const std::filesystem::path& in,
                              const std::filesystem::path& out, int threads);

} // namespace sciexam::inline cli
