// Integers and bits against plain C++.
#include "ptx_emulator/tests/lane_instruction.hpp"

#include <algorithm>
#include <bit>

using namespace sciexam::test;

namespace {

const Words kA = {0,          1,          2,          7,          31,         32,         0x7fffffff,
                  0x80000000, 0x80000001, 0xffffffff, 0xdeadbeef, 0x12345678, 0xfffffff0, 100};
const Words kB = {1, 0xffffffff, 5, 3, 33, 4, 2, 0xffffffff, 7, 0x80000000, 0x1234, 0xcafef00d, 16, 0x7fffffff};
const Words kC = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0xffffffff, 0x10203040, 0x80000000, 12};

std::int32_t s(std::uint32_t x) {
  return static_cast<std::int32_t>(x);
}
std::uint32_t u(std::int64_t x) {
  return static_cast<std::uint32_t>(x);
}

template <class Expected>
void check_code(const std::string& code, Expected&& expected) {
  const Words results = on_lanes<std::uint32_t>(code, kA, kB);
  for (std::size_t k = 0; k < kA.size(); ++k) {
    INFO(code << " of " << kA[k] << ", " << kB[k]);
    CHECK(results[k] == static_cast<std::uint32_t>(expected(kA[k], kB[k])));
  }
}

template <class Expected>
void check2(const std::string& instruction, Expected&& expected) {
  check_code(instruction + " %d, %x0, %x1;", expected);
}

template <class Expected>
void check3(const std::string& instruction, Expected&& expected) {
  const Words results = on_lanes<std::uint32_t>(instruction + " %d, %x0, %x1, %x2;", kA, kB, kC);
  for (std::size_t k = 0; k < kA.size(); ++k) {
    INFO(instruction << " of " << kA[k] << ", " << kB[k] << ", " << kC[k]);
    CHECK(results[k] == static_cast<std::uint32_t>(expected(kA[k], kB[k], kC[k])));
  }
}

} // namespace

TEST_CASE("32-bit integer arithmetic wraps around as in C++") {
  check2("add.s32", [](auto a, auto b) { return a + b; });
  check2("sub.u32", [](auto a, auto b) { return a - b; });
  check2("mul.lo.s32", [](auto a, auto b) { return a * b; });
  check2("mul.hi.s32", [](auto a, auto b) { return std::int64_t{s(a)} * s(b) >> 32; });
  check2("mul.hi.u32", [](auto a, auto b) { return std::uint64_t{a} * b >> 32; });
  check2("div.u32", [](auto a, auto b) { return a / b; });
  check2("rem.u32", [](auto a, auto b) { return a % b; });
  check2("div.s32", [](auto a, auto b) { return std::int64_t{s(a)} / s(b); });
  check2("rem.s32", [](auto a, auto b) { return std::int64_t{s(a)} % s(b); });
  check2("min.s32", [](auto a, auto b) { return std::min(s(a), s(b)); });
  check2("min.u32", [](auto a, auto b) { return std::min(a, b); });
  check2("max.s32", [](auto a, auto b) { return std::max(s(a), s(b)); });
  check2("add.sat.s32",
         [](auto a, auto b) { return std::clamp<std::int64_t>(std::int64_t{s(a)} + s(b), INT32_MIN, INT32_MAX); });
  check3("mad.lo.s32", [](auto a, auto b, auto c) { return a * b + c; });
  check3("mad.hi.u32", [](auto a, auto b, auto c) { return (std::uint64_t{a} * b >> 32) + c; });
  check3("sad.s32", [](auto a, auto b, auto c) { return c + std::abs(std::int64_t{s(a)} - s(b)); });
}

TEST_CASE("negation and absolute values of the least integer are itself") {
  const Words negated = on_lanes<std::uint32_t>("neg.s32 %d, %x0;", kA);
  const Words absolute = on_lanes<std::uint32_t>("abs.s32 %d, %x0;", kA);
  for (std::size_t k = 0; k < kA.size(); ++k) {
    CHECK(negated[k] == 0 - kA[k]);
    CHECK(absolute[k] == u(std::abs(std::int64_t{s(kA[k])})));
  }
}

