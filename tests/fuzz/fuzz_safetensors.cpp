// safetensors: what is accepted lies inside the file, and its header can be written again.
#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sciexam;
  const auto file = std::as_bytes(std::span(data, size));
  try {
    const SafetensorsHeader header = parse_safetensors_header(file, file.size(), "x.safetensors");
    for (std::size_t i = 0; i < header.tensors.size(); ++i)
      if (header.offsets[i] > size || header.tensors[i].bytes() > size - header.offsets[i])
        std::abort();
    const std::string again = safetensors_header(header.tensors, header.metadata);
    const std::uint64_t data_bytes = size - header.length;
    const auto parsed = parse_safetensors_header(std::as_bytes(std::span(again)), again.size() + data_bytes, "again");
    if (parsed.tensors.size() != header.tensors.size() || parsed.metadata != header.metadata)
      std::abort();
  } catch (const InputError&) {
  }
  return 0;
}
