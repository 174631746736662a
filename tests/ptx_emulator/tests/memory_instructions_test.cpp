// Loads, stores, atomics and copies between the state spaces.
#include "ptx_emulator/tests/lane_instruction.hpp"

using namespace sciexam::test;

TEST_CASE("narrow loads are widened by the sign or zeros, vectors go to several registers") {
  const Words values = {0xfedc8081, 0x7f017f80};
  CHECK(on_lanes<std::uint32_t>("sub.s64 %a, %a, 0;\nld.global.s8 %d, [%a];", values) == Words{0xffffff81, 0xffffff80});
  CHECK(on_lanes<std::uint32_t>("ld.global.u8 %d, [%a+1];", values) == Words{0x80, 0x7f});
  CHECK(on_lanes<std::uint32_t>("ld.global.s16 %d, [%a+2];", values) == Words{0xfffffedc, 0x7f01});
  CHECK(on_lanes<std::uint64_t>("ld.global.s32 %d, [%a];", values) ==
        std::vector<std::uint64_t>{0xfffffffffedc8081, 0x7f017f80});
  CHECK(on_lanes<std::uint32_t>(".reg .b16 %h, %l;\nld.global.nc.v2.u16 {%l, %h}, [%a];\nmov.b32 %d, {%h, %l};",
                                values) == Words{0x8081fedc, 0x7f807f01});
}

TEST_CASE("registers are packed and unpacked lowest first") {
  CHECK(on_lanes<std::uint64_t>("mov.b64 %d, {%x0, %x1};", Words{1}, Words{2}) ==
        std::vector<std::uint64_t>{0x200000001});
  CHECK(on_lanes<std::uint32_t>("mov.b64 {_, %d}, %x0;", std::vector<std::uint64_t>{0x200000001}) == Words{2});
  CHECK(on_lanes<std::uint32_t>(".reg .b32 %h;\nmov.b64 {%d, %h}, %x0;", std::vector<std::uint64_t>{0x200000001}) ==
        Words{1});
}

TEST_CASE("generic addresses reach shared, local and device memory") {
  const std::string code = R"(
    .shared .align 4 .b8 tile[128];
    .local .align 4 .b8 own[4];
    .reg .b64 %s, %l;
    mov.u64 %s, tile;
    mad.wide.u32 %s, %n, 4, %s;
    cvta.shared.u64 %s, %s;
    mov.u64 %l, own;
    cvta.local.u64 %l, %l;
    st.u32 [%s], %x0;
    ld.u32 %d, [%s];
    add.u32 %d, %d, 1;
    st.u32 [%l], %d;
    cvta.to.local.u64 %l, %l;
    ld.local.u32 %d, [%l];
    ld.u32 %n, [%a];
    add.u32 %d, %d, %n;
    mov.u32 %n, %tid.x;
    isspacep.shared %p, %s;
    @!%p mov.u32 %d, 0;)";
  CHECK(on_lanes<std::uint32_t>(code, Words{10, 20, 30}) == Words{21, 41, 61});
}

TEST_CASE("variables of a module have their initial values, addresses among them, and names") {
  EmulatedDevice device;
  const auto module = device.load(module_head(75) + R"(
.visible .const .align 4 .b8 table[8] = {1, 0, 0, 0, 255, 255, 255, 255};
.visible .global .align 4 .f32 half = 0f3F000000;
.visible .global .align 8 .u64 where[2] = {table, generic(half)};
.visible .global .align 4 .u32 counter[3];
.visible .entry k(.param .u64 out)
{
  .reg .b32 %x, %y; .reg .b64 %p, %q; .reg .f32 %f;
  ld.param.u64 %p, [out];
  ld.const.u32 %x, [table+4];
  st.global.u32 [%p], %x;
  ld.global.u64 %q, [where+8];
  ld.f32 %f, [%q];
  st.global.f32 [%p+4], %f;
  atom.global.add.u32 %y, [counter+8], 5;
  ld.global.u32 %y, [counter+8];
  st.global.u32 [%p+8], %y;
  ret;
})");
  sciexam::cuda::Function kernel = nullptr;
  REQUIRE(sciexam::cuda::cuModuleGetFunction(&kernel, module, "k") == sciexam::cuda::kSuccess);
  const auto out = device.allocate(12);
  device.run(kernel, {.threads = 1}, out);
  CHECK(device.download<std::uint32_t>(out, 3) == Words{0xffffffff, 0x3f000000, 5});
  sciexam::cuda::DevicePointer address = 0;
  std::size_t bytes = 0;
  REQUIRE(sciexam::cuda::cuModuleGetGlobal_v2(&address, &bytes, module, "counter") == sciexam::cuda::kSuccess);
  CHECK(bytes == 12);
  CHECK(device.download<std::uint32_t>(address, 3) == Words{0, 0, 5});
}

