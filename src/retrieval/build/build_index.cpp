#include "retrieval/build/build_index.hpp"

#include "retrieval/build/merge.hpp"
#include "retrieval/build/run_pipeline.hpp"
#include "retrieval/build/run_store.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"

#include <atomic>
#include <future>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPostingWork = 8; // bytes of text that take as long to merge as a posting

/// What the corpus is: the files' names, sizes and hashes.
class CorpusHash {
public:
  explicit CorpusHash(const std::vector<fs::path>& files)
      : record_(std::async(std::launch::async, [&files] { return hash(files); })) {}
  Json get() { return record_.get(); }

private:
  static Json hash(const std::vector<fs::path>& files) {
    Json record = Json::array();
    for (const fs::path& file : files)
      if (fs::is_regular_file(file))
        record.push_back(
            {{"name", file.filename().string()}, {"bytes", fs::file_size(file)}, {"sha256", sha256_of_file(file)}});
      else
        record.push_back({{"name", file.filename().string()}}); // a pipe is read once
    return record;
  }

  std::future<Json> record_;
};

/// All that the runs depend on.
Json settings_of(const BuildRequest& request) {
  Json files = Json::array();
  for (const fs::path& file : request.files) {
    files.push_back({{"path", fs::absolute(file).string()}, {"bytes", corpus_file_bytes(file)}});
  }
  return {{"files", std::move(files)},
          {"cutter", record_of(request.cutter)},
          {"analyser", Analyser(request.analyser, 1).record()}};
}

/// Texts and postings at the same time: texts use all threads, postings one.
void merge(const BuildRequest& request, const std::vector<Run>& runs, IndexManifest& manifest) {
  std::uint64_t work = 0;
  for (const Run& run : runs)
    work += run.record().text_bytes + kPostingWork * run.record().postings;
  Progress progress("merging", work, "bytes");
  std::atomic<bool> failed = false;
  const auto stop = [&] { return failed || (request.stop && request.stop()); };
  IndexManifest searched;
  std::future<void> postings = std::async(std::launch::async, [&] {
    try {
      merge_postings(runs, request.folder, {[&](std::uint64_t count) { progress.advance(kPostingWork * count); }, stop},
                     searched);
    } catch (...) {
      failed = true;
      throw;
    }
  });
  try {
    merge_texts(runs, request.folder, request.threads, {[&](std::uint64_t bytes) { progress.advance(bytes); }, stop},
                manifest);
  } catch (const Stopped&) {
    if (failed)
      postings.get(); // throws the cause
    throw;
  } catch (...) {
    failed = true;
    throw;
  }
  postings.get();
  progress.finish();
  manifest.shards = std::move(searched.shards);
  manifest.terms = searched.terms;
  manifest.counts.postings = searched.counts.postings;
  manifest.counts.terms = searched.counts.terms;
  manifest.counts.total_length = searched.counts.total_length;
}

Json corpus_record(const CorpusCounts& counts, Json files) {
  Json record = to_json(counts);
  record["files"] = std::move(files);
  return record;
}

} // namespace

BuildResult build_index(const BuildRequest& request) {
  RunStore store(request.folder, settings_of(request));
  BuildResult result;
  result.resumed = !store.runs().empty();
  result.counts = build_runs(request, store);
  store.load();
  if (store.runs().empty()) {
    store.remove();
    throw InputError({request.files.front()}, "has no article, nor have the corpus's other files",
                     "Give --corpus files with text");
  }
  CorpusHash files(request.files);
  std::vector<Run> runs;
  for (const StoredRun& stored : store.runs())
    runs.emplace_back(store.folder(), stored.record);
  IndexManifest& manifest = result.manifest;
  manifest.title = request.title;
  manifest.created_by = request.created_by;
  manifest.licence = request.licence;
  manifest.attribution = request.attribution;
  manifest.analyser = Analyser(request.analyser, 1).record();
  manifest.cutter = record_of(request.cutter);
  merge(request, runs, manifest);
  manifest.corpus = corpus_record(result.counts, files.get());
  const std::string text = write_index_manifest(manifest);
  write_file_atomically(request.folder / kIndexManifestName, text);
  manifest = parse_index_manifest(text, request.folder / kIndexManifestName);
  runs.clear();
  store.remove();
  return result;
}

} // namespace sciexam::inline retrieval
