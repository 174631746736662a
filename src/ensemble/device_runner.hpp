// The models of a package on all usable GPUs, and on the CPU where they fail or cannot.
#pragma once

#include "ensemble/device_check.hpp"
#include "ensemble/network_runner.hpp"
#include "gpu/device_process.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace sciexam {

/// A device is used as long as it gives the logits of the package's probe, which it is asked for after loading and with
/// every batch: what it answered counts only if it was right before and after. Once a run its answers to a few of the
/// exam's questions are held against the CPU's too.
class DeviceRunner : public ModelRunner {
public:
  struct Options {
    int threads = 1;
    double time_limit = kNoTimeLimit;  ///< seconds; where it is short nothing is held against the CPU
    std::int64_t cpu_token_budget = 0; ///< tokens at once on the CPU
  };

  /// `devices` are open. Everything must outlive it.
  DeviceRunner(const Package& package, std::span<const EncodedQuestion> encoded, NetworkRunner& cpu,
               std::vector<DeviceProcess*> devices, const Options& options);

  bool load(std::size_t model) override;
  std::optional<std::vector<OptionLogits>> answer(std::span<const std::size_t> batch, std::int64_t max_length,
                                                  const std::function<bool()>& stop) override;

  /// Tokens at once that keep all devices busy; without devices the CPU's.
  std::int64_t token_budget() const;
  std::size_t devices() const noexcept { return devices_.size(); }

private:
  struct Round;
  struct OnDevice {
    DeviceProcess* process;
    std::string failure = {}; ///< why it is not to be used any more
  };

  std::vector<std::jthread> start_each(const std::function<void(OnDevice&)>& work);
  void on_each(const std::function<void(OnDevice&)>& work);
  void drop_failed();
  std::string why_not(const DebertaConfig& config, const WeightSource& source) const;
  bool load_devices();
  void load_weights_of(const DebertaConfig& config, WeightSource& source);
  LogitErrors check_probe(DeviceProcess& device, const std::function<bool()>& stop = nullptr) const;
  void check_probes();
  void check_against_cpu();
  bool fits(const EncodedQuestion& question) const;
  void work(DeviceProcess& device, Round& round) const;
  void plan_parts(Round& round) const;
  bool run_round(Round& round, const std::function<bool()>& stop);
  bool answer_rest(std::span<const std::size_t> batch, std::int64_t max_length, const std::function<bool()>& stop,
                   std::vector<std::optional<OptionLogits>>& answers);

  const Package& package_;
  std::span<const EncodedQuestion> encoded_;
  NetworkRunner& cpu_;
  Options options_;
  std::vector<OnDevice> devices_;
  DeviceLimits limits_;
  std::size_t model_ = 0;
  bool on_devices_ = false, on_cpu_ = false; ///< where the model is loaded
  bool tune_ = false;                        ///< with the next loading
  bool checked_ = false;                     ///< against the CPU
};

} // namespace sciexam
