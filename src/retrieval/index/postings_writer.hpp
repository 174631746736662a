// Writes a shard's postings and its passages' lengths.
#pragma once

#include "retrieval/index/postings_list.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

inline constexpr std::string_view kLengthsMarker = "SCXleng1";
/// Longer passages (counted in terms) are stored as so long.
inline constexpr std::uint32_t kMostLength = 65535;

/// Terms come in the dictionary's order, each one's postings in the order of passages. Holds the lengths and one list
/// in memory: at most some 12 bytes for each of the shard's passages. Throws WorkError if the disk is full.
class PostingsWriter {
public:
  /// `lengths`: [passages], of the shard's passages in terms; they must outlive this.
  PostingsWriter(const std::filesystem::path& path, std::span<const std::uint16_t> lengths);

  /// The next posting of the current term. Passages of the shard, counted from 0, ascend; a frequency beyond
  /// kMostFrequency is stored as that. Throws InternalError for another order.
  void add(std::uint32_t passage, std::uint32_t frequency);
  /// Ends the current term's list; where it is (of no passages if nothing was added). The next term begins.
  ListPlace end_list();

  std::uint64_t postings() const noexcept { return postings_; }
  CheckedFileRecord finish();
  void commit() { file_.commit(); }

private:
  void end_block();
  BlockSummary summarise(std::span<const Posting> postings) const;

  CheckedFileWriter file_;
  std::span<const std::uint16_t> lengths_;
  std::vector<Posting> waiting_;   // of a block that is not whole
  std::string summaries_, blocks_; // of the current list
  std::uint32_t before_ = UINT32_MAX, last_ = UINT32_MAX, passages_ = 0;
  std::uint64_t postings_ = 0;
};

/// The file of a shard's lengths: marker, two bytes a passage, kReadBeyond zeros.
class LengthsWriter {
public:
  explicit LengthsWriter(const std::filesystem::path& path) : file_(path, kLengthsMarker) {}
  void add(std::uint16_t length);
  CheckedFileRecord finish();
  void commit() { file_.commit(); }

private:
  CheckedFileWriter file_;
};

} // namespace sciexam::inline retrieval
