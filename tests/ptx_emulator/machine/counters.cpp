#include "ptx_emulator/machine/counters.hpp"

#include <algorithm>
#include <bit>

namespace sciexam::emulated {
namespace {

constexpr unsigned kSectorBytes = 32;
constexpr unsigned kBanks = 32;
constexpr unsigned kBankBytes = 4;

constexpr std::array<const char*, kKinds> kKindNames = {"mma", "ldmatrix", "shared",   "global",  "local",
                                                        "alu", "sfu",      "exchange", "barrier", "control"};

} // namespace

void Counters::add(const Counters& other) {
  launches += other.launches;
  blocks += other.blocks;
  threads += other.threads;
  for (std::size_t k = 0; k < kKinds; ++k)
    instructions[k] += other.instructions[k];
  global_load_bytes += other.global_load_bytes;
  global_store_bytes += other.global_store_bytes;
  global_load_sectors += other.global_load_sectors;
  global_store_sectors += other.global_store_sectors;
  shared_bytes += other.shared_bytes;
  shared_wavefronts += other.shared_wavefronts;
  bank_conflicts += other.bank_conflicts;
}

unsigned sectors(const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes) {
  std::array<std::uint64_t, kLanes> touched = {}; // an aligned access of at most 16 bytes lies in one sector
  unsigned count = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if ((mask >> lane & 1) != 0 && bytes != 0) {
      const std::uint64_t sector = addresses[lane] / kSectorBytes;
      // neighbours mostly share it with the lane before
      if (count == 0 || (touched[count - 1] != sector &&
                         std::find(touched.begin(), touched.begin() + count, sector) == touched.begin() + count))
        touched[count++] = sector;
    }
  return count;
}

BankUse bank_use(const std::array<std::uint64_t, kLanes>& addresses, std::uint32_t mask, unsigned bytes) {
  BankUse use;
  const unsigned words = std::max(1U, bytes / kBankBytes), lanes = kLanes / words;
  for (unsigned first = 0; first < kLanes; first += lanes) {
    std::array<std::array<std::uint64_t, kLanes>, kBanks> wanted;
    std::array<std::uint8_t, kBanks> counts = {};
    unsigned most = 0;
    for (unsigned lane = first; lane < first + lanes; ++lane)
      for (unsigned k = 0; k < words && (mask >> lane & 1) != 0; ++k) {
        const std::uint64_t word = addresses[lane] / kBankBytes + k;
        auto& bank = wanted[word % kBanks];
        std::uint8_t& count = counts[word % kBanks];
        if (std::find(bank.begin(), bank.begin() + count, word) == bank.begin() + count) {
          bank[count++] = word;
          most = std::max<unsigned>(most, count);
        }
      }
    use.wavefronts += most;
    use.conflicts += most > 1 ? most - 1 : 0;
  }
  return use;
}

std::string to_json(const std::map<std::string, Counters>& kernels) {
  std::string text = "{";
  for (const auto& [name, counters] : kernels) {
    text += text.size() > 1 ? ",\n" : "\n";
    text += " \"" + name + "\": {\"launches\": " + std::to_string(counters.launches) +
            ", \"blocks\": " + std::to_string(counters.blocks) + ", \"threads\": " + std::to_string(counters.threads) +
            ",\n  \"instructions\": {";
    for (std::size_t k = 0; k < kKinds; ++k)
      text += std::string(k == 0 ? "\"" : ", \"") + kKindNames[k] + "\": " + std::to_string(counters.instructions[k]);
    text += "},\n  \"global\": {\"load_bytes\": " + std::to_string(counters.global_load_bytes) +
            ", \"store_bytes\": " + std::to_string(counters.global_store_bytes) +
            ", \"load_sectors\": " + std::to_string(counters.global_load_sectors) +
            ", \"store_sectors\": " + std::to_string(counters.global_store_sectors) +
            "},\n  \"shared\": {\"bytes\": " + std::to_string(counters.shared_bytes) +
            ", \"wavefronts\": " + std::to_string(counters.shared_wavefronts) +
            ", \"bank_conflicts\": " + std::to_string(counters.bank_conflicts) + "}}";
  }
  return text + "\n}\n";
}

} // namespace sciexam::emulated
