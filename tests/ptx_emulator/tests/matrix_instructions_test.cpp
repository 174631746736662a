// mma and ldmatrix against products of whole matrices. Where an element of a fragment lies is written here as the
// manual's formulas have it: by the index i of the element within the thread's fragment.
#include "ptx_emulator/tests/emulated_device.hpp"

#include <cmath>

using namespace sciexam::test;

namespace {

/// Small integers and eighths are exact in half precision.
std::uint16_t half_bits(float value) {
  if (value == 0)
    return 0;
  int exponent = 0;
  const float fraction = std::frexp(std::abs(value), &exponent);
  return static_cast<std::uint16_t>((value < 0 ? 0x8000 : 0) | (exponent + 14) << 10 |
                                    (static_cast<int>(fraction * 2048) & 1023));
}

float half_number(std::uint16_t bits) {
  return (bits & 0x8000 ? -1.0F : 1.0F) *
         ((bits & 0x7fff) == 0 ? 0.0F : std::ldexp(1024.0F + (bits & 1023), (bits >> 10 & 31) - 25));
}

float value_at(unsigned row, unsigned column, unsigned salt) {
  return static_cast<float>(static_cast<int>((row * 7 + column * 13 + salt * 5) % 17) - 8) / 8;
}

/// A kernel that loads each thread's fragments from arrays [lane][register], and stores its results like them.
std::string mma_kernel(const std::string& shape, const std::string& types, unsigned as, unsigned bs, unsigned cs) {
  std::string text =
      module_head(80) +
      ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d)\n{\n"
      ".reg .b32 %n;\n.reg .b64 %p, %t;\n.reg .b32 %a<4>, %b<2>;\n.reg .b32 %c<4>, %d<4>;\nmov.u32 %n, %tid.x;\n";
  const auto access = [&](const std::string& array, const std::string& name, unsigned count, bool store) {
    text += "ld.param.u64 %p, [" + array + "];\nmul.wide.u32 %t, %n, " + std::to_string(4 * count) +
            ";\nadd.s64 %p, %p, %t;\n";
    for (unsigned k = 0; k < count; ++k) {
      const std::string reg = name + std::to_string(k), place = "[%p+" + std::to_string(4 * k) + "]";
      text += store ? "st.global.b32 " + place + ", " + reg + ";\n" : "ld.global.b32 " + reg + ", " + place + ";\n";
    }
  };
  const auto list = [](const std::string& name, unsigned count) {
    std::string all = "{";
    for (unsigned k = 0; k < count; ++k)
      all += (k == 0 ? "" : ", ") + name + std::to_string(k);
    return all + "}";
  };
  access("a", "%a", as, false);
  access("b", "%b", bs, false);
  access("c", "%c", cs, false);
  text += "mma.sync.aligned." + shape + ".row.col." + types + " " + list("%d", cs) + ", " + list("%a", as) + ", " +
          list("%b", bs) + ", " + list("%c", cs) + ";\n";
  access("d", "%d", cs, true);
  return text + "ret;\n}\n";
}

/// The manual's tables for m16n8k8 and m16n8k16.
struct Place {
  unsigned row, column;
};
Place a_place(unsigned lane, unsigned i, unsigned depth) {
  if (depth == 8)
    return {lane / 4 + (i < 2 ? 0 : 8), lane % 4 * 2 + (i & 1)};
  const bool upper_rows = i < 2 || (4 <= i && i < 6);
  return {upper_rows ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
}
Place b_place(unsigned lane, unsigned i) {
  return {lane % 4 * 2 + (i & 1) + (i >= 2 ? 8 : 0), lane / 4};
}
Place c_place(unsigned lane, unsigned i) {
  return {lane / 4 + (i < 2 ? 0 : 8), lane % 4 * 2 + (i & 1)};
}

void check_product(unsigned depth, bool half_sums) {
  const std::string types = half_sums ? "f16.f16.f16.f16" : "f32.f16.f16.f32";
  const unsigned as = depth / 4, bs = depth / 8, cs = half_sums ? 2 : 4;
  std::vector<std::uint16_t> a(64UL * as), b(64UL * bs), c_halves(128);
  std::vector<float> c_floats(128);
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < 2 * as; ++i)
      a[2 * as * lane + i] = half_bits(value_at(a_place(lane, i, depth).row, a_place(lane, i, depth).column, 1));
    for (unsigned i = 0; i < 2 * bs; ++i)
      b[2 * bs * lane + i] = half_bits(value_at(b_place(lane, i).row, b_place(lane, i).column, 2));
    for (unsigned i = 0; i < 4; ++i) {
      c_floats[4 * lane + i] = value_at(c_place(lane, i).row, c_place(lane, i).column, 3);
      c_halves[4 * lane + i] = half_bits(c_floats[4 * lane + i]);
    }
  }
  EmulatedDevice device;
  const auto kernel = device.kernel(mma_kernel("m16n8k" + std::to_string(depth), types, as, bs, cs));
  const auto d = device.allocate(512);
  device.run(kernel, {}, device.upload(a), device.upload(b),
             half_sums ? device.upload(c_halves) : device.upload(c_floats), d);
  const auto floats = half_sums ? std::vector<float>(128) : device.download<float>(d, 128);
  const auto halves = half_sums ? device.download<std::uint16_t>(d, 128) : std::vector<std::uint16_t>(128);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < 4; ++i) {
      const auto [row, column] = c_place(lane, i);
      float sum = value_at(row, column, 3);
      for (unsigned k = 0; k < depth; ++k)
        sum += value_at(row, k, 1) * value_at(k, column, 2);
      INFO("lane " << lane << ", element " << i);
      CHECK((half_sums ? half_number(halves[4 * lane + i]) : floats[4 * lane + i]) == sum);
    }
}

