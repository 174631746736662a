// A file that is read by a thread of its own, ahead of whoever takes its documents.
#pragma once

#include "retrieval/corpus/document_reader.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace sciexam::inline retrieval {

/// Unpacking a dump costs more than all that follows: several files are read at once, each ahead by some megabytes.
class ReadAhead {
public:
  static constexpr std::uint64_t kMostBytes = std::uint64_t{16} << 20; ///< of documents that wait

  explicit ReadAhead(std::filesystem::path file);
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead();

  /// The next document; nothing after the last one. Throws what opening or reading the file threw, in its place.
  std::optional<DocumentReader::Result> next();
  /// See DocumentReader; of what next() has returned.
  std::uint64_t bytes_read() const noexcept { return taken_.bytes_read; }
  std::uint64_t replaced() const noexcept { return taken_.replaced; }

private:
  struct Item {
    std::optional<DocumentReader::Result> result; ///< nothing: the end
    std::exception_ptr failure = nullptr;
    std::uint64_t bytes = 0, bytes_read = 0, replaced = 0; ///< the last two: of the file so far
  };
  void read(const std::filesystem::path& file, const std::stop_token& stop);
  bool put(Item item, const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  Item taken_; // the last, without its document
  bool ended_ = false;
  std::jthread thread_; // last: it uses all others
};

} // namespace sciexam::inline retrieval
