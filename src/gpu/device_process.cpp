#include "gpu/device_process.hpp"

#include "gpu/helper/start_helper.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <thread>

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sciexam::inline gpu {
namespace {

using protocol::Kind;
using protocol::Message;
using Moment = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kSlice{20}; ///< between calls of `stop`
constexpr std::chrono::milliseconds kFarewell{200};

} // namespace

double device_timeout() {
  constexpr double kUsual = 60;
  const char* given = std::getenv("SCIEXAM_DEVICE_TIMEOUT");
  if (given == nullptr)
    return kUsual;
  char* end = nullptr;
  const double seconds = std::strtod(given, &end);
  if (end == given || *end != '\0' || !(seconds > 0) || !std::isfinite(seconds))
    throw UsageError(std::string("SCIEXAM_DEVICE_TIMEOUT is '") + given + "'. Give a number of seconds, such as 60");
  return seconds;
}

void DeviceProcess::Unmap::operator()(protocol::SharedMemory* memory) const noexcept {
  ::munmap(memory, sizeof *memory);
}

DeviceProcess::DeviceProcess(int ordinal, const std::filesystem::path& folder, double timeout)
    : ordinal_(ordinal), timeout_(timeout), name_("GPU " + std::to_string(ordinal)) {
  const auto give_up = [](const std::string& what) {
    throw DeviceError(DeviceFault::no_driver, what + ": " + std::system_category().message(errno));
  };
  const Descriptor shared(::memfd_create("sciexam-gpu", MFD_CLOEXEC));
  if (!shared || ::ftruncate(shared.number(), sizeof(protocol::SharedMemory)) != 0)
    give_up("no memory to share with the GPU helper");
  void* memory =
      ::mmap(nullptr, sizeof(protocol::SharedMemory), PROT_READ | PROT_WRITE, MAP_SHARED, shared.number(), 0);
  if (memory == MAP_FAILED)
    give_up("no memory to share with the GPU helper");
  memory_.reset(static_cast<protocol::SharedMemory*>(memory));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    give_up("no channel to the GPU helper");
  socket_ = Descriptor(ends[0]);
  const Descriptor theirs(ends[1]);
  try {
    process_ =
        start_helper({std::to_string(ordinal), std::to_string(::getpid())}, {theirs.number(), shared.number()}, folder);
  } catch (const WorkError& error) {
    throw DeviceError(DeviceFault::no_driver, error.what());
  }
}

DeviceProcess::~DeviceProcess() {
  end();
}

/// A process that hangs in the kernel may outlive its signal: wait only briefly.
void DeviceProcess::end() noexcept {
  if (process_ <= 0)
    return;
  ::kill(process_, SIGKILL);
  socket_.reset();
  const auto begin = Moment::now();
  while (::waitpid(process_, nullptr, WNOHANG) == 0 && Moment::now() - begin < kFarewell)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  process_ = -1;
}

void DeviceProcess::fail(DeviceFault fault, const std::string& what) {
  end();
  throw DeviceError(fault, what);
}

/// What became of a process that has closed its socket.
std::string DeviceProcess::how_it_ended() {
  int status = 0;
  const auto begin = Moment::now();
  while (::waitpid(process_, &status, WNOHANG) == 0) {
    if (Moment::now() - begin > kFarewell)
      return "closed its socket";
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process_ = -1;
  socket_.reset();
  if (WIFSIGNALED(status))
    return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return "ended with status " + std::to_string(WEXITSTATUS(status)) +
         (ready_ ? "" : " without saying why: it needs glibc 2.34 or newer, which a line above may mention");
}

void DeviceProcess::require_alive() const {
  if (!alive())
    throw DeviceError(DeviceFault::device_lost, name_ + " is no longer there");
}

void DeviceProcess::send(Message& message) {
  require_alive();
  if (!ready_)
    throw InternalError("a device was given work before it was open");
  message.number = ++requests_;
  if (::send(socket_.number(), &message, sizeof message, MSG_NOSIGNAL) != sizeof message)
    for (;;) // its last message follows its last answers; if there is none, this throws how it ended
      receive();
}

/// The next message, which is an answer to the oldest request, or Kind::ready.
Message DeviceProcess::receive(const std::function<bool()>& stop) {
  require_alive();
  const auto begin = Moment::now();
  for (pollfd wanted{socket_.number(), POLLIN, 0}; ::poll(&wanted, 1, static_cast<int>(kSlice.count())) <= 0;) {
    if (stop && stop())
      fail(DeviceFault::device_lost, name_ + " was stopped in the middle of a batch");
    if (const std::chrono::duration<double> waited = Moment::now() - begin; waited.count() > timeout_)
      fail(DeviceFault::device_lost,
           name_ + " did not answer for " + std::to_string(static_cast<int>(std::ceil(timeout_))) + " s");
  }
  Message message;
  ssize_t size = ::recv(socket_.number(), &message, sizeof message, MSG_TRUNC);
  if (size < 0 && errno == ECONNRESET) // comes once, before its last message, if it ended with requests unread
    size = ::recv(socket_.number(), &message, sizeof message, MSG_TRUNC);
  if (size <= 0) {
    const std::string ending = how_it_ended();
    fail(DeviceFault::device_lost, name_ + ": its helper process " + ending);
  }
  message.text.back() = '\0';
  if (size != sizeof message || message.version != protocol::kVersion)
    fail(DeviceFault::device_lost, name_ + ": its helper uses another version of the protocol");
  if (message.kind == Kind::failed) {
    facts_.count = message.facts.count;
    const std::string text = message.text.data();
    const bool complete = message.fault == DeviceFault::no_driver || text.starts_with("GPU ");
    fail(message.fault, complete ? text : name_ + ": " + text);
  }
  if (message.kind != (ready_ ? Kind::done : Kind::ready) || message.number != answers_ + (ready_ ? 1 : 0))
    fail(DeviceFault::device_lost, name_ + ": its helper sent an unexpected answer");
  answers_ = message.number;
  return message;
}

/// Sends it and waits for everything that was sent: the last answer.
Message DeviceProcess::request(Message message) {
  send(message);
  Message answer;
  while (answers_ < requests_)
    answer = receive();
  return answer;
}

Message DeviceProcess::call(const Message& message) {
  if (!lanes_.empty())
    throw InternalError("a device was asked for something beside its batches");
  return request(message);
}

const protocol::DeviceFacts& DeviceProcess::facts() {
  if (ready_)
    return facts_;
  const Message message = receive();
  ready_ = true;
  facts_ = message.facts;
  name_ += " (" + std::string(message.text.data()) + ")";
  return facts_;
}

void DeviceProcess::open_network(const NetworkShape& shape, const DeviceLimits& limits,
                                 std::span<const std::uint16_t> rows) {
  if (rows.size() > memory_->rows.size())
    throw InternalError("a device was given more relative rows than it has room for");
  Message message;
  message.kind = Kind::open_network;
  message.shape = shape;
  message.limits = limits;
  std::copy(rows.begin(), rows.end(), memory_->rows.begin());
  request(message);
}

void DeviceProcess::load(std::string_view parameter, std::uint64_t first, DeviceElement element,
                         std::span<const std::byte> bytes) {
  const std::lock_guard lock(loading_);
  Message message;
  message.kind = Kind::weights;
  message.element = element;
  if (parameter.size() >= message.text.size())
    throw InternalError("a parameter's name is too long for a device: " + std::string(parameter));
  std::copy(parameter.begin(), parameter.end(), message.text.begin());
  const std::size_t size = element == DeviceElement::f16 ? 2 : 4;
  while (!bytes.empty()) {
    const auto chunk = bytes.first(std::min(bytes.size(), protocol::kChunkBytes));
    while (requests_ - answers_ >= protocol::kChunks)
      receive();
    message.place = static_cast<std::uint32_t>(requests_ % protocol::kChunks);
    message.first = first;
    message.bytes = chunk.size();
    std::copy(chunk.begin(), chunk.end(), memory_->chunks[message.place].begin());
    send(message);
    first += chunk.size() / size;
    bytes = bytes.subspan(chunk.size());
  }
}

void DeviceProcess::finish_loading(bool tune) {
  Message message;
  message.kind = Kind::finish_loading;
  message.tune = tune;
  request(message);
}

Message DeviceProcess::put_batch(const DeviceBatch& batch, std::uint32_t place) {
  protocol::Lane& lane = memory_->lanes.at(place);
  if (batch.token_ids.size() > lane.ids.size() || batch.token_type_ids.size() > lane.types.size() ||
      batch.offsets.empty() || batch.offsets.size() > lane.offsets.size())
    throw InternalError("a device was given a batch that it has no room for");
  std::copy(batch.token_ids.begin(), batch.token_ids.end(), lane.ids.begin());
  std::copy(batch.token_type_ids.begin(), batch.token_type_ids.end(), lane.types.begin());
  std::copy(batch.offsets.begin(), batch.offsets.end(), lane.offsets.begin());
  Message message;
  message.place = place;
  message.tokens = static_cast<std::uint32_t>(batch.token_ids.size());
  message.sequences = static_cast<std::uint32_t>(batch.offsets.size() - 1);
  return message;
}

void DeviceProcess::submit(const DeviceBatch& batch) {
  std::uint32_t place = 0;
  while (std::find(lanes_.begin(), lanes_.end(), place) != lanes_.end())
    ++place;
  if (place >= kInFlight)
    throw InternalError("a device was given one batch too many");
  Message message = put_batch(batch, place);
  message.kind = Kind::run;
  sequences_[place] = message.sequences;
  lanes_.push_back(place);
  send(message);
}

std::vector<float> DeviceProcess::wait(const std::function<bool()>& stop) {
  if (lanes_.empty())
    throw InternalError("a device was asked for a batch that is not in flight");
  receive(stop);
  const std::uint32_t place = lanes_.front();
  lanes_.pop_front();
  const auto logits = std::span(memory_->lanes[place].logits).first(sequences_[place]);
  return {logits.begin(), logits.end()};
}

} // namespace sciexam::inline gpu
