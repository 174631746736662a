// Threads of one warp on different paths, and functions.
#include "ptx_emulator/tests/lane_instruction.hpp"

using namespace sciexam::test;

namespace {

Words lanes(std::uint32_t factor = 1) {
  Words numbers(32);
  for (std::uint32_t k = 0; k < 32; ++k)
    numbers[k] = factor * k;
  return numbers;
}

} // namespace

TEST_CASE("a branch that some lanes take, within another") {
  const Words results = on_lanes<std::uint32_t>(R"(
    mov.u32 %d, 0;
    setp.lt.u32 %p, %x0, 10;
    @%p bra SMALL;
    add.u32 %d, %d, 100;
    and.b32 %n, %x0, 1;
    setp.eq.u32 %q, %n, 0;
    @!%q bra ODD;
    add.u32 %d, %d, 10;
    bra.uni MEET;
    ODD: add.u32 %d, %d, 20;
    bra.uni MEET;
    SMALL: add.u32 %d, %d, 1;
    MEET: mov.u32 %n, %tid.x;
    add.u32 %d, %d, 1000;)",
                                                lanes());
  for (std::uint32_t k = 0; k < 32; ++k)
    CHECK(results[k] == 1000 + (k < 10 ? 1 : 100 + (k % 2 == 0 ? 10 : 20)));
}

TEST_CASE("lanes that leave a loop at different times meet after it") {
  const Words results = on_lanes<std::uint32_t>(R"(
    .reg .b32 %i, %mask;
    mov.u32 %i, 0;
    mov.u32 %d, 0;
    LOOP: add.u32 %d, %d, %i;
    add.u32 %i, %i, 1;
    setp.le.u32 %p, %i, %x0;
    @%p bra LOOP;
    activemask.b32 %mask;
    setp.eq.u32 %q, %mask, 0xffffffff;
    @!%q mov.u32 %d, 9999;)",
                                                lanes());
  for (std::uint32_t k = 0; k < 32; ++k)
    CHECK(results[k] == k * (k + 1) / 2);
}

TEST_CASE("a loop within a loop, left by break and continue") {
  const Words results = on_lanes<std::uint32_t>(R"(
    .reg .b32 %i, %j, %s;
    mov.u32 %d, 0;
    mov.u32 %i, 0;
    OUTER: mov.u32 %j, 0;
    INNER: add.u32 %s, %i, %j;
    setp.gt.u32 %p, %s, %x0;
    @%p bra NEXT;
    add.u32 %d, %d, 1;
    add.u32 %j, %j, 1;
    setp.lt.u32 %p, %j, 5;
    @%p bra INNER;
    NEXT: add.u32 %i, %i, 1;
    setp.lt.u32 %p, %i, 4;
    @%p bra OUTER;)",
                                                lanes());
  for (std::uint32_t x = 0; x < 32; ++x) {
    std::uint32_t expected = 0;
    for (std::uint32_t i = 0; i < 4; ++i)
      for (std::uint32_t j = 0; j < 5 && i + j <= x; ++j)
        ++expected;
    CHECK(results[x] == expected);
  }
}

TEST_CASE("lanes that have returned stay out of what follows") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(75) + R"(
.visible .entry k(.param .u64 out)
{
  .reg .b32 %n, %v; .reg .b64 %p, %t; .reg .pred %q;
  mov.u32 %n, %tid.x;
  ld.param.u64 %p, [out];
  mul.wide.u32 %t, %n, 4;
  add.s64 %p, %p, %t;
  setp.ge.u32 %q, %n, 20;
  @%q ret;
  setp.lt.u32 %q, %n, 5;
  @%q bra FEW;
  st.global.u32 [%p], 1;
  bra.uni END;
FEW:
  st.global.u32 [%p], 2;
  exit;
END:
  bar.sync 0;
  st.global.u32 [%p], 3;
  ret;
})");
  const auto out = device.upload(Words(32, 0));
  device.run(kernel, {}, out);
  const Words results = device.download<std::uint32_t>(out, 32);
  for (std::uint32_t k = 0; k < 32; ++k)
    CHECK(results[k] == (k < 5 ? 2U : k < 20 ? 3U : 0U));
}

