// What clang makes of compiled_kernels.cu, for both generations of devices, against the same in plain C++.
#include "ptx_emulator/tests/lane_instruction.hpp"

#include <cmath>
#include <sstream>

using namespace sciexam::test;

namespace {

std::string compiled(unsigned target) {
  std::ifstream file(std::string(SCIEXAM_COMPILED_KERNELS) + "_" + std::to_string(target) + ".ptx");
  REQUIRE(file.good());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// As in compiled_kernels.cu.
struct Settings {
  int mode;
  float scale;
  long long offset;
  std::uint64_t table;
};

int branches(int k, int choice, const Settings& settings) {
  int value = 0;
  switch (choice) {
  case 0: {
    float power = 1;
    for (int j = 0; j < settings.mode; ++j)
      power *= static_cast<float>(k);
    return static_cast<int>(power * settings.scale + static_cast<float>(settings.offset));
  }
  case 1:
    for (int j = 0; j < k && j <= 40; ++j)
      value += j % 3 == 1 ? 0 : j;
    return value;
  case 2:
    return k / 3 - k % 5;
  case 3:
    for (unsigned number = static_cast<unsigned>(k) + 1; number != 1; ++value)
      number = number % 2 == 0 ? number / 2 : 3 * number + 1;
    return value;
  default:
    return -k;
  }
}

/// Eighths below 8, exact in half precision.
std::uint16_t eighths(int number) {
  if (number == 0)
    return 0;
  int exponent = 0;
  const double fraction = std::frexp(std::abs(number) / 8.0, &exponent);
  return static_cast<std::uint16_t>((number < 0 ? 0x8000 : 0) | (exponent + 14) << 10 |
                                    (static_cast<int>(fraction * 2048) & 1023));
}

double number_of(std::uint16_t half) {
  const int exponent = half >> 10 & 31;
  return exponent == 0 ? std::ldexp(half & 1023, -24) : std::ldexp(1024 + (half & 1023), exponent - 25);
}

} // namespace

TEST_CASE("compiled branches, loops, calls and local arrays") {
  for (const unsigned target : {75U, 80U}) {
    EmulatedDevice device;
    const std::vector<int> table = {3, 0, 1, 9, 2, 1, 0};
    const int n = 150;
    const Settings settings{.mode = 2, .scale = 0.5F, .offset = 100, .table = device.upload(table)};
    const auto out = device.allocate(n * sizeof(int));
    device.run(device.kernel(compiled(target), "branches"), {.blocks = 3, .threads = 64}, out, n, settings);
    const auto results = device.download<int>(out, n);
    for (int k = 0; k < n; ++k) {
      INFO("sm_" << target << ", element " << k);
      CHECK(results[static_cast<std::size_t>(k)] == branches(k, table[static_cast<std::size_t>(k % 7)], settings));
    }
  }
}

TEST_CASE("a compiled softmax in half precision") {
  for (const unsigned target : {75U, 80U})
    for (const int columns : {1, 33, 200}) {
      EmulatedDevice device;
      const int rows = 3;
      std::vector<std::uint16_t> in;
      for (int k = 0; k < rows * columns; ++k)
        in.push_back(eighths(k * 7 % 31 - 15));
      const auto out = device.allocate(in.size() * 2);
      device.run(device.kernel(compiled(target), "softmax"),
                 {.blocks = rows, .threads = 64, .shared = static_cast<unsigned>(columns) * 4}, device.upload(in), out,
                 columns);
      const auto results = device.download<std::uint16_t>(out, in.size());
      for (int row = 0; row < rows; ++row) {
        double sum = 0;
        for (int k = 0; k < columns; ++k)
          sum += std::exp(((row * columns + k) * 7 % 31 - 15) / 8.0);
        for (int k = 0; k < columns; ++k) {
          const double expected = std::exp(((row * columns + k) * 7 % 31 - 15) / 8.0) / sum;
          CHECK(std::abs(number_of(results[static_cast<std::size_t>(row * columns + k)]) - expected) <=
                expected * 0.001);
        }
      }
    }
}

TEST_CASE("a compiled product by mma") {
  for (const unsigned target : {75U, 80U}) {
    EmulatedDevice device;
    constexpr int kRows = 32, kColumns = 24, kDepth = 16;
    const auto a = [](int row, int k) { return (row * 5 + k * 3) % 23 - 11; };
    const auto b = [](int column, int k) { return (column * 7 + k) % 19 - 9; };
    std::vector<std::uint16_t> left, right;
    for (int k = 0; k < kRows * kDepth; ++k)
      left.push_back(eighths(a(k / kDepth, k % kDepth)));
    for (int k = 0; k < kColumns * kDepth; ++k)
      right.push_back(eighths(b(k / kDepth, k % kDepth)));
    const auto c = device.allocate(kRows * kColumns * 4);
    device.run(device.kernel(compiled(target), "product"), {.blocks = kRows / 16}, device.upload(left),
               device.upload(right), c, int{kColumns});
    const auto results = device.download<float>(c, kRows * kColumns);
    for (int k = 0; k < kRows * kColumns; ++k) {
      int sum = 0;
      for (int j = 0; j < kDepth; ++j)
        sum += a(k / kColumns, j) * b(k % kColumns, j);
      CHECK(results[static_cast<std::size_t>(k)] == static_cast<float>(sum) / 64);
    }
  }
}
