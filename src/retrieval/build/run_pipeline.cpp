#include "retrieval/build/run_pipeline.hpp"

#include "retrieval/build/merge.hpp"
#include "retrieval/build/run_builder.hpp"
#include "retrieval/build/run_reader.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

constexpr std::uint64_t kLeastRunBytes = std::uint64_t{1} << 20, kMostRunBytes = std::uint64_t{128} << 20;

/// Documents of a run to be made.
struct Stretch {
  std::size_t number = 0;
  std::vector<SourceDocument> documents;
  CorpusPosition position;
  CorpusCounts counts;
};

/// At most one stretch waits; the first failure of a worker ends everything.
class StretchQueue {
public:
  /// Waits for room. Throws the failure of a worker.
  void push(Stretch stretch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !waiting_ || failure_; });
    if (failure_)
      std::rethrow_exception(failure_);
    waiting_ = std::move(stretch);
    changed_.notify_all();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  /// Nothing: there will be none.
  std::optional<Stretch> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ || closed_ || failure_; });
    if (failure_)
      return std::nullopt;
    changed_.notify_all();
    return std::exchange(waiting_, std::nullopt);
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_)
      failure_ = std::move(failure);
    changed_.notify_all();
  }
  void rethrow() const {
    if (failure_)
      std::rethrow_exception(failure_);
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Stretch> waiting_;
  bool closed_ = false;
  std::exception_ptr failure_;
};

void work(const BuildRequest& request, const RunStore& store, StretchQueue& queue) {
  try {
    RunBuilder builder(request.analyser, request.cutter);
    while (std::optional<Stretch> stretch = queue.pop()) {
      const RunRecord record = builder.build(stretch->documents, store.file_of(stretch->number));
      store.save(stretch->number, {record, stretch->position, std::move(stretch->counts)});
    }
  } catch (...) {
    queue.fail(std::current_exception());
  }
}

/// Of all files; 0, which is unknown, if standard input is among them.
std::uint64_t bytes_of(const std::vector<std::filesystem::path>& files) {
  std::uint64_t bytes = 0;
  for (const std::filesystem::path& file : files) {
    if (file == "-")
      return 0;
    bytes += corpus_file_bytes(file);
  }
  return bytes;
}

/// Goes on where the stored runs end.
CorpusStream open_stream(const BuildRequest& request, const RunStore& store) {
  if (store.runs().empty())
    return {request.files, {}, {}, request.threads};
  const StoredRun& last = store.runs().back();
  log_line("going on after the first " + counted(last.counts.articles, "article") + ", from an earlier build");
  CorpusStream stream(request.files, last.position, last.counts, request.threads);
  Progress progress("reading the earlier build's texts", last.counts.articles, "articles");
  for (const StoredRun& stored : store.runs()) {
    const Run run(store.folder(), stored.record);
    RunDocuments documents(run);
    for (RunDocument document; documents.next(document); progress.advance(1))
      stream.learn(document.text);
  }
  progress.finish();
  return stream;
}

std::uint64_t size_of(const SourceDocument& document) {
  return document.id.size() + document.title.size() + document.text.size();
}

void read_all(const BuildRequest& request, std::size_t first_run, CorpusStream& stream, StretchQueue& queue) {
  const auto shares = kBuildBytesPerTextByte * static_cast<std::uint64_t>(request.threads) + 2;
  const std::uint64_t run_bytes = std::clamp(request.memory / shares, kLeastRunBytes, kMostRunBytes);
  Progress progress("reading", bytes_of(request.files), "bytes");
  std::uint64_t reported = stream.bytes_read(), bytes = 0;
  progress.skip(reported);
  Stretch stretch = {first_run, {}, {}, {}};
  const auto push = [&] {
    stretch.position = stream.position();
    stretch.counts = stream.counts();
    const std::size_t next = stretch.number + 1;
    queue.push(std::exchange(stretch, {next, {}, {}, {}}));
    bytes = 0;
  };
  for (SourceDocument document; stream.next(document);) {
    if (request.stop && request.stop())
      throw Stopped();
    bytes += size_of(document);
    stretch.documents.push_back(std::move(document));
    if (const std::uint64_t now = stream.bytes_read(); now != reported) {
      progress.note(counted(stream.counts().articles, "article"));
      progress.advance(now - std::exchange(reported, now));
    }
    if (bytes >= run_bytes)
      push();
  }
  if (!stretch.documents.empty())
    push();
  progress.note(counted(stream.counts().articles, "article"));
  progress.finish();
}

} // namespace

CorpusCounts build_runs(const BuildRequest& request, const RunStore& store) {
  CorpusStream stream = open_stream(request, store);
  StretchQueue queue;
  {
    std::vector<std::jthread> workers;
    workers.reserve(static_cast<std::size_t>(request.threads));
    for (int i = 0; i < request.threads; ++i)
      workers.emplace_back([&] { work(request, store, queue); });
    try {
      read_all(request, store.runs().size(), stream, queue);
    } catch (...) {
      queue.fail(std::current_exception());
    }
    queue.close();
  }
  queue.rethrow();
  return stream.counts();
}

} // namespace sciexam::inline retrieval
