#include "retrieval/corpus/read_ahead.hpp"

#include "retrieval/corpus/open_documents.hpp"

#include <utility>
#include <variant>

namespace sciexam::inline retrieval {
namespace {

std::uint64_t size_of(const DocumentReader::Result& result) {
  const auto* document = std::get_if<SourceDocument>(&result);
  return document == nullptr ? 0 : document->title.size() + document->text.size();
}

} // namespace

ReadAhead::ReadAhead(std::filesystem::path file)
    : thread_([this, file = std::move(file)](const std::stop_token& stop) { read(file, stop); }) {}

ReadAhead::~ReadAhead() {
  thread_.request_stop(); // joined by jthread
}

void ReadAhead::read(const std::filesystem::path& file, const std::stop_token& stop) {
  try {
    const std::unique_ptr<DocumentReader> reader = open_documents(file);
    for (bool more = true; more;) {
      Item item;
      item.result = reader->next();
      more = item.result.has_value();
      item.bytes = more ? size_of(*item.result) : 0;
      item.bytes_read = reader->bytes_read();
      item.replaced = reader->replaced();
      if (!put(std::move(item), stop))
        return;
    }
  } catch (...) {
    put({.result = {}, .failure = std::current_exception()}, stop);
  }
}

/// Waits for room. False: nobody will take it.
bool ReadAhead::put(Item item, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait(lock, stop, [&] { return waiting_.empty() || waiting_bytes_ < kMostBytes; }))
    return false;
  waiting_bytes_ += item.bytes;
  waiting_.push_back(std::move(item));
  changed_.notify_all();
  return true;
}

std::optional<DocumentReader::Result> ReadAhead::next() {
  if (ended_)
    return std::nullopt;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !waiting_.empty(); });
  Item item = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= item.bytes;
  changed_.notify_all();
  lock.unlock();
  if (item.failure) {
    ended_ = true;
    std::rethrow_exception(item.failure);
  }
  ended_ = !item.result.has_value();
  std::optional<DocumentReader::Result> result = std::move(item.result);
  item.result.reset();
  taken_ = std::move(item);
  return result;
}

} // namespace sciexam::inline retrieval