TEST_CASE("functions are called by some lanes, and return early for some of those") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(75) + R"(
.func (.param .b32 result) twice(.param .b32 x);
.func (.param .b32 result) halved(.param .b32 x, .param .align 4 .b8 pair[8])
{
  .reg .b32 %x, %a, %b; .reg .pred %p;
  ld.param.u32 %x, [x];
  ld.param.v2.u32 {%a, %b}, [pair];
  setp.gt.u32 %p, %x, 16;
  @%p bra LARGE;
  st.param.u32 [result], %a;
  ret;
LARGE:
  {
    .param .b32 p; .param .b32 r;
    st.param.b32 [p], %b;
    call.uni (r), twice, (p);
    ld.param.b32 %b, [r];
  }
  st.param.u32 [result], %b;
  ret;
}
.func (.param .b32 result) twice(.param .b32 x)
{
  .reg .b32 %x;
  ld.param.u32 %x, [x];
  add.u32 %x, %x, %x;
  st.param.u32 [result], %x;
  ret;
}
.visible .entry k(.param .u64 out)
{
  .reg .b32 %n, %v; .reg .b64 %p, %t; .reg .pred %q;
  mov.u32 %n, %tid.x;
  mov.u32 %v, 7;
  setp.lt.u32 %q, %n, 8;
  @%q bra SKIP;
  {
    .param .b32 x; .param .align 4 .b8 pair[8]; .param .b32 r;
    st.param.u32 [x], %n;
    st.param.v2.u32 [pair], {%n, %v};
    call (r), halved, (x, pair);
    ld.param.u32 %v, [r];
  }
SKIP:
  ld.param.u64 %p, [out];
  mul.wide.u32 %t, %n, 4;
  add.s64 %p, %p, %t;
  st.global.u32 [%p], %v;
  ret;
})");
  const auto out = device.allocate(128);
  device.run(kernel, {}, out);
  const Words results = device.download<std::uint32_t>(out, 32);
  for (std::uint32_t k = 0; k < 32; ++k)
    CHECK(results[k] == (k < 8 ? 7U : k > 16 ? 14U : k));
}

TEST_CASE("special registers say where a thread is") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(75) + R"(
.visible .entry k(.param .u64 out)
{
  .reg .b32 %v<8>; .reg .b64 %p, %t; .reg .b32 %n;
  mov.u32 %v0, %tid.x; mov.u32 %v1, %tid.y; mov.u32 %v2, %ctaid.x; mov.u32 %v3, %ctaid.y;
  mov.u32 %v4, %ntid.x; mov.u32 %v5, %nctaid.x; mov.u32 %v6, %laneid; mov.u32 %v7, %warpid;
  mov.u32 %n, %ntid.y;
  mad.lo.u32 %n, %v3, %v5, %v2;
  mad.lo.u32 %n, %n, 2, %v1;
  mad.lo.u32 %n, %n, %v4, %v0;
  ld.param.u64 %p, [out];
  mul.wide.u32 %t, %n, 32;
  add.s64 %p, %p, %t;
  st.global.v4.u32 [%p], {%v0, %v1, %v2, %v3};
  st.global.v4.u32 [%p+16], {%v4, %v5, %v6, %v7};
  ret;
})");
  auto out = device.allocate(2UL * 3 * 2 * 40 * 32);
  std::vector<void*> parameters{&out};
  REQUIRE(sciexam::cuda::cuLaunchKernel(kernel, 3, 2, 1, 40, 2, 1, 0, nullptr, parameters.data(), nullptr) ==
          sciexam::cuda::kSuccess);
  const Words results = device.download<std::uint32_t>(out, 2UL * 3 * 2 * 40 * 8);
  std::size_t at = 0;
  for (std::uint32_t cy = 0; cy < 2; ++cy)
    for (std::uint32_t cx = 0; cx < 3; ++cx)
      for (std::uint32_t y = 0; y < 2; ++y)
        for (std::uint32_t x = 0; x < 40; ++x, at += 8)
          CHECK(Words(results.begin() + at, results.begin() + at + 8) ==
                Words{x, y, cx, cy, 40, 3, (x + 40 * y) % 32, (x + 40 * y) / 32});
}