TEST_CASE("wide products and 64-bit and 16-bit arithmetic") {
  using Longs = std::vector<std::uint64_t>;
  const Longs wide = on_lanes<std::uint64_t>("mul.wide.s32 %d, %x0, %x1;", kA, kB);
  for (std::size_t k = 0; k < kA.size(); ++k)
    CHECK(wide[k] == static_cast<std::uint64_t>(std::int64_t{s(kA[k])} * s(kB[k])));
  const Longs a = {0, 1, ~0ULL, 1ULL << 63, 0x123456789abcdef0}, b = {3, ~0ULL, ~0ULL, 2, 0xfedcba9876543210};
  const Longs high = on_lanes<std::uint64_t>("mul.hi.u64 %d, %x0, %x1;", a, b);
  const Longs sums = on_lanes<std::uint64_t>("mad.lo.s64 %d, %x0, %x1, %x1;", a, b);
  for (std::size_t k = 0; k < a.size(); ++k) {
    CHECK(high[k] == static_cast<std::uint64_t>(static_cast<unsigned __int128>(a[k]) * b[k] >> 64));
    CHECK(sums[k] == a[k] * b[k] + b[k]);
  }
  const std::vector<std::uint16_t> shorts = {0, 1, 0x7fff, 0x8000, 0xffff};
  const auto products = on_lanes<std::uint16_t>("mul.lo.s16 %d, %x0, %x0;", shorts);
  const auto shifted = on_lanes<std::uint16_t>("shr.s16 %d, %x0, 3;", shorts);
  for (std::size_t k = 0; k < shorts.size(); ++k) {
    CHECK(products[k] == static_cast<std::uint16_t>(std::uint32_t{shorts[k]} * shorts[k]));
    CHECK(shifted[k] == static_cast<std::uint16_t>(static_cast<std::int16_t>(shorts[k]) >> 3));
  }
}

TEST_CASE("shifts beyond the width leave zeros or signs") {
  check2("shl.b32", [](auto a, auto b) { return b > 31 ? 0 : a << b; });
  check2("shr.u32", [](auto a, auto b) { return b > 31 ? 0 : a >> b; });
  check2("shr.s32", [](auto a, auto b) { return s(a) >> std::min(b, 31U); });
  check3("shf.l.wrap.b32", [](auto a, auto b, auto c) { return (std::uint64_t{b} << 32 | a) << (c & 31) >> 32; });
  check3("shf.r.wrap.b32", [](auto a, auto b, auto c) { return (std::uint64_t{b} << 32 | a) >> (c & 31); });
  check3("shf.l.clamp.b32",
         [](auto a, auto b, auto c) { return c >= 32 ? a : (std::uint64_t{b} << 32 | a) << c >> 32; });
  check3("shf.r.clamp.b32", [](auto a, auto b, auto c) { return (std::uint64_t{b} << 32 | a) >> std::min(c, 32U); });
}

TEST_CASE("logic of words, of three words and of predicates") {
  check2("and.b32", [](auto a, auto b) { return a & b; });
  check2("or.b32", [](auto a, auto b) { return a | b; });
  check2("xor.b32", [](auto a, auto b) { return a ^ b; });
  const Words truth = on_lanes<std::uint32_t>("lop3.b32 %d, %x0, %x1, %x2, 0xca;", kA, kB, kC); // a ? b : c
  for (std::size_t k = 0; k < kA.size(); ++k)
    CHECK(truth[k] == ((kA[k] & kB[k]) | (~kA[k] & kC[k])));
  const Words chosen = on_lanes<std::uint32_t>("setp.lt.s32 %p, %x0, %x1;\nsetp.gt.u32 %q, %x0, 40;\n"
                                               "not.pred %q, %q;\nand.pred %p, %p, %q;\nselp.b32 %d, 1, 2, %p;",
                                               kA, kB);
  for (std::size_t k = 0; k < kA.size(); ++k)
    CHECK(chosen[k] == (s(kA[k]) < s(kB[k]) && kA[k] <= 40 ? 1U : 2U));
}

TEST_CASE("counts and reversals of bits") {
  const Words ones = on_lanes<std::uint32_t>("popc.b32 %d, %x0;", kA),
              zeros = on_lanes<std::uint32_t>("clz.b32 %d, %x0;", kA);
  const Words reversed = on_lanes<std::uint32_t>("brev.b32 %d, %x0;", kA);
  const Words highest = on_lanes<std::uint32_t>("bfind.s32 %d, %x0;", kA);
  for (std::size_t k = 0; k < kA.size(); ++k) {
    CHECK(ones[k] == static_cast<unsigned>(std::popcount(kA[k])));
    CHECK(zeros[k] == static_cast<unsigned>(std::countl_zero(kA[k])));
    std::uint32_t mirror = 0;
    for (unsigned bit = 0; bit < 32; ++bit)
      mirror |= (kA[k] >> bit & 1) << (31 - bit);
    CHECK(reversed[k] == mirror);
    std::uint32_t top = 0xffffffff;
    for (unsigned bit = 0; bit < 32; ++bit)
      if ((kA[k] >> bit & 1) != (kA[k] >> 31))
        top = bit;
    CHECK(highest[k] == top);
  }
}

