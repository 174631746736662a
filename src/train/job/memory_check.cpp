#include "train/job/memory_check.hpp"

#include "gpu/device_support.hpp"
#include "gpu/training/training_buffers.hpp"
#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"
#include "support/text/counted.hpp"
#include "train/engine/device_engine.hpp"

#include <algorithm>

namespace sciexam::inline train {

void require_memory(const DebertaConfig& config, const RunPlan& run, const PassSize& pass,
                    const TrainingRequest& request) {
  const MemoryEstimate estimate = estimate_memory(config, run.settings, pass);
  const std::uint64_t available = request.on_cpu() ? available_memory() : 0;
  log_line(run.name + ": will need about " + format_memory(estimate.total()) + " of memory (weights " +
           format_memory(estimate.weights) + ", gradients " + format_memory(estimate.gradients) + ", optimiser " +
           format_memory(estimate.optimizer) + ", activations " + format_memory(estimate.activations) +
           "); available: " + (available == 0 ? "unknown" : format_memory(available)));
  if (available == 0 || estimate.total() <= available || request.ignore_memory_estimate)
    return;
  std::string ways;
  for (const std::string& way : ways_to_less_memory(config, run.settings, pass))
    ways += (ways.empty() ? "" : "; ") + way;
  throw UsageError(run.name + ": needs about " + format_memory(estimate.total()) + " of memory, but only " +
                   format_memory(available) + " is available. What would need less: " +
                   (ways.empty() ? "a smaller model" : ways) + ". Or try anyway: --ignore-memory-estimate");
}

void require_device_memory(const DebertaConfig& config, const RunPlan& run, const PassSize& pass,
                           const TrainingSet& valid, DeviceProcess& device, bool ignore_estimate) {
  const auto memory_with = [&](const TrainingSettings& settings, PassSize size) {
    return training_memory(network_shape(config), training_setup(config, settings),
                           training_limits(settings, size, valid));
  };
  const TrainingMemory memory = memory_with(run.settings, pass);
  const std::uint64_t free = device.facts().free_memory;
  log_line(run.name + ": needs " + format_memory(memory.total()) + " on " + device.name() + " (weights " +
           format_memory(memory.weights) + ", gradients " + format_memory(memory.gradients) + ", moments " +
           format_memory(memory.moments) + (memory.copies > 0 ? ", copies " + format_memory(memory.copies) : "") +
           ", activations of " + counted(pass.tokens, "token") + " " + format_memory(memory.activations) +
           "); free: " + format_memory(free));
  if (memory.total() <= free || ignore_estimate)
    return;
  std::string ways;
  const auto offer = [&](const std::string& way, const TrainingSettings& settings, const PassSize& size) {
    if (const std::uint64_t total = memory_with(settings, size).total(); total <= free)
      ways += (ways.empty() ? "" : "; ") + way + " (" + format_memory(total) + ")";
  };
  TrainingSettings changed = run.settings;
  PassSize smaller = pass;
  smaller.tokens = std::max<std::int64_t>(pass.tokens / 2, static_cast<std::int64_t>(kOptions) * pass.longest_sequence);
  offer("token_budget " + std::to_string(smaller.tokens), changed, smaller);
  changed.gradient_checkpointing = true;
  offer("gradient_checkpointing", changed, pass);
  offer("both", changed, smaller);
  throw UsageError(run.name + ": needs " + format_memory(memory.total()) + " of GPU memory, but only " +
                   format_memory(free) + " is free on " + device.name() +
                   ". What would fit: " + (ways.empty() ? "a smaller model, or frozen layers" : ways) +
                   ". Or try anyway: --ignore-memory-estimate");
}

} // namespace sciexam::inline train