/// Stores 512 halves numbered 0, 1, 2 ... to shared memory, loads matrices from the rows that `rows` gives to lanes.
std::vector<std::uint16_t> load_matrices(unsigned count, bool transposed, const std::vector<std::uint32_t>& rows) {
  EmulatedDevice device;
  std::string text = module_head(80) +
                     ".visible .entry k(.param .u64 rows, .param .u64 out)\n{\n.reg .b32 %n, %r, %v, %s;\n"
                     ".reg .b64 %p, %t;\n.reg .b32 %d<4>;\n.shared .align 16 .b8 tile[1024];\nmov.u32 %n, %tid.x;\n"
                     "mov.u32 %s, tile;\nshl.b32 %r, %n, 5;\nadd.u32 %s, %s, %r;\nshl.b32 %v, %n, 4;\n"
                     "mad.lo.u32 %v, %v, 0x10001, 0x10000;\n";
  for (unsigned k = 0; k < 8; ++k) // halves 16 n + 2 k and 16 n + 2 k + 1
    text += "st.shared.b32 [%s+" + std::to_string(4 * k) + "], %v;\nadd.u32 %v, %v, 0x20002;\n";
  text +=
      "bar.sync 0;\nld.param.u64 %p, [rows];\nmul.wide.u32 %t, %n, 4;\nadd.s64 %p, %p, %t;\nld.global.b32 %r, [%p];\n"
      "shl.b32 %r, %r, 4;\nmov.u32 %s, tile;\nadd.u32 %s, %s, %r;\nldmatrix.sync.aligned.m8n8.x" +
      std::to_string(count) + (transposed ? ".trans" : "") + ".shared.b16 {";
  for (unsigned k = 0; k < count; ++k)
    text += (k == 0 ? "%d" : ", %d") + std::to_string(k);
  text += "}, [%s];\nld.param.u64 %p, [out];\nmul.wide.u32 %t, %n, " + std::to_string(4 * count) +
          ";\nadd.s64 %p, %p, %t;\n";
  for (unsigned k = 0; k < count; ++k)
    text += "st.global.b32 [%p+" + std::to_string(4 * k) + "], %d" + std::to_string(k) + ";\n";
  const auto out = device.allocate(128UL * count);
  device.run(device.kernel(text + "ret;\n}\n"), {}, device.upload(rows), out);
  return device.download<std::uint16_t>(out, 64UL * count);
}

} // namespace

TEST_CASE("mma.m16n8k8 multiplies what the manual's layout says") {
  check_product(8, false);
}
TEST_CASE("mma.m16n8k16 multiplies what the manual's layout says") {
  check_product(16, false);
}
TEST_CASE("mma accumulates in half precision too") {
  check_product(8, true);
  check_product(16, true);
}

TEST_CASE("ldmatrix gives each thread two elements of a row of each matrix, or of a column with .trans") {
  std::vector<std::uint32_t> rows(32); // of 8 halves, in another order
  for (unsigned lane = 0; lane < 32; ++lane)
    rows[lane] = (lane * 5 + 3) % 64;
  for (const unsigned count : {1U, 2U, 4U})
    for (const bool transposed : {false, true}) {
      const auto loaded = load_matrices(count, transposed, rows);
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned matrix = 0; matrix < count; ++matrix)
          for (unsigned half = 0; half < 2; ++half) {
            unsigned row = lane / 4, column = lane % 4 * 2 + half;
            if (transposed)
              std::swap(row, column);
            INFO(".x" << count << (transposed ? " transposed, " : ", ") << "lane " << lane << ", matrix " << matrix);
            CHECK(loaded[2 * count * lane + 2 * matrix + half] == 8 * rows[8 * matrix + row] + column);
          }
    }
}
