// Included before per_isa/table.hpp: AMX's instructions as plain code, after Intel's manual, volume 2.
#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace {

/// What a thread sees of the unit; all registers have 16 rows of 64 bytes.
struct UnitInSoftware {
  bool configured = false;
  unsigned char registers[8][16][64] = {};

  static UnitInSoftware& here() {
    static thread_local UnitInSoftware unit;
    return unit;
  }

  void configure(const void* configuration) {
    unsigned char given[64], wanted[64] = {1};
    std::memcpy(given, configuration, sizeof given);
    for (int i = 0; i < 8; ++i) {
      wanted[16 + 2 * i] = 64;
      wanted[48 + i] = 16;
    }
    configured = std::memcmp(given, wanted, sizeof given) == 0;
    std::memset(registers, 0, sizeof registers);
  }
  void require() const {
    if (!configured)
      throw std::logic_error("the unit is used without its configuration");
  }

  void load(int to, const void* base, std::int64_t stride) {
    require();
    for (std::int64_t row = 0; row < 16; ++row)
      std::memcpy(registers[to][row], static_cast<const char*>(base) + row * stride, 64);
  }
  void store(int from, void* base, std::int64_t stride) const {
    require();
    for (std::int64_t row = 0; row < 16; ++row)
      std::memcpy(static_cast<char*>(base) + row * stride, registers[from][row], 64);
  }

  template <class T>
  T element(int tile, int row, int i) const {
    T value;
    std::memcpy(&value, registers[tile][row] + static_cast<std::size_t>(i) * sizeof value, sizeof value);
    return value;
  }
  template <class T>
  void set(int tile, int row, int i, T value) {
    std::memcpy(registers[tile][row] + static_cast<std::size_t>(i) * sizeof value, &value, sizeof value);
  }

  float pair_element(int tile, int row, int i) const {
    return flushed(__builtin_bit_cast(float, static_cast<std::uint32_t>(element<std::uint16_t>(tile, row, i)) << 16));
  }
  /// TDPBF16PS.
  void add_pairs(int c, int a, int b) {
    require();
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        float sums[2] = {0, 0};
        for (int k = 0; k < 16; ++k)
          for (int i = 0; i < 2; ++i)
            sums[i] = flushed(__builtin_fmaf(pair_element(a, m, 2 * k + i), pair_element(b, k, 2 * n + i), sums[i]));
        set(c, m, n, flushed(flushed(element<float>(c, m, n)) + flushed(sums[0] + sums[1])));
      }
  }
  /// TDPBUSD.
  void add_int8(int c, int a, int b) {
    require();
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 16; ++n) {
        auto sum = element<std::int32_t>(c, m, n);
        for (int k = 0; k < 16; ++k)
          for (int i = 0; i < 4; ++i)
            sum += element<std::uint8_t>(a, m, 4 * k + i) * element<std::int8_t>(b, k, 4 * n + i);
        set(c, m, n, sum);
      }
  }
};

} // namespace
#undef _tile_loadconfig
#undef _tile_release
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#undef _tile_dpbusd
#define _tile_loadconfig(from) UnitInSoftware::here().configure(from)
#define _tile_release() (UnitInSoftware::here().configured = false)
#define _tile_loadd(to, base, stride) UnitInSoftware::here().load(to, base, stride)
#define _tile_stored(from, base, stride) UnitInSoftware::here().store(from, base, stride)
#define _tile_dpbf16ps(c, a, b) UnitInSoftware::here().add_pairs(c, a, b)
#define _tile_dpbusd(c, a, b) UnitInSoftware::here().add_int8(c, a, b)
#define __AMX_TILE__ 1 // NOLINT(bugprone-reserved-identifier)
