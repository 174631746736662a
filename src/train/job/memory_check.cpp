#include "train/job/memory_check.hpp"

#include "support/errors.hpp"
#include "support/machine/memory.hpp"
#include "support/messages/progress.hpp"

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

} // namespace sciexam::inline train
