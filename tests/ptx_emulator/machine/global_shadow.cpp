#include "ptx_emulator/machine/global_shadow.hpp"

namespace sciexam::emulated {

std::optional<GlobalShadow::Conflict> GlobalShadow::touch(std::uint64_t block, std::uint64_t address, unsigned bytes,
                                                          Use use) {
  const auto own = static_cast<std::uint32_t>(block + 1);
  // An access is aligned: it lies in one line.
  Shard& shard = shards_[address / kLine % kShards];
  const std::lock_guard lock(shard.mutex);
  std::array<Byte, kLine>& line = shard.lines[address / kLine];
  for (std::uint64_t k = address; k < address + bytes; ++k) {
    Byte& byte = line[k % kLine];
    if (byte.writer != 0 && byte.writer != own && !(use != Use::Write && byte.atomic))
      return Conflict{byte.writer - 1ULL, k, byte.atomic ? Use::Atomic : Use::Write};
    if (use == Use::Read) {
      byte.several = byte.several || (byte.reader != 0 && byte.reader != own);
      byte.reader = own;
      continue;
    }
    if (use == Use::Write && byte.reader != 0 && (byte.several || byte.reader != own))
      return Conflict{byte.reader - 1ULL, k, Use::Read};
    byte.atomic = use == Use::Atomic && (byte.writer == 0 || byte.atomic);
    byte.writer = own;
  }
  return std::nullopt;
}

} // namespace sciexam::emulated
