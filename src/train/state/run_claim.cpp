#include "train/state/run_claim.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/json.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Empty if it cannot be read, as while it is replaced.
std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string first_line(const fs::path& file) {
  const std::string text = text_of(file);
  return text.substr(0, text.find('\n'));
}

/// Processes of one value have the same process numbers: the machine since it was started, and its container.
std::string process_space() {
  std::error_code ignored;
  return first_line("/proc/sys/kernel/random/boot_id") + " " + fs::read_symlink("/proc/self/ns/pid", ignored).string();
}

/// When a process began, which tells it from a later one of the same number; empty: it has ended.
std::string start_of(std::int64_t process) {
  const std::string stat = first_line("/proc/" + std::to_string(process) + "/stat");
  std::size_t at = stat.rfind(')'); // the name before it may hold anything
  for (int field = 2; field < 22 && at != std::string::npos; ++field)
    at = stat.find(' ', at + 1);
  return at == std::string::npos ? std::string() : stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

struct Holder {
  std::string host = host_name(), space = process_space();
  std::int64_t process = ::getpid();
  std::string start = start_of(::getpid());
  std::string token;
  std::int64_t beat = 0;
};

std::string to_text(const Holder& holder) {
  const Json json = {{"host", holder.host},   {"space", holder.space}, {"process", holder.process},
                     {"start", holder.start}, {"token", holder.token}, {"beat", holder.beat}};
  return json.dump(1) + "\n";
}

/// Nothing for a file that is not whole: its holder was stopped while it made it.
std::optional<Holder> parse_holder(const std::string& text, const fs::path& file) {
  try {
    const JsonDocument document(text, file);
    const JsonView root = document.root();
    Holder holder;
    holder.host = root.at("host").string();
    holder.space = root.at("space").string();
    holder.process = root.at("process").integer(0, INT64_MAX);
    holder.start = root.at("start").string();
    holder.token = root.at("token").string();
    return holder;
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_ended(const Holder& holder) {
  return holder.space == process_space() && start_of(holder.process) != holder.start;
}

fs::path claim_file(const fs::path& folder, const std::string& run, std::int64_t number) {
  return folder / (run + "." + std::to_string(number) + ".json");
}

/// The highest number of the run's claims; 0: there is none.
std::int64_t latest(const fs::path& folder, const std::string& run) {
  std::int64_t most = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::int64_t number = 0;
    if (!name.starts_with(run + ".") || !name.ends_with(".json"))
      continue;
    const char* const begin = name.data() + run.size() + 1;
    const char* const stop = name.data() + name.size() - std::strlen(".json");
    if (const auto [at, fault] = std::from_chars(begin, stop, number); fault == std::errc() && at == stop)
      most = std::max(most, number);
  }
  return most;
}

/// False if it exists already.
bool create_exclusively(const fs::path& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0 && errno == EEXIST)
    return false;
  const bool written =
      descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int fault = errno;
  if (descriptor >= 0)
    ::close(descriptor);
  if (!written)
    throw WorkError(file.string() + ": cannot be written: " + std::strerror(fault) +
                    ". Free some space, or name another folder with --out");
  return true;
}

class HeldClaim : public RunClaim {
public:
  HeldClaim(fs::path folder, std::string run, std::int64_t number, Holder holder, ClaimTimes times)
      : folder_(std::move(folder)), run_(std::move(run)), number_(number), holder_(std::move(holder)),
        beating_([this, times] { beat(times); }) {}
  HeldClaim(const HeldClaim&) = delete;
  HeldClaim& operator=(const HeldClaim&) = delete;

  ~HeldClaim() override {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    beating_.join();
    if (lost())
      return;
    std::error_code ignored;
    for (std::int64_t number = number_; number >= std::max<std::int64_t>(number_ - 1, 1); --number)
      fs::remove(claim_file(folder_, run_, number), ignored);
    fs::remove(folder_, ignored); // if it was the last one
  }

  bool lost() const override {
    const fs::path own = claim_file(folder_, run_, number_);
    const std::optional<Holder> holder = parse_holder(text_of(own), own);
    return latest(folder_, run_) != number_ || (holder && holder->token != holder_.token);
  }

private:
  void beat(ClaimTimes times) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, times.beat, [this] { return ended_; })) {
      ++holder_.beat;
      if (!lost())
        write();
    }
  }

  /// A beat that cannot be written is missed; if many are, another process takes over, which lost() tells.
  void write() const noexcept {
    try {
      write_file_atomically(claim_file(folder_, run_, number_), to_text(holder_));
    } catch (const std::exception&) { // NOLINT(bugprone-empty-catch)
    }
  }

  fs::path folder_;
  std::string run_;
  std::int64_t number_;
  Holder holder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread beating_; // last: it uses what is above
};

} // namespace

RunClaims::RunClaims(fs::path folder, ClaimTimes times) : folder_(std::move(folder)), times_(times) {}

/// What is known of the claim `number`. That its file does not change is seen by looking again.
bool RunClaims::is_dead(const std::string& run, std::int64_t number) {
  const fs::path file = claim_file(folder_, run, number);
  std::string text = text_of(file);
  const std::optional<Holder> holder = parse_holder(text, file);
  if (holder && has_ended(*holder))
    return true;
  text += "#" + std::to_string(number);
  Seen& seen = seen_[run];
  if (seen.text != text)
    seen = {text, Clock::now(),
            holder ? holder->host + ", process " + std::to_string(holder->process) : "another process"};
  return Clock::now() - seen.since >= times_.lease;
}

std::unique_ptr<RunClaim> RunClaims::take(const std::string& run) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    throw WorkError(folder_.string() + ": cannot be created: " + error.message() + ". Name another folder with --out");
  const std::int64_t before = latest(folder_, run);
  if (before > 0 && !is_dead(run, before))
    return nullptr;
  Holder holder;
  holder.token = std::to_string(std::random_device{}()) + std::to_string(std::random_device{}());
  if (!create_exclusively(claim_file(folder_, run, before + 1), to_text(holder)))
    return nullptr; // another one was faster
  if (before > 1)   // what the one before it has taken over
    fs::remove(claim_file(folder_, run, before - 1), error);
  return std::make_unique<HeldClaim>(folder_, run, before + 1, std::move(holder), times_);
}

std::string RunClaims::holder(const std::string& run) const {
  const auto seen = seen_.find(run);
  return seen == seen_.end() ? std::string() : seen->second.holder;
}

} // namespace sciexam::inline train
