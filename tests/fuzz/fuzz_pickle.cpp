// pytorch_model.bin in both forms, and pickles alone: an input that begins like a zip file or like the form before
// PyTorch 1.6 is read as a whole file, any other as a pickle.
#include "checkpoint/legacy_pytorch_bin.hpp"
#include "checkpoint/pickle.hpp"
#include "checkpoint/pytorch_bin.hpp"
#include "support/errors.hpp"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace sciexam;

constexpr std::string_view kAllowed[] = {"torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter",
                                         "torch FloatStorage"};

/// A file in memory, since checkpoints are mapped.
class MemoryFile {
public:
  MemoryFile(const std::uint8_t* data, std::size_t size) : descriptor_(::memfd_create("fuzz", 0)) {
    if (descriptor_ < 0 || ::write(descriptor_, data, size) != static_cast<ssize_t>(size))
      throw std::runtime_error("cannot make a file in memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
  int descriptor_;
};

void read_everything(WeightSource& source) {
  std::atomic<unsigned> sum = 0;
  source.read([](const TensorInfo&) { return true; },
              [&](const TensorChunk& chunk) {
                for (const std::byte byte : chunk.bytes)
                  sum += std::to_integer<unsigned>(byte);
              },
              1);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    if ((size >= 2 && data[0] == 'P' && data[1] == 'K') ||
        is_legacy_pytorch_bin(std::as_bytes(std::span(data, size)))) {
      const MemoryFile file(data, size);
      read_everything(*open_pytorch_bin(file.path()));
    } else {
      const Pickle pickle(std::as_bytes(std::span(data, size)), "x.bin", kAllowed);
      if (pickle.root().kind == PickleValue::Kind::mark)
        std::abort();
    }
  } catch (const InputError&) {
  }
  return 0;
}
