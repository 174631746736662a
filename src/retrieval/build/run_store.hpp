// The runs of an index that is being built, in its folder "building": what survives a kill.
#pragma once

#include "retrieval/build/corpus_stream.hpp"
#include "retrieval/build/run_record.hpp"
#include "support/text/json.hpp"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace sciexam::inline retrieval {

/// A run, and how far the corpus was read when it ended.
struct StoredRun {
  RunRecord record;
  CorpusPosition position;
  CorpusCounts counts;
};

class RunStore {
public:
  /// Opens or makes FOLDER/building. `settings` is all that the runs depend on. Throws UsageError if the folder has an
  /// index or other files, or runs of other settings.
  RunStore(const std::filesystem::path& folder, const Json& settings);

  /// The runs that are complete, up to the first that is not.
  const std::vector<StoredRun>& runs() const noexcept { return runs_; }
  const std::filesystem::path& folder() const noexcept { return building_; }
  std::filesystem::path file_of(std::size_t run) const;
  /// Records a run whose file is complete. Several threads may do it at once, for different runs.
  void save(std::size_t run, const StoredRun& stored) const;
  /// Reads the runs again.
  void load();
  /// The index is complete: removes the folder.
  void remove() const;

private:
  std::filesystem::path record_of(std::size_t run) const;

  std::filesystem::path building_;
  std::vector<StoredRun> runs_;
};

} // namespace sciexam::inline retrieval