TEST_CASE("bit fields follow the manual's pseudocode") {
  const Words values(30, 0x9234567a);
  Words positions, lengths;
  for (unsigned position : {0U, 3U, 28U, 31U, 32U, 200U})
    for (unsigned length : {0U, 1U, 5U, 32U, 255U}) {
      positions.push_back(position);
      lengths.push_back(length);
    }
  const Words fields = on_lanes<std::uint32_t>("bfe.u32 %d, %x0, %x1, %x2;", values, positions, lengths);
  const Words signs = on_lanes<std::uint32_t>("bfe.s32 %d, %x0, %x1, %x2;", values, positions, lengths);
  const Words inserted = on_lanes<std::uint32_t>("bfi.b32 %d, 0x5a5a5a5a, %x0, %x1, %x2;", values, positions, lengths);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const unsigned position = positions[k], length = lengths[k];
    INFO("position " << position << ", length " << length);
    const unsigned sign = length == 0 ? 0 : values[k] >> std::min(position + length - 1, 31U) & 1;
    std::uint32_t field = 0, signed_field = 0, into = values[k];
    for (unsigned bit = 0; bit < 32; ++bit) {
      const bool inside = bit < length && position + bit <= 31;
      const unsigned own = inside ? values[k] >> (position + bit) & 1 : 0;
      field |= own << bit;
      signed_field |= (inside ? own : sign) << bit;
      if (inside)
        into = (into & ~(1U << (position + bit))) | (0x5a5a5a5a >> bit & 1) << (position + bit);
    }
    CHECK(fields[k] == field);
    CHECK(signs[k] == signed_field);
    CHECK(inserted[k] == into);
  }
}

TEST_CASE("prmt picks bytes, and their signs") {
  const Words selectors = {0x3210, 0x7654, 0x0123, 0xfedc, 0x8888, 0x4040, 0x5b3a};
  const Words a(selectors.size(), 0x83f27104), b(selectors.size(), 0x7f80c655);
  const Words picked = on_lanes<std::uint32_t>("prmt.b32 %d, %x0, %x1, %x2;", a, b, selectors);
  for (std::size_t k = 0; k < selectors.size(); ++k) {
    std::uint32_t expected = 0;
    for (unsigned byte = 0; byte < 4; ++byte) {
      const unsigned choice = selectors[k] >> (4 * byte) & 15;
      const std::uint32_t value = ((choice & 4) != 0 ? b[k] : a[k]) >> (8 * (choice & 3)) & 255;
      expected |= ((choice & 8) == 0 ? value : value >= 128 ? 255 : 0) << (8 * byte);
    }
    CHECK(picked[k] == expected);
  }
  const Words shifts = {0, 1, 2, 3};
  const Words low(4, 0x33221100), high(4, 0x77665544);
  CHECK(on_lanes<std::uint32_t>("prmt.b32.f4e %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0x33221100, 0x44332211, 0x55443322, 0x66554433});
  CHECK(on_lanes<std::uint32_t>("prmt.b32.b4e %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0x55667700, 0x66770011, 0x77001122, 0x00112233});
  CHECK(on_lanes<std::uint32_t>("prmt.b32.rc8 %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0, 0x11111111, 0x22222222, 0x33333333});
  CHECK(on_lanes<std::uint32_t>("prmt.b32.ecl %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0x33221100, 0x33221111, 0x33222222, 0x33333333});
  CHECK(on_lanes<std::uint32_t>("prmt.b32.ecr %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0, 0x11111100, 0x22221100, 0x33221100});
  CHECK(on_lanes<std::uint32_t>("prmt.b32.rc16 %d, %x0, %x1, %x2;", low, high, shifts) ==
        Words{0x11001100, 0x33223322, 0x11001100, 0x33223322});
}

TEST_CASE("comparisons of integers heed the sign") {
  const auto check = [](const std::string& comparison, auto&& expected) {
    check_code("setp." + comparison + " %p, %x0, %x1;\nselp.b32 %d, 1, 0, %p;", expected);
  };
  check("eq.s32", [](auto a, auto b) { return a == b; });
  check("ne.u32", [](auto a, auto b) { return a != b; });
  check("lt.s32", [](auto a, auto b) { return s(a) < s(b); });
  check("le.s32", [](auto a, auto b) { return s(a) <= s(b); });
  check("gt.s32", [](auto a, auto b) { return s(a) > s(b); });
  check("ge.u32", [](auto a, auto b) { return a >= b; });
  check("lo.u32", [](auto a, auto b) { return a < b; });
  check("hs.u32", [](auto a, auto b) { return a >= b; });
}

TEST_CASE("a comparison combines with a predicate, and gives its opposite too") {
  const Words results = on_lanes<std::uint32_t>(
      "setp.eq.u32 %p, %x1, 2;\nsetp.lt.and.u32 %p|%q, %x0, 50, !%p;\nselp.b32 %d, 1, 0, %p;\n@%q add.u32 %d, %d, 2;",
      kA, kB);
  for (std::size_t k = 0; k < kA.size(); ++k) {
    const bool with = kB[k] != 2, less = kA[k] < 50;
    CHECK(results[k] == (less && with ? 1U : 0U) + (!less && with ? 2U : 0U));
  }
}

TEST_CASE("slct selects by the sign") {
  check3("slct.b32.s32", [](auto a, auto b, auto c) { return s(c) >= 0 ? a : b; });
}
