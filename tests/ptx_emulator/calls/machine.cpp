#include "ptx_emulator/calls/machine.hpp"

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

cuda::ContextObject*& current_context() {
  thread_local cuda::ContextObject* current = nullptr;
  return current;
}

cuda::ContextObject& context() {
  cuda::ContextObject* const current = current_context();
  const auto& known = Machine::instance().contexts;
  require(current != nullptr &&
              std::any_of(known.begin(), known.end(), [&](const auto& c) { return c.get() == current; }),
          cuda::kInvalidContext);
  require(current->broken == cuda::kSuccess, current->broken);
  return *current;
}

} // namespace sciexam::emulated
