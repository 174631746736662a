// Which process trains a run, in a folder that several machines share.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace sciexam::inline train {

/// Times of a claim. A claim whose file has not changed for `lease`, by the clock of the one who looks, is dead; its
/// holder writes it every `beat`.
struct ClaimTimes {
  std::chrono::milliseconds beat = std::chrono::seconds(10), lease = std::chrono::seconds(120);
};

/// A run that this process holds, until it is destroyed.
class RunClaim {
public:
  RunClaim() = default;
  RunClaim(const RunClaim&) = delete;
  RunClaim& operator=(const RunClaim&) = delete;
  virtual ~RunClaim() = default;

  /// True if another process has taken the run over: this one was stopped for longer than a lease. It must end, and
  /// leave the run's folder alone.
  virtual bool lost() const = 0;
};

/// The claims of a training's runs, in a folder of their own. A claim is a file RUN.N.json that names its holder and
/// counts its beats. It begins with the exclusive creation of a file of the next number, which file systems do for one
/// process alone, also over a network; who holds it, is who has the highest number. So nothing depends on locks that
/// may not be shared, or on clocks that agree.
class RunClaims {
public:
  explicit RunClaims(std::filesystem::path folder, ClaimTimes times = {});

  /// Claims the run. Nothing if another process holds it that may be alive: to be asked again, as a claim is seen to be
  /// dead only over time, or at once if it is of this machine and its process has ended. Throws WorkError if the folder
  /// cannot be written.
  std::unique_ptr<RunClaim> take(const std::string& run);

  /// Who holds it, as take() has seen last: "host, process 12".
  std::string holder(const std::string& run) const;

private:
  struct Seen {
    std::string text; ///< of the file
    std::chrono::steady_clock::time_point since;
    std::string holder;
  };

  bool is_dead(const std::string& run, std::int64_t number);

  std::filesystem::path folder_;
  ClaimTimes times_;
  std::map<std::string, Seen> seen_;
};

} // namespace sciexam::inline train
