#include "machine.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace sciexam::emulated {

Machine::Machine() {
  std::atexit([] { instance().write_counts(); });
}

Machine& Machine::instance() {
  static auto* const kMachine = new Machine; // outlives whatever calls the driver at exit
  return *kMachine;
}

void Machine::write_counts() const {
  if (!settings.counts_file.empty())
    std::ofstream(settings.counts_file) << to_json(counters);
}

gpu::ContextObject*& current_context() {
  thread_local gpu::ContextObject* current = nullptr;
  return current;
}

gpu::ContextObject& context() {
  gpu::ContextObject* const current = current_context();
  const auto& known = Machine::instance().contexts;
  require(current != nullptr && std::any_of(known.begin(), known.end(), [&](const auto& c) { return c.get() == current; }),
          gpu::kInvalidContext);
  require(current->broken == gpu::kSuccess, current->broken);
  return *current;
}

} // namespace sciexam::emulated
