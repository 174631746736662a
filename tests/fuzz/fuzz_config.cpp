// config.json: whatever it says, it is understood or refused.
#include "checkpoint/parameters.hpp"
#include "support/errors.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sciexam;
  try {
    const JsonDocument document({reinterpret_cast<const char*>(data), size}, "config.json");
    const DebertaConfig config = parse_deberta_config(document.root());
    // What is accepted must have possible sizes: these throw InternalError if they overflow.
    for (const TensorInfo& tensor : parameters_of(config))
      if (tensor.bytes() == 0)
        std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
