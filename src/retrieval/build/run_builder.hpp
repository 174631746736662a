// Makes a run of documents: one thread's work.
#pragma once

#include "retrieval/build/run_record.hpp"
#include "retrieval/corpus/cutter.hpp"
#include "retrieval/corpus/document_reader.hpp"
#include "retrieval/text/analyser.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sciexam::inline retrieval {

/// Memory that a run takes while it is built, for each byte of its documents.
inline constexpr std::uint64_t kBuildBytesPerTextByte = 5;

class RunBuilder {
public:
  RunBuilder(const AnalyserSettings& analyser, const CutterSettings& cutter);

  /// Cuts and analyses, and writes the run's file, whole or not at all. Each passage's terms are those of its article's
  /// title and its own. Throws WorkError.
  RunRecord build(std::span<const SourceDocument> documents, const std::filesystem::path& path);

private:
  struct Occurrence {
    std::uint32_t term, passage;
    std::uint16_t frequency;
  };
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void start();
  void add_terms(std::string_view text, std::vector<std::uint32_t>& terms);
  std::uint32_t number_of(const Term& term);
  void add_document(const SourceDocument& document, CheckedFileWriter& file);
  void end_passage();
  void flush_documents(CheckedFileWriter& file);
  void write_terms(CheckedFileWriter& file);

  Analyser analyser_;
  CutterSettings cutter_;

  // Of the current run.
  std::unordered_map<std::string, std::uint32_t, StringHash, std::equal_to<>> numbers_;
  std::vector<const std::string*> terms_;      // [number]
  std::vector<std::uint32_t> counts_;          // [number]: passages that have it
  std::vector<std::uint32_t> number_of_word_;  // [the analyser's word]
  std::vector<Occurrence> occurrences_;        // by passage
  std::vector<std::uint32_t> frequencies_;     // [number]: in the current passage
  std::vector<std::uint32_t> title_, passage_; // terms of the current article's title, of the current passage
  std::string lengths_, waiting_;
  RunRecord record_;
};

} // namespace sciexam::inline retrieval
