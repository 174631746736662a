// Reads runs: their documents in order, and their terms in order.
#pragma once

#include "retrieval/build/run_record.hpp"
#include "retrieval/corpus/cutter.hpp"
#include "retrieval/index/bytes.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline retrieval {

/// A run's file, open. What is damaged throws PackageError where it is read.
class Run {
public:
  Run(const std::filesystem::path& folder, const RunRecord& record);

  const RunRecord& record() const noexcept { return record_; }
  const CheckedFile& file() const noexcept { return file_; }
  /// Appends the lengths of its passages.
  void read_lengths(std::vector<std::uint16_t>& lengths) const;

private:
  RunRecord record_;
  CheckedFile file_;
};

struct RunDocument {
  std::string_view id, title, text; ///< valid until the next one is read
  std::vector<Window> windows;
};

class RunDocuments {
public:
  /// `run` must outlive this.
  explicit RunDocuments(const Run& run) : run_(run), at_(kMarkerBytes) {}
  bool next(RunDocument& document);

private:
  bool next_frame();

  const Run& run_;
  std::uint64_t at_;
  std::string frame_;
  std::size_t in_frame_ = 0;
};

class RunTerms {
public:
  /// Stands at the first term. `run` must outlive this.
  explicit RunTerms(const Run& run) : run_(&run), at_(run.record().terms_at) { next(); }

  bool at_end() const noexcept { return term_.empty(); }
  std::string_view term() const noexcept { return term_; }
  /// Calls take(passage, frequency) for each posting of the term, in order; passages count from the run's first.
  template <typename Take>
  void postings(Take take) const {
    const std::byte* at = postings_.data();
    const std::byte* const end = at + postings_.size();
    std::uint64_t passage = UINT64_MAX, code = 0, frequency = 0;
    for (std::uint32_t i = 0; i < passages_; ++i) {
      frequency = 1;
      if (!read_varint(at, end, code) || ((code & 1) != 0 && !read_varint(at, end, frequency)))
        fail();
      passage += code / 2;
      if (passage >= run_->record().passages || frequency == 0 || frequency > UINT32_MAX)
        fail();
      take(static_cast<std::uint32_t>(passage), static_cast<std::uint32_t>(frequency));
    }
  }
  void next();

private:
  [[noreturn]] void fail() const;

  const Run* run_;
  std::uint64_t at_;
  std::string_view term_;
  std::uint32_t passages_ = 0;
  std::span<const std::byte> postings_;
};

} // namespace sciexam::inline retrieval
