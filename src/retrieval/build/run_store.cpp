#include "retrieval/build/run_store.hpp"

#include "retrieval/index/index_manifest.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "support/text/numbers.hpp"

namespace sciexam::inline retrieval {
namespace {

namespace fs = std::filesystem;

StoredRun parse_stored_run(const JsonView& view) {
  const JsonView position = view.at("position");
  return {parse_run_record(view.at("run")),
          {static_cast<std::size_t>(position.at("file").integer(0, INT64_MAX)),
           static_cast<std::uint64_t>(position.at("records").integer(0, INT64_MAX))},
          parse_corpus_counts(view.at("counts"))};
}

/// What a killed build may leave beside "building".
bool is_of_an_index(const std::string& name) {
  return name == "building" || name == "terms.bin" || name == "texts.bin" || name == "articles.bin" ||
         name == "passages.bin" || name == "texts.dictionary" || name.starts_with("shard_") || name.starts_with('.');
}

void require_room_for_index(const fs::path& folder) {
  if (fs::exists(folder / kIndexManifestName))
    throw UsageError(folder.string() + ": has an index already. Give --out another folder, or remove it");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (!is_of_an_index(entry.path().filename().string()))
      throw UsageError(folder.string() + ": has " + entry.path().filename().string() +
                       " in it. Give --out a folder that is new or empty");
}

} // namespace

RunStore::RunStore(const fs::path& folder, const Json& settings) : building_(folder / "building") {
  if (fs::exists(folder))
    require_room_for_index(folder);
  std::error_code failure;
  fs::create_directories(building_, failure);
  if (failure)
    throw UsageError(building_.string() + ": cannot be made: " + failure.message() + ". Give another --out");
  remove_temporary_files(folder);
  remove_temporary_files(building_);
  const fs::path file = building_ / "settings.json";
  const std::string text = settings.dump(2) + "\n";
  if (!fs::exists(file))
    write_file_atomically(file, text);
  else if (read_text_file(file) != text)
    throw UsageError(building_.string() +
                     ": has the beginnings of an index of another corpus or with other settings. " +
                     "Build with those again, or remove that folder");
  load();
}

fs::path RunStore::file_of(std::size_t run) const {
  return building_ / printed("run_%05zu", run);
}

fs::path RunStore::record_of(std::size_t run) const {
  return building_ / printed("run_%05zu.json", run);
}

void RunStore::load() {
  runs_.clear();
  for (fs::path file = record_of(0); fs::exists(file); file = record_of(runs_.size()))
    runs_.push_back(parse_stored_run(JsonDocument::from_file(file).root()));
}

void RunStore::save(std::size_t run, const StoredRun& stored) const {
  const Json record = {{"run", to_json(stored.record)},
                       {"position", {{"file", stored.position.file}, {"records", stored.position.records}}},
                       {"counts", to_json(stored.counts)}};
  write_file_atomically(record_of(run), record.dump(2) + "\n");
}

void RunStore::remove() const {
  std::error_code failure;
  fs::remove_all(building_, failure);
  if (failure)
    throw WorkError(building_.string() + ": cannot be removed: " + failure.message());
}

} // namespace sciexam::inline retrieval
