// A run: a stretch of the corpus, cut and analysed, in a file of its own. A whole index is merged from runs.
#pragma once

#include "retrieval/index/checked_file.hpp"
#include "support/text/json.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace sciexam::inline retrieval {

/// What the merge must know of a run. Its file "run_00012":
///
///     marker | documents, in zstd frames | passages' lengths, 2 bytes each | terms and their postings
///
/// documents: varint of a frame's bytes, frame; a frame has whole documents: varints of the bytes of id, title and
///   text, id, title, text, varint of the windows, for each varints of begin (since the last one's) and bytes
/// terms: in the order of their bytes: varint of the term's bytes, term, varint of its passages, varint of its
/// postings'
///   bytes; for each passage a varint of twice its distance from the one before (from -1 at first), and one more if the
///   frequency is above 1, which then follows
struct RunRecord {
  std::uint64_t documents = 0, passages = 0, postings = 0, text_bytes = 0;
  std::uint64_t lengths_at = 0, terms_at = 0; ///< where these parts begin
  CheckedFileRecord file;
};

inline constexpr std::string_view kRunMarker = "SCXruns1";

Json to_json(const RunRecord& record);
/// Throws InputError.
RunRecord parse_run_record(const JsonView& view);

} // namespace sciexam::inline retrieval
