#include "train/run/run_state.hpp"

#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/files/sha256.hpp"
#include "support/messages/progress.hpp"
#include "train/run/checkpoint_folder.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>

#include <ATen/core/grad_mode.h>

namespace sciexam {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFloatBytes = sizeof(float);
constexpr std::string_view kPrefix = "state_", kTensors = ".safetensors", kProgress = ".json";

struct NamedState {
  TensorInfo info;
  at::Tensor tensor;
};

/// All tensors of a state, in the order in which they are stored.
std::vector<NamedState> state_tensors(const AdamW& optimizer, std::span<const at::Tensor> average) {
  std::vector<NamedState> all;
  const auto add = [&](const std::string& name, const at::Tensor& tensor) {
    all.push_back({{name, DType::f32, tensor.sizes().vec()}, tensor});
  };
  for (std::size_t i = 0; i < optimizer.parameters().size(); ++i) {
    const std::string& name = optimizer.parameters()[i].name;
    add("parameter/" + name, optimizer.parameters()[i].tensor);
    add("exp_avg/" + name, optimizer.moments()[i].exp_avg);
    add("exp_avg_sq/" + name, optimizer.moments()[i].exp_avg_sq);
    if (!average.empty())
      add("average/" + name, average[i]);
  }
  return all;
}

std::vector<TensorInfo> infos_of(const std::vector<NamedState>& tensors) {
  std::vector<TensorInfo> infos;
  infos.reserve(tensors.size());
  for (const NamedState& tensor : tensors)
    infos.push_back(tensor.info);
  return infos;
}

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

} // namespace

RunStateFiles::RunStateFiles(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {}

fs::path RunStateFiles::tensors_file(std::int64_t step) const {
  return folder_ / (std::string(kPrefix) + std::to_string(step) + std::string(kTensors));
}

fs::path RunStateFiles::progress_file(std::int64_t step) const {
  return folder_ / (std::string(kPrefix) + std::to_string(step) + std::string(kProgress));
}

std::vector<std::int64_t> RunStateFiles::steps_on_disk() const {
  std::vector<std::int64_t> steps;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kProgress))
      steps.push_back(std::atoll(name.c_str() + kPrefix.size()));
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

void RunStateFiles::save(const RunProgress& progress, const AdamW& optimizer, std::span<const at::Tensor> average) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw WorkError(folder_.string() + ": cannot be made: " + error.message() +
                    ". Free some space, or check the folder");
  const std::vector<NamedState> tensors = state_tensors(optimizer, average);
  const std::vector<TensorInfo> infos = infos_of(tensors);
  Sha256 hash;
  const std::string header = safetensors_header(infos, {});
  hash.update(std::as_bytes(std::span(header)));
  write_safetensors(tensors_file(progress.step), infos, {},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      const auto at = static_cast<std::int64_t>(first / kFloatBytes),
                                 count = static_cast<std::int64_t>(out.size() / kFloatBytes);
                      const at::Tensor values = tensors[index].tensor.detach().flatten().narrow(0, at, count).cpu();
                      std::memcpy(out.data(), values.const_data_ptr(), out.size());
                      hash.update(out);
                    });
  const Json json = {{"identity", identity_}, {"sha256", hash.hex()}, {"progress", to_json(progress)}};
  write_file_atomically(progress_file(progress.step), json.dump(1) + "\n");

  constexpr std::size_t kKept = 2;
  const std::vector<std::int64_t> steps = steps_on_disk();
  for (std::size_t i = kKept; i < steps.size(); ++i) {
    std::error_code ignored; // what cannot be removed only takes room
    fs::remove(progress_file(steps[i]), ignored);
    fs::remove(tensors_file(steps[i]), ignored);
  }
}

std::optional<RunProgress> RunStateFiles::load_step(std::int64_t step, AdamW& optimizer,
                                                    std::span<const at::Tensor> average) const {
  const JsonDocument document = JsonDocument::from_file(progress_file(step));
  const JsonView root = document.root();
  if (root.at("identity").string() != identity_)
    throw UsageError(progress_file(step).string() +
                     ": belongs to a run with other settings, data, base or threads. Give those of that run, or train "
                     "into another folder");
  const RunProgress progress = progress_from_json(root.at("progress"));
  if (sha256_of_file(tensors_file(step)) != root.at("sha256").string())
    throw InputError({tensors_file(step)}, "is not what was written (torn or damaged)", "An older state is tried");

  std::map<std::string, at::Tensor> wanted; // on the CPU
  const std::vector<NamedState> tensors = state_tensors(optimizer, average);
  for (const NamedState& tensor : tensors)
    wanted.emplace(tensor.info.name, tensor.tensor.detach().cpu());
  const auto source = open_safetensors(tensors_file(step));
  source->read([&](const TensorInfo& tensor) { return wanted.contains(tensor.name); },
               [&](const TensorChunk& chunk) {
                 auto* data = static_cast<std::byte*>(wanted.at(chunk.tensor.name).mutable_data_ptr());
                 std::memcpy(data + chunk.first * size_of(chunk.tensor.dtype), chunk.bytes.data(), chunk.bytes.size());
               },
               1);
  const at::NoGradGuard no_grad;
  for (const NamedState& tensor : tensors)
    if (!tensor.tensor.is_cpu())
      tensor.tensor.copy_(wanted.at(tensor.info.name));
  optimizer.resume(progress.step);
  return progress;
}

std::optional<RunProgress> RunStateFiles::load(AdamW& optimizer, std::span<const at::Tensor> average) const {
  remove_temporary_files(folder_);
  for (const std::int64_t step : steps_on_disk()) {
    try {
      return load_step(step, optimizer, average);
    } catch (const InputError& error) {
      log_line(std::string("state passed over: ") + error.what());
    } catch (const UsageError& error) {
      if (fs::exists(tensors_file(step)))
        throw;
      log_line(std::string("state passed over: ") + error.what());
    }
  }
  return std::nullopt;
}

void RunStateFiles::remove() {
  for (const std::int64_t step : steps_on_disk()) {
    std::error_code ignored; // what cannot be removed only takes room
    fs::remove(progress_file(step), ignored);
    fs::remove(tensors_file(step), ignored);
  }
  remove_temporary_files(folder_);
  std::error_code ignored;
  fs::remove(folder_, ignored); // if nothing else is in it
}

} // namespace sciexam
