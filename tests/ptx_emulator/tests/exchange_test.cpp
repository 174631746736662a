// Values between lanes: what the manual's formulas say of shfl, vote and match.
#include "ptx_emulator/tests/lane_instruction.hpp"

#include <bit>

using namespace sciexam::test;

namespace {

Words numbered(std::size_t count) {
  Words lanes(count);
  for (std::uint32_t k = 0; k < count; ++k)
    lanes[k] = k;
  return lanes;
}

/// The lane that shfl reads from, by the manual's pseudocode; `in_range` is its predicate.
std::uint32_t shuffled(const std::string& mode, unsigned lane, unsigned b, unsigned c, bool& in_range) {
  const int segment = static_cast<int>(c >> 8 & 31), clamp = static_cast<int>(c & 31), own = static_cast<int>(lane);
  const int most = (own & segment) | (clamp & ~segment), least = own & segment;
  const int by = static_cast<int>(b & 31);
  int from = 0;
  if (mode == "up") {
    from = own - by;
    in_range = from >= most;
  } else {
    from = mode == "down" ? own + by : mode == "bfly" ? own ^ by : least | (by & ~segment);
    in_range = from <= most;
  }
  return in_range ? static_cast<std::uint32_t>(from) : lane;
}

} // namespace

TEST_CASE("shfl in all modes and segments") {
  for (const std::string mode : {"up", "down", "bfly", "idx"})
    for (const unsigned width : {32U, 8U})
      for (const unsigned b : {0U, 1U, 3U, 9U}) {
        const unsigned c = (32 - width) << 8 | (mode == "up" ? 0 : 31);
        const std::string arguments = std::to_string(b) + ", " + std::to_string(c) + ", 0xffffffff;\n";
        const Words read = on_lanes<std::uint32_t>(
            "shfl.sync." + mode + ".b32 %d|%p, %x0, " + arguments + "@!%p add.u32 %d, %d, 1000;", numbered(32));
        for (unsigned lane = 0; lane < 32; ++lane) {
          bool in_range = false;
          const std::uint32_t from = shuffled(mode, lane, b, c, in_range);
          INFO(mode << " by " << b << " in segments of " << width << ", lane " << lane);
          CHECK(read[lane] == from + (in_range ? 0 : 1000));
        }
      }
}

TEST_CASE("shfl.idx reads from a lane of each thread's own choice") {
  Words from(32);
  for (unsigned lane = 0; lane < 32; ++lane)
    from[lane] = (lane * 11 + 5) % 32;
  const Words read = on_lanes<std::uint32_t>("shfl.sync.idx.b32 %d, %n, %x0, 0x1f, 0xffffffff;", from);
  CHECK(read == from);
}

TEST_CASE("votes and matches") {
  const Words x = {5, 7, 5, 9, 7, 5, 5, 1};
  const auto mask = [](unsigned bits) { return Words(8, bits); };
  CHECK(on_lanes<std::uint32_t>("setp.eq.u32 %p, %x0, 5;\nvote.sync.ballot.b32 %d, %p, 0xff;", x) == mask(0x65));
  CHECK(on_lanes<std::uint32_t>("setp.eq.u32 %p, %x0, 9;\nvote.sync.any.pred %q, %p, 0xff;\nselp.b32 %d, 1, 0, %q;",
                                x) == mask(1));
  CHECK(on_lanes<std::uint32_t>("setp.eq.u32 %p, %x0, 9;\nvote.sync.all.pred %q, !%p, 0xff;\nselp.b32 %d, 1, 0, %q;",
                                x) == mask(0));
  CHECK(on_lanes<std::uint32_t>("setp.gt.u32 %p, %x0, 20;\nvote.sync.uni.pred %q, %p, 0xff;\nselp.b32 %d, 1, 0, %q;",
                                x) == mask(1));
  CHECK(on_lanes<std::uint32_t>("match.any.sync.b32 %d, %x0, 0xff;", x) ==
        Words{0x65, 0x12, 0x65, 8, 0x12, 0x65, 0x65, 0x80});
  CHECK(on_lanes<std::uint32_t>("setp.gt.u32 %p, %x0, 5;\nmov.u32 %d, 0;\n@%p activemask.b32 %d;", x) ==
        Words{0, 0x1a, 0, 0x1a, 0x1a, 0, 0, 0});
  CHECK(on_lanes<std::uint32_t>("redux.sync.add.u32 %d, %x0, 0xff;", x) == mask(44));
  CHECK(on_lanes<std::uint32_t>("redux.sync.max.s32 %d, %x0, 0xff;", x) == mask(9));
}
