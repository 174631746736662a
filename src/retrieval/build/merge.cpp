#include "retrieval/build/merge.hpp"

#include "retrieval/index/shards_writer.hpp"
#include "retrieval/index/text_writer.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

/// How often `steps` are asked, in documents or terms.
constexpr std::uint64_t kStride = 1024;

void check(const MergeSteps& steps) {
  if (steps.stop && steps.stop())
    throw Stopped();
}

void advance(const MergeSteps& steps, std::uint64_t bytes) {
  if (steps.advance)
    steps.advance(bytes);
}

/// Articles that stand for the corpus in the texts' dictionary: those with the lowest hashes of their ids, so that they
/// are the same however the corpus is cut into runs.
class TextSamples {
public:
  void offer(const RunDocument& document) {
    const std::uint64_t hash = hash_of(document.id);
    if (kept_.size() == kMost && hash >= kept_.top().hash)
      return;
    kept_.push({hash, std::string(document.title) + std::string(document.text.substr(0, kMostBytes))});
    if (kept_.size() > kMost)
      kept_.pop();
  }
  std::vector<std::string> take() {
    std::vector<std::string> samples;
    for (; !kept_.empty(); kept_.pop())
      samples.push_back(kept_.top().text);
    return samples;
  }

private:
  static constexpr std::size_t kMost = 2000, kMostBytes = 16384;
  struct Sample {
    std::uint64_t hash;
    std::string text;
    bool operator<(const Sample& other) const { return std::tie(hash, text) < std::tie(other.hash, other.text); }
  };
  /// FNV-1a, 64 bits (Fowler, Noll, Vo), with a last mixing: the same on every machine.
  static std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char byte : text)
      hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
    return hash ^ (hash >> 29);
  }

  std::priority_queue<Sample> kept_; // the highest hash on top
};

/// Calls each(document) for all documents in order.
template <typename Each>
void for_documents(std::span<const Run> runs, const MergeSteps& steps, Each each) {
  for (const Run& run : runs) {
    RunDocuments documents(run);
    RunDocument document;
    for (std::uint64_t i = 0; documents.next(document); ++i) {
      if (i % kStride == 0)
        check(steps);
      each(document);
    }
  }
}

std::string train_dictionary(std::span<const Run> runs, const MergeSteps& steps) {
  TextSamples samples;
  for_documents(runs, steps, [&](const RunDocument& document) { samples.offer(document); });
  return train_text_dictionary(samples.take());
}

/// All runs' terms in order; of equal terms the earlier run's first.
class TermMerge {
public:
  explicit TermMerge(std::span<const Run> runs) {
    std::uint64_t passages = 0;
    for (const Run& run : runs) {
      if (const RunTerms terms(run); !terms.at_end())
        cursors_.push_back({terms, passages});
      passages += run.record().passages;
    }
    order_.resize(cursors_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::make_heap(order_.begin(), order_.end(), is_later());
  }

  bool at_end() const { return order_.empty(); }
  std::string_view term() const { return cursors_[order_.front()].terms.term(); }

  /// Calls take(passage, frequency) for the first run's postings of term(), and moves on. Passages of the whole corpus.
  template <typename Take>
  void next(Take take) {
    std::pop_heap(order_.begin(), order_.end(), is_later());
    Cursor& cursor = cursors_[order_.back()];
    cursor.terms.postings([&](std::uint32_t passage, std::uint32_t frequency) {
      take(static_cast<std::uint32_t>(cursor.first_passage + passage), frequency);
    });
    cursor.terms.next();
    if (cursor.terms.at_end())
      order_.pop_back();
    else
      std::push_heap(order_.begin(), order_.end(), is_later());
  }

private:
  struct Cursor {
    RunTerms terms;
    std::uint64_t first_passage;
  };
  struct IsLater {
    const std::vector<Cursor>* cursors;
    bool operator()(std::size_t a, std::size_t b) const {
      const int order = (*cursors)[a].terms.term().compare((*cursors)[b].terms.term());
      return order != 0 ? order > 0 : a > b;
    }
  };
  IsLater is_later() const { return {&cursors_}; }

  std::vector<Cursor> cursors_;
  std::vector<std::size_t> order_; // a heap
};

} // namespace

void merge_postings(std::span<const Run> runs, const std::filesystem::path& folder, const MergeSteps& steps,
                    IndexManifest& manifest) {
  std::vector<std::uint16_t> lengths;
  for (const Run& run : runs)
    run.read_lengths(lengths);
  ShardsWriter writer(folder, lengths);
  TermMerge merge(runs);
  std::string term;
  std::uint64_t postings = 0, reported = 0;
  for (std::uint64_t i = 0; !merge.at_end(); ++i) {
    term = merge.term();
    while (!merge.at_end() && merge.term() == term)
      merge.next([&](std::uint32_t passage, std::uint32_t frequency) {
        writer.add(passage, frequency);
        ++postings;
      });
    writer.end_term(term);
    if (i % kStride == 0) {
      check(steps);
      advance(steps, postings - std::exchange(reported, postings));
    }
  }
  advance(steps, postings - reported);
  writer.finish(manifest);
}

void merge_texts(std::span<const Run> runs, const std::filesystem::path& folder, int threads, const MergeSteps& steps,
                 IndexManifest& manifest) {
  TextCompression compression = {.dictionary = train_dictionary(runs, steps), .threads = threads};
  manifest.text_dictionary.reset();
  if (!compression.dictionary.empty())
    manifest.text_dictionary = write_text_dictionary(folder, compression.dictionary);
  TextWriter writer(folder, compression);
  std::uint64_t reported = 0;
  for_documents(runs, steps, [&](const RunDocument& document) {
    writer.add_article(document.id, document.title, document.text);
    for (const Window& window : document.windows)
      writer.add_passage(window.begin, window.bytes);
    if (writer.stream_bytes() - reported > kTextFrameBytes * kStride)
      advance(steps, writer.stream_bytes() - std::exchange(reported, writer.stream_bytes()));
  });
  advance(steps, writer.stream_bytes() - reported);
  finish_texts(writer, manifest);
}

} // namespace sciexam::inline retrieval