TEST_CASE("atomics of lanes and of blocks that run at once all count") {
  EmulatedDevice device(EmulatedDevice::Settings{{"THREADS", "2"}});
  const auto kernel = device.kernel(module_head(75) + R"(
.visible .entry k(.param .u64 out)
{
  .reg .b32 %x, %n; .reg .b64 %p; .reg .f32 %f;
  ld.param.u64 %p, [out];
  mov.u32 %n, %tid.x;
  atom.global.add.u32 %x, [%p], 2;
  red.global.max.s32 [%p+4], %n;
  red.global.add.f32 [%p+8], 0f3F000000;
  atom.global.inc.u32 %x, [%p+12], 9;
  red.global.or.b32 [%p+16], %n;
  atom.global.exch.b32 %x, [%p+20], 77;
LOOP:
  .reg .b32 %old, %new, %seen; .reg .pred %q;
  ld.global.u32 %old, [%p+24];
  add.u32 %new, %old, 3;
  atom.global.cas.b32 %seen, [%p+24], %old, %new;
  setp.ne.u32 %q, %seen, %old;
  @%q bra LOOP;
  ret;
})");
  const auto out = device.upload(Words{0, 0x80000000, 0, 0, 0, 0, 0});
  device.run(kernel, {.blocks = 20, .threads = 64}, out);
  const Words results = device.download<std::uint32_t>(out, 7);
  CHECK(results == Words{2 * 1280, 63, 0x44200000 /* 640 */, 1280 % 10, 63, 77, 3 * 1280});
}

TEST_CASE("dynamic shared memory follows the static, for all that name it") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(75) + R"(
.extern .shared .align 16 .b8 dynamic[];
.shared .align 4 .b8 fixed[12];
.visible .entry k(.param .u64 out)
{
  .reg .b32 %n, %a, %b, %o; .reg .b64 %p;
  mov.u32 %n, %tid.x;
  mov.u32 %a, dynamic;
  shl.b32 %o, %n, 2;
  add.u32 %a, %a, %o;
  st.shared.u32 [%a], %n;
  bar.sync 0;
  ld.shared.u32 %b, [dynamic+124];
  ld.param.u64 %p, [out];
  st.global.u32 [%p], %b;
  ret;
})");
  const auto out = device.allocate(4);
  device.run(kernel, {.shared = 128}, out);
  CHECK(device.download<std::uint32_t>(out, 1) == Words{31});
  CHECK(device.launch(kernel, {.shared = 124}, out) == sciexam::cuda::kIllegalAddress);
}

TEST_CASE("cp.async fills with zeros what it does not take, and groups arrive in order") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(80) + R"(
.visible .entry k(.param .u64 from, .param .u64 out)
{
  .reg .b32 %s, %x, %y, %z, %w; .reg .b64 %g, %p;
  .shared .align 16 .b8 tile[32];
  mov.u32 %s, tile;
  ld.param.u64 %g, [from];
  ld.param.u64 %p, [out];
  mov.u32 %x, 8;
  cp.async.cg.shared.global [%s], [%g], 16, %x;
  cp.async.commit_group;
  cp.async.ca.shared.global [%s+16], [%g+16], 8;
  cp.async.commit_group;
  cp.async.wait_group 1;
  ld.shared.v4.u32 {%x, %y, %z, %w}, [%s];
  st.global.v4.u32 [%p], {%x, %y, %z, %w};
  cp.async.wait_group 0;
  ld.shared.v2.u32 {%x, %y}, [%s+16];
  st.global.v2.u32 [%p+16], {%x, %y};
  ret;
})");
  const auto from = device.upload(Words{1, 2, 3, 4, 5, 6}), out = device.allocate(24);
  device.run(kernel, {.threads = 1}, from, out);
  CHECK(device.download<std::uint32_t>(out, 6) == Words{1, 2, 0, 0, 5, 6});
}
