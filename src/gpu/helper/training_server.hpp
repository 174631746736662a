// The helper's answers to requests of a training.
#pragma once

#include "gpu/helper/protocol.hpp"
#include "gpu/training/device_training.hpp"

#include <memory>
#include <string>
#include <vector>

namespace sciexam::inline gpu {

class TrainingServer {
public:
  explicit TrainingServer(protocol::SharedMemory& memory) : memory_(memory) {}

  /// True for the kinds of requests that answer() takes.
  static bool takes(protocol::Kind kind);
  /// Does what is asked; what the answer has to say goes into `answer`. Throws what goes wrong.
  void serve(const GpuDevice& device, const protocol::Message& request, protocol::Message& answer);
  void close() { training_.reset(); }

private:
  void open(const GpuDevice& device, const protocol::Message& request);
  void move_elements(const protocol::Message& request);
  void forward(const protocol::Message& request);
  void step(const protocol::Message& request);
  std::vector<std::string> names(const protocol::Message& request) const;
  const protocol::TrainingEntry& entry(std::size_t i) const;

  protocol::SharedMemory& memory_;
  std::unique_ptr<DeviceTraining> training_;
};

} // namespace sciexam::inline gpu
