// Writes the dictionary (term_dictionary.hpp has its layout).
#pragma once

#include "retrieval/index/term_dictionary.hpp"

namespace sciexam::inline retrieval {

/// Terms come in the order of their bytes. Holds 16 bytes for every 16 terms in memory.
class DictionaryWriter {
public:
  DictionaryWriter(const std::filesystem::path& path, std::size_t shards);
  /// `lists`: [shards], one after the other in each shard's file; at least one has passages. Throws InternalError for
  /// terms that are out of order, empty or longer than kMostTermBytes.
  void add(std::string_view term, std::span<const ListPlace> lists);
  std::uint64_t terms() const noexcept { return terms_; }
  CheckedFileRecord finish();
  void commit() { file_.commit(); }

private:
  void begin_block(std::string_view term);

  CheckedFileWriter file_;
  std::vector<std::uint64_t> next_; // [shards]: where the next list begins
  std::string last_, fences_, offsets_;
  std::uint64_t terms_ = 0;
};

} // namespace sciexam::inline retrieval
