// The models of a package on all usable GPUs, and on the CPU where GPUs fail or cannot.
#pragma once

#include "gpu/device_process.hpp"
#include "inference/cpu_runner.hpp"
#include "inference/device_check.hpp"
#include "inference/device_round.hpp"
#include "inference/speed.hpp"
#include "support/clock.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace sciexam::inline inference {

/// A device answers for a model as long as it reproduces the logits of the package's probe, which it computes after
/// loading and with every batch: its answers count only if the probe was right before and after them. Once a run its
/// answers to a few of the exam's questions are compared with the CPU's, too.
///
/// The CPU answers what does not fit on a device, beside the devices. Where time is short it also takes a share of the
/// rest; otherwise not, because its f32 results differ in the last digits, and which of the two answers a question
/// would depend on the machine's speed at that moment.
class DeviceRunner : public ModelRunner {
public:
  struct Options {
    int threads = 1;
    std::optional<double> time_limit = {}; ///< seconds; where it is short, nothing is compared with the CPU
    std::int64_t cpu_token_budget = 0;     ///< tokens at once on the CPU
  };

  /// `devices` are open. Everything must outlive it.
  DeviceRunner(const Package& package, std::span<const EncodedQuestion> encoded, CpuRunner& cpu,
               const std::vector<DeviceProcess*>& devices, const Options& options);

  bool load(std::size_t model) override;
  void hurry() override { hurried_ = true; }
  BatchAnswers answer(std::span<const std::size_t> batch, std::int64_t max_length,
                      const std::function<bool()>& stop) override;

  /// Tokens at once that keep all devices busy; without devices the CPU's.
  std::int64_t token_budget() const;
  std::size_t devices() const noexcept { return devices_.size(); }
  /// How many answers the CPU has given so far.
  std::size_t answers_of_cpu() const noexcept { return answers_of_cpu_; }
  /// The devices that were lost on the way and why, one sentence each.
  const std::vector<std::string>& lost() const noexcept { return lost_; }

private:
  struct OnDevice {
    DeviceProcess* process;
    std::string failure = {}; ///< why it must no longer be used
    std::string refusal = {}; ///< why it must not be used for this model
  };

  std::vector<std::jthread> start_each(const std::function<void(OnDevice&)>& work,
                                       const std::function<void()>& at_end = nullptr);
  void on_each(const std::function<void(OnDevice&)>& work);
  void drop_failed();
  std::string why_not(const DebertaConfig& config, const WeightSource& source) const;
  bool load_devices();
  void load_weights_of(const DebertaConfig& config, WeightSource& source);
  LogitErrors probe_errors(DeviceProcess& device, const std::function<bool()>& stop = nullptr) const;
  void check_probes();
  std::vector<OptionLogits> answer_to_check(std::span<const std::size_t> questions);
  void check_against_cpu();
  double share_of_cpu() const;
  std::vector<std::size_t> places_for_cpu(const DeviceRound& round) const;
  bool run_round(DeviceRound& round, const std::function<bool()>& stop);
  bool load_on_cpu();
  BatchAnswers::End answer_on_cpu(DeviceRound& round, std::span<const std::size_t> places,
                                  const std::function<bool()>& stop);

  BootClock clock_;
  const Package& package_;
  std::span<const EncodedQuestion> encoded_;
  CpuRunner& cpu_;
  Options options_;
  std::vector<OnDevice> devices_; ///< that answer for this model
  std::vector<OnDevice> resting_; ///< that refused it
  std::vector<std::string> lost_;
  DeviceLimits limits_;
  std::size_t model_ = 0;
  bool on_devices_ = false, on_cpu_ = false; ///< where the model is loaded
  std::string not_on_cpu_;                   ///< why this model could not be loaded there
  bool tune_ = false;                        ///< with the next loading
  bool checked_ = false;                     ///< against the CPU
  bool hurried_ = false;
  bool shares_ = false;                          ///< the CPU takes a share, and that was logged
  SpeedEstimate cpu_speed_{1}, device_speed_{1}; ///< the latter of all devices together
  std::size_t answers_of_cpu_ = 0;
};

} // namespace sciexam::inline inference
