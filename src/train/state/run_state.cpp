#include "train/state/run_state.hpp"

#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "state_", kTensors = ".safetensors", kProgress = ".json";

Json to_json(const RunProgress& progress) {
  return {{"step", progress.step},
          {"tokens", progress.tokens},
          {"seconds", progress.seconds},
          {"best", progress.best ? to_json(*progress.best) : Json(nullptr)},
          {"best_step", progress.best_step},
          {"last", progress.last ? to_json(*progress.last) : Json(nullptr)},
          {"validations_without_progress", progress.validations_without_progress},
          {"stopped_early", progress.stopped_early},
          {"loss_average", progress.loss_average},
          {"pinned_steps", progress.pinned_steps}};
}

RunProgress progress_from_json(const JsonView& object) {
  RunProgress progress;
  const auto count = [&](const char* name) { return object.at(name).integer(0, INT64_MAX); };
  progress.step = count("step");
  progress.tokens = count("tokens");
  progress.seconds = object.at("seconds").number();
  if (object.has("best"))
    progress.best = scores_from_json(object.at("best"));
  progress.best_step = count("best_step");
  if (object.has("last"))
    progress.last = scores_from_json(object.at("last"));
  progress.validations_without_progress = count("validations_without_progress");
  progress.stopped_early = object.at("stopped_early").boolean();
  progress.loss_average = object.at("loss_average").number();
  progress.pinned_steps = count("pinned_steps");
  return progress;
}

/// Of the states in a folder, newest first.
std::vector<std::int64_t> steps_in(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kProgress))
      steps.push_back(std::atoll(name.c_str() + kPrefix.size()));
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

std::mutex one_state_at_a_time; // two that are written at the same time would need the room of both

std::uint64_t bytes_of(const std::vector<TensorInfo>& tensors) {
  std::uint64_t bytes = 0;
  for (const TensorInfo& tensor : tensors)
    bytes += tensor.bytes();
  return bytes;
}

fs::path state_file(const fs::path& folder, std::int64_t step, std::string_view ending) {
  return folder / (std::string(kPrefix) + std::to_string(step) + std::string(ending));
}

} // namespace

std::optional<StoredState> newest_state(const fs::path& folder) {
  for (const std::int64_t step : steps_in(folder))
    try {
      const JsonDocument document = JsonDocument::from_file(state_file(folder, step, kProgress));
      return StoredState{step, document.root().at("identity").string()};
    } catch (const Error&) { // torn: the one before it may not be
      continue;
    }
  return std::nullopt;
}

RunStateFiles::RunStateFiles(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {}

fs::path RunStateFiles::tensors_file(std::int64_t step) const {
  return state_file(folder_, step, kTensors);
}

fs::path RunStateFiles::progress_file(std::int64_t step) const {
  return state_file(folder_, step, kProgress);
}

void RunStateFiles::save(const RunProgress& progress, const TrainingEngine& engine) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw WorkError(folder_.string() + ": cannot be created: " + error.message() +
                    ". Free some space, or check the folder");
  const std::vector<TensorInfo> tensors = engine.state_tensors();
  const std::lock_guard lock(one_state_at_a_time);
  make_room(bytes_of(tensors));
  Sha256 hash;
  const std::string header = safetensors_header(tensors, {});
  hash.update(std::as_bytes(std::span(header)));
  write_safetensors(tensors_file(progress.step), tensors, {},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      engine.read_state(tensors[index].name, first, out);
                      hash.update(out);
                    });
  const Json json = {{"identity", identity_}, {"sha256", hash.hex()}, {"progress", to_json(progress)}};
  write_file_atomically(progress_file(progress.step), json.dump(1) + "\n");

  constexpr std::size_t kKept = 1;
  const std::vector<std::int64_t> steps = steps_in(folder_);
  for (std::size_t i = kKept; i < steps.size(); ++i)
    remove_step(steps[i]);
}

/// Removes earlier states if a state of `bytes` fits in their place and not beside them.
void RunStateFiles::make_room(std::uint64_t bytes) const {
  const std::uint64_t needed = bytes + bytes / 100 + (1 << 16); // the header, the JSON file, blocks that are not full
  const std::optional<std::uint64_t> free = free_disk(folder_);
  if (!free || *free >= needed)
    return;
  std::uint64_t earlier = 0;
  std::error_code error;
  for (const std::int64_t step : steps_in(folder_))
    if (const std::uintmax_t size = fs::file_size(tensors_file(step), error); !error)
      earlier += size;
  if (*free + earlier < needed)
    return;
  log_line(folder_.string() + ": no room for two states; the next one takes the place of the one before it");
  for (const std::int64_t step : steps_in(folder_))
    remove_step(step);
}

RunProgress RunStateFiles::load_step(std::int64_t step, TrainingEngine& engine) const {
  const JsonDocument document = JsonDocument::from_file(progress_file(step));
  const JsonView root = document.root();
  if (root.at("identity").string() != identity_)
    throw UsageError(progress_file(step).string() +
                     ": belongs to a run with other settings, data, base, threads, device or instruction set. Give "
                     "those of that run, or train into another folder");
  const RunProgress progress = progress_from_json(root.at("progress"));
  if (sha256_of_file(tensors_file(step)) != root.at("sha256").string())
    throw InputError({tensors_file(step)}, "is not what was written (torn or damaged)", "An older state is tried");

  std::set<std::string> wanted;
  for (const TensorInfo& tensor : engine.state_tensors())
    wanted.insert(tensor.name);
  const auto source = open_safetensors(tensors_file(step));
  source->read([&](const TensorInfo& tensor) { return wanted.contains(tensor.name); },
               [&](const TensorChunk& chunk) {
                 engine.write_state(chunk.tensor.name, chunk.first * size_of(chunk.tensor.dtype), chunk.bytes);
               },
               1);
  engine.resume(progress.step);
  return progress;
}

std::optional<RunProgress> RunStateFiles::load(TrainingEngine& engine) const {
  remove_temporary_files(folder_);
  for (const std::int64_t step : steps_in(folder_)) {
    try {
      return load_step(step, engine);
    } catch (const InputError& error) {
      log_line(std::string("state skipped: ") + error.what());
    } catch (const UsageError& error) {
      if (fs::exists(tensors_file(step)))
        throw;
      log_line(std::string("state skipped: ") + error.what());
    }
  }
  return std::nullopt;
}

void RunStateFiles::remove_step(std::int64_t step) const {
  std::error_code ignored; // what cannot be removed only takes up space
  fs::remove(progress_file(step), ignored);
  fs::remove(tensors_file(step), ignored);
}

void RunStateFiles::remove() {
  for (const std::int64_t step : steps_in(folder_))
    remove_step(step);
  remove_temporary_files(folder_);
  std::error_code ignored;
  fs::remove(folder_, ignored); // if nothing else is in it
}

} // namespace sciexam::inline train
