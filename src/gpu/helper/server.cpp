#include "gpu/helper/server.hpp"

#include "gpu/network/kernel_images.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>

namespace sciexam::inline gpu {
namespace {

using protocol::Kind;
using protocol::Message;
using protocol::require;

void send_message(const Message& message) {
  if (::send(protocol::kSocket, &message, sizeof message, MSG_NOSIGNAL) != sizeof message)
    std::_Exit(EXIT_FAILURE); // the program is gone
}

/// SCIEXAM_CUDA_LIBRARY, or what the loader finds, or what lies in Kaggle's and WSL's folders, which the loader may not
/// know. An LD_LIBRARY_PATH comes first: it was set on purpose, and the loader's cache may have a toolkit's stub.
driver::Functions find_driver() {
  if (const char* given = std::getenv("SCIEXAM_CUDA_LIBRARY"))
    return open_driver(given);
  std::vector<const char*> places = {"/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"};
  places.insert(std::getenv("LD_LIBRARY_PATH") != nullptr ? places.begin() : places.end(), "libcuda.so.1");
  for (const char* place : places)
    if (::dlopen(place, RTLD_NOW | RTLD_LOCAL) != nullptr)
      return open_driver(place);
  return open_driver(); // says what is wrong
}

bool is_readable() {
  pollfd socket{protocol::kSocket, POLLIN, 0};
  return ::poll(&socket, 1, 0) > 0;
}

} // namespace

/// False when the program has closed its end.
bool DeviceServer::receive() {
  const ssize_t size = ::recv(protocol::kSocket, &request_, sizeof request_, 0);
  if (size <= 0)
    return false;
  require(size == sizeof request_ && request_.version == protocol::kVersion, "another version");
  request_.text.back() = '\0';
  return true;
}

void DeviceServer::answer(Kind kind, std::uint64_t number) const {
  Message message;
  message.kind = kind;
  message.number = number;
  send_message(message);
}

void DeviceServer::report_failure(DeviceFault fault, const char* text) const {
  Message message;
  message.kind = Kind::failed;
  message.number = running_.empty() ? request_.number : running_.front().number;
  message.facts = facts_;
  message.fault = fault;
  std::strncpy(message.text.data(), text, message.text.size() - 1);
  send_message(message);
}

void DeviceServer::report_ready(int ordinal) {
  const driver::Functions driver = find_driver();
  facts_.ordinal = ordinal;
  facts_.count = device_count(driver); // known even if this device cannot be opened
  device_.emplace(driver, ordinal);
  device_->check(driver.driver_get_version(&facts_.driver_version), "asking for the driver's version");
  facts_.compute_capability = device_->compute_capability();
  facts_.free_memory = device_->free_memory();
  facts_.total_memory = device_->total_memory();
  Message message;
  message.kind = Kind::ready;
  message.facts = facts_;
  std::strncpy(message.text.data(), device_->name().c_str(), message.text.size() - 1);
  send_message(message);
}

/// A network of the same shape is kept, and all its weights are loaded anew: an earlier load may have been cut short.
void DeviceServer::open_network() {
  const auto within = [](std::int32_t value, std::int32_t most) { return value >= 1 && value <= most; };
  const DeviceLimits& limits = request_.limits;
  require(within(limits.tokens, protocol::kMost.tokens) && within(limits.sequences, protocol::kMost.sequences) &&
              within(limits.longest, protocol::kMost.longest),
          "limits beyond those of the shared memory");
  const std::size_t count = request_.shape.relative_rows > 0 ? 2 * static_cast<std::size_t>(limits.longest) - 1 : 0;
  std::vector<std::uint16_t> rows(memory_.rows.begin(), memory_.rows.begin() + static_cast<std::ptrdiff_t>(count));
  if (network_ && request_.shape == shape_ && limits == limits_ && rows == rows_) {
    network_->begin_loading();
    return;
  }
  network_.reset(); // before the next one needs the memory
  training_.close();
  network_ = std::make_unique<DeviceNetwork>(*device_, kernel_image(device_->compute_capability()), request_.shape,
                                             limits, rows);
  shape_ = request_.shape;
  limits_ = limits;
  rows_ = std::move(rows);
}

void DeviceServer::load() {
  require(request_.place < protocol::kChunks && request_.bytes <= protocol::kChunkBytes, "a chunk of an invalid size");
  network_->load(request_.text.data(), request_.first, request_.element,
                 std::span(memory_.chunks[request_.place]).first(request_.bytes));
}

void DeviceServer::submit() {
  require(request_.place < protocol::kLanes && request_.tokens <= protocol::kMost.tokens &&
              request_.sequences <= protocol::kMost.sequences,
          "a batch of an invalid size");
  const protocol::Lane& lane = memory_.lanes[request_.place];
  const BatchTicket ticket = network_->submit({.token_ids = std::span(lane.ids).first(request_.tokens),
                                               .token_type_ids = std::span(lane.types).first(request_.tokens),
                                               .offsets = std::span(lane.offsets).first(request_.sequences + 1)});
  running_.push_back({request_.number, request_.place, ticket});
}

void DeviceServer::finish_oldest() {
  const Running batch = running_.front();
  const std::vector<float> logits = network_->wait(batch.ticket);
  std::copy(logits.begin(), logits.end(), memory_.lanes[batch.lane].logits.begin());
  running_.pop_front();
  answer(Kind::done, batch.number);
}

void DeviceServer::train() {
  if (request_.kind == Kind::open_training)
    network_.reset();
  Message message;
  message.kind = Kind::done;
  message.number = request_.number;
  training_.serve(*device_, request_, message);
  send_message(message);
}

void DeviceServer::serve(int ordinal) {
  report_ready(ordinal);
  for (;;) {
    if (running_.size() == kBatchesInFlight || (!running_.empty() && !is_readable())) {
      finish_oldest();
      continue;
    }
    if (!receive())
      return;
    if (request_.kind == Kind::run) {
      require(network_ != nullptr, "no network");
      submit();
      continue;
    }
    while (!running_.empty()) // answers come in order
      finish_oldest();
    if (TrainingServer::takes(request_.kind)) {
      train();
      continue;
    }
    require(request_.kind == Kind::open_network || network_ != nullptr, "no network");
    switch (request_.kind) {
    case Kind::open_network:
      open_network();
      break;
    case Kind::weights:
      load();
      break;
    case Kind::finish_loading:
      network_->finish_loading(request_.tune);
      break;
    default:
      require(false, "an unknown kind");
    }
    answer(Kind::done, request_.number);
  }
}

} // namespace sciexam::inline gpu
