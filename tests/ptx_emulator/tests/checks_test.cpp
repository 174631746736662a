// Each fault that the checks look for: found, reported with its place, and not found where the kernel is right.
#include "ptx_emulator/tests/emulated_device.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using sciexam::cuda::Result;

namespace {

struct Outcome {
  Result result;
  std::string report;
};

/// A block of `threads` runs `code`, which may use %n (the thread's number), %g (device memory of 256 written bytes),
/// %e (64 bytes that nobody wrote), %s (shared memory, 512 bytes) and registers.
Outcome run_code(const std::string& code, unsigned threads = 32, EmulatedDevice::Settings settings = {}) {
  EmulatedDevice device(std::move(settings));
  const std::string text = module_head(80) + R"(
.visible .entry k(.param .u64 filled, .param .u64 empty)
{
  .reg .b32 %n, %s, %o, %x, %y, %z, %w; .reg .b64 %g, %e, %l; .reg .pred %p; .reg .f32 %f<4>;
  .shared .align 16 .b8 tile[512];
  .local .align 4 .b8 own[8];
  mov.u32 %n, %tid.x;
  mov.u32 %s, tile;
  ld.param.u64 %g, [filled];
  ld.param.u64 %e, [empty];
  shl.b32 %o, %n, 2;
)" + code + "\nret;\n}\n";
  const auto kernel = device.kernel(text);
  const auto filled = device.upload(std::vector<std::uint32_t>(64, 3));
  const Result result = device.launch(kernel, {.threads = threads}, filled, device.allocate(64));
  return {result, device.report()};
}

void check_found(const std::string& code, Result result, const std::string& text, unsigned threads = 32) {
  const Outcome outcome = run_code(code, threads);
  INFO(code);
  CHECK(outcome.result == result);
  CHECK_THAT(outcome.report, ContainsSubstring(text));
}

void check_clean(const std::string& code, unsigned threads = 32) {
  const Outcome outcome = run_code(code, threads);
  INFO(code << '\n' << outcome.report);
  CHECK(outcome.result == sciexam::cuda::kSuccess);
}

const std::string kAt = "add.u32 %s, %s, %o;\n"; ///< each thread its own word of the tile

} // namespace

TEST_CASE("accesses beyond either end of device memory are found") {
  check_clean("ld.global.u32 %x, [%g+252];");
  check_found("ld.global.u32 %x, [%g+256];", sciexam::cuda::kIllegalAddress, "256 bytes into an allocation of 256");
  check_found("ld.global.v2.u32 {%x, %y}, [%g+256];", sciexam::cuda::kIllegalAddress, "out of bounds");
  check_found("st.global.u32 [%g+-4], 1;", sciexam::cuda::kIllegalAddress, "write of 4 bytes");
  check_found("ld.u32 %x, [%g+300];", sciexam::cuda::kIllegalAddress, "out of bounds");
  check_found("atom.global.add.u32 %x, [%g+256], 1;", sciexam::cuda::kIllegalAddress, "out of bounds");
}

TEST_CASE("a report names kernel, block, thread and line") {
  const Outcome outcome = run_code("setp.eq.u32 %p, %n, 5;\n@%p ld.global.u32 %x, [%g+256];");
  CHECK_THAT(outcome.report, ContainsSubstring("k: block (0,0,0) thread (5,0,0), PTX line 16 `@%p ld.global.u32"));
}

TEST_CASE("misaligned access is found") {
  check_found("ld.global.u32 %x, [%g+2];", sciexam::cuda::kMisalignedAddress, "misaligned");
  check_found("ld.global.v4.u32 {%x, %y, %z, %w}, [%g+8];", sciexam::cuda::kMisalignedAddress, "misaligned");
  check_found("st.shared.v2.u32 [%s+4], {%n, %n};", sciexam::cuda::kMisalignedAddress, "misaligned");
}

TEST_CASE("accesses above shared memory and between its variables are found") {
  check_found("setp.eq.u32 %p, %n, 0;\n@%p st.shared.u32 [%s+512], 1;", sciexam::cuda::kIllegalAddress,
              "belongs to no variable");
  check_found("ld.shared.u32 %x, [%s+100000];", sciexam::cuda::kIllegalAddress, "out of bounds");
}

TEST_CASE("local memory and parameters have bounds") {
  check_clean("mov.u64 %l, own;\nst.local.u32 [%l+4], %n;\nld.local.u32 %x, [%l+4];");
  check_found("mov.u64 %l, own;\nst.local.u32 [%l+8], %n;", sciexam::cuda::kIllegalAddress, "local memory");
  check_found("ld.local.u32 %x, [own];", sciexam::cuda::kLaunchFailed, "uninitialised");
  check_found("ld.param.u64 %l, [empty+8];", sciexam::cuda::kIllegalAddress, "parameters");
}

TEST_CASE("reads of what nobody wrote are found") {
  check_found("ld.global.u32 %x, [%e];", sciexam::cuda::kLaunchFailed, "uninitialised");
  check_clean("st.global.u32 [%e], 1;\nld.global.u32 %x, [%e];");
  check_found(kAt + "ld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed, "uninitialised");
  check_clean(kAt + "st.shared.u32 [%s], %n;\nld.shared.u32 %x, [%s];");
  check_found(kAt + "st.shared.u16 [%s], 1;\nld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed, "uninitialised");
  check_found(kAt + "atom.shared.add.u32 %x, [%s], 1;", sciexam::cuda::kLaunchFailed, "uninitialised");
  check_found("add.u32 %x, %y, 1;", sciexam::cuda::kLaunchFailed, "undefined register");
  check_found("setp.lt.u32 %p, %n, 4;\n@%p mov.u32 %y, 1;\nadd.u32 %x, %y, 1;", sciexam::cuda::kLaunchFailed,
              "thread (4,0,0)");
  check_clean("mov.u32 %x, %y;\nmov.b64 %l, {%x, %n};"); // moving them is no fault
  check_found("mov.u32 %x, %y;\nadd.u32 %x, %x, 1;", sciexam::cuda::kLaunchFailed, "undefined register");
  check_found("@%p mov.u32 %x, 1;", sciexam::cuda::kLaunchFailed, "guard is undefined");
}

TEST_CASE("races between warps are found, and barriers prevent them") {
  const std::string write = kAt + "st.shared.u32 [%s], %n;\n";
  const std::string others =
      "xor.b32 %o, %o, 128;\nmov.u32 %s, tile;\n" + kAt; // the same lane's word of the other warp
  check_clean(write + "bar.sync 0;\n" + others + "ld.shared.u32 %x, [%s];", 64);
  check_clean(write + "bar.sync 0;\n" + others + "ld.shared.u32 %x, [%s];\nbar.sync 0;\nst.shared.u32 [%s], 1;", 64);
  // The warp that came last to the barrier goes on first: it reads, then the other one writes.
  check_found(write +
                  "bar.sync 0;\nsetp.ge.u32 %p, %n, 32;\n@%p ld.shared.u32 %x, [tile];\n@!%p st.shared.u32 [%s], 1;",
              sciexam::cuda::kLaunchFailed, "race: writes", 64);
  // Two have read: the one that then writes must not forget the other.
  check_found(write + "bar.sync 0;\nsetp.eq.u32 %p, %n, 64;\n@%p ld.shared.u32 %x, [tile];\nsetp.eq.u32 %p, %n, 0;\n"
                      "@%p ld.shared.u32 %x, [tile];\n@%p st.shared.u32 [tile], 1;",
              sciexam::cuda::kLaunchFailed, "which thread 64", 96);
  check_found("st.shared.u32 [%s], 1;", sciexam::cuda::kLaunchFailed, "race: writes", 64); // even of the same value
  check_found(write + "bar.sync 0;\nst.shared.u32 [%s], 1;\nld.shared.u8 %x, [tile+130];", sciexam::cuda::kLaunchFailed,
              "race: reads shared address 130, which thread 32", 64);
}

TEST_CASE("neighbouring bytes that different threads write are not a race") {
  check_clean("add.u32 %s, %s, %n;\nst.shared.u8 [%s], %n;", 64);
}

TEST_CASE("lanes of a warp race unless bar.warp.sync lies between") {
  const std::string write = kAt + "st.shared.u32 [%s], %n;\n", other = "xor.b32 %o, %o, 4;\nmov.u32 %s, tile;\n" + kAt;
  check_found(write + other + "ld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed, "race: reads");
  check_clean(write + "bar.warp.sync 0xffffffff;\n" + other + "ld.shared.u32 %x, [%s];");
  check_found("st.shared.u32 [%s], %n;", sciexam::cuda::kLaunchFailed, "different values");
  check_clean("st.shared.u32 [%s], 7;");
}

TEST_CASE("atomics race with plain accesses only") {
  const std::string start = "setp.eq.u32 %p, %n, 0;\n@%p st.shared.u32 [%s], 0;\nbar.sync 0;\n";
  check_clean(start + "atom.shared.add.u32 %x, [%s], 1;\nbar.sync 0;\nld.shared.u32 %x, [%s];", 64);
  check_found(start + "atom.shared.add.u32 %x, [%s], 1;\nld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed,
              "race: reads", 64);
}

TEST_CASE("blocks of one launch that touch the same bytes of device memory, one of them writing, are found") {
  const auto run = [](const std::string& code) {
    EmulatedDevice device(EmulatedDevice::Settings{});
    const auto kernel = device.kernel(module_head(80) + R"(
.visible .entry k(.param .u64 filled)
{
  .reg .b32 %b, %t, %x; .reg .b64 %g, %a, %l; .reg .pred %p;
  mov.u32 %b, %ctaid.x;
  mov.u32 %t, %tid.x;
  ld.param.u64 %g, [filled];
  mul.wide.u32 %l, %b, 128;
  add.u64 %a, %g, %l;
  mul.wide.u32 %l, %t, 4;
  add.u64 %a, %a, %l;
)" + code + "\nret;\n}\n");
    const auto filled = device.upload(std::vector<std::uint32_t>(96, 3));
    const Result result = device.launch(kernel, {.blocks = 3}, filled);
    return Outcome{result, device.report()};
  };
  const auto check_race = [&](const std::string& code, const std::string& text) {
    const Outcome outcome = run(code);
    INFO(code << '\n' << outcome.report);
    CHECK(outcome.result == sciexam::cuda::kLaunchFailed);
    CHECK_THAT(outcome.report, ContainsSubstring(text));
  };
  const auto check_none = [&](const std::string& code) {
    const Outcome outcome = run(code);
    INFO(code << '\n' << outcome.report);
    CHECK(outcome.result == sciexam::cuda::kSuccess);
  };
  check_none("ld.global.u32 %x, [%a];\nst.global.u32 [%a], %x;"); // each block its own
  check_none("ld.global.u32 %x, [%g];");
  check_none("atom.global.add.u32 %x, [%g], 1;");
  check_race("st.global.u8 [%g], %b;", "writes device memory");
  check_race("ld.global.u32 %x, [%g];\nst.global.u32 [%a], %x;", "race: block (");
  check_race("setp.eq.u32 %p, %b, 2;\n@%p st.global.u32 [%g], 1;\nld.global.u32 %x, [%g];", "reads device memory");
  check_race("setp.eq.u32 %p, %b, 2;\n@%p st.global.u32 [%g], 1;\n@!%p atom.global.add.u32 %x, [%g], 1;",
             "which this block");
}

TEST_CASE("named barriers order those that meet there") {
  // Warps 0 and 1 exchange words; warp 2 only arrives, having written; warp 3 stays out.
  const std::string meet = kAt + R"(
    st.shared.u32 [%s], %n;
    setp.ge.u32 %p, %n, 96;
    @%p ret;
    setp.ge.u32 %p, %n, 64;
    @%p bra ARRIVE;
    bar.sync 1, 96;
    ld.shared.u32 %x, [tile+256];
    ret;
    ARRIVE: bar.arrive 1, 96;)";
  check_clean(meet, 128);
  check_found(meet + "\nld.shared.u32 %x, [tile];", sciexam::cuda::kLaunchFailed, "race: reads", 128);
}

TEST_CASE("a barrier that part of a warp reaches is found") {
  check_found("setp.lt.u32 %p, %n, 8;\n@%p bar.sync 0;", sciexam::cuda::kLaunchFailed, "not executed by all threads");
  check_clean("setp.lt.u32 %p, %n, 32;\n@%p bra END;\nEND: bar.sync 0;", 64);
}

TEST_CASE("warps that wait for each other at different barriers are found") {
  check_found("setp.lt.u32 %p, %n, 32;\n@%p bar.sync 1;\n@!%p bar.sync 2;", sciexam::cuda::kLaunchFailed, "deadlock",
              64);
}

TEST_CASE("an endless loop is found") {
  const Outcome outcome = run_code("LOOP: bra LOOP;", 32, {{"LIMIT", "100000"}});
  CHECK(outcome.result == sciexam::cuda::kLaunchFailed);
  CHECK_THAT(outcome.report, ContainsSubstring("does not end"));
}

TEST_CASE("exchanges demand all lanes that they name") {
  check_found("setp.lt.u32 %p, %n, 8;\n@%p shfl.sync.idx.b32 %x, %n, 0, 0x1f, 0xffffffff;",
              sciexam::cuda::kLaunchFailed, "does not execute");
  check_clean("setp.lt.u32 %p, %n, 8;\n@%p shfl.sync.idx.b32 %x, %n, 0, 0x1f, 0xff;");
  check_found("setp.lt.u32 %p, %n, 8;\n@%p shfl.sync.idx.b32 %x, %n, 9, 0x1f, 0xff;", sciexam::cuda::kLaunchFailed,
              "lane 9");
  check_found("setp.lt.u32 %p, %n, 8;\n@%p vote.sync.ballot.b32 %x, %p, 0x7f;", sciexam::cuda::kLaunchFailed,
              "does not name");
}

TEST_CASE("matrix instructions demand the whole warp") {
  const std::string mma = "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%n, %n}, {%n}, "
                          "{0f00000000, 0f00000000, 0f00000000, 0f00000000};";
  check_found("setp.lt.u32 %p, %n, 8;\n@%p " + mma, sciexam::cuda::kLaunchFailed, "mma.sync");
  check_found(mma, sciexam::cuda::kLaunchFailed, "32 threads", 24);
  check_found("setp.lt.u32 %p, %n, 8;\n@%p ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%x}, [%s];",
              sciexam::cuda::kLaunchFailed, "ldmatrix");
  check_found("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%x}, [%s+8];", sciexam::cuda::kMisalignedAddress,
              "misaligned");
}

TEST_CASE("cp.async must be waited for, and a barrier passed before other threads read") {
  const std::string copy = kAt +
                           "mul.wide.u32 %l, %n, 4;\nadd.s64 %g, %g, %l;\ncp.async.ca.shared.global [%s], [%g], 4;\n"
                           "cp.async.commit_group;\n";
  check_found(copy + "ld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed, "not waited for");
  check_found(copy + "cp.async.wait_group 1;\nld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed, "not waited for");
  check_clean(copy + "cp.async.wait_group 0;\nld.shared.u32 %x, [%s];");
  const std::string others = "xor.b32 %o, %o, 128;\nmov.u32 %s, tile;\n" + kAt;
  const std::string start = kAt + "st.shared.u32 [%s], 0;\nbar.sync 0;\nmov.u32 %s, tile;\n";
  check_found(start + copy + "cp.async.wait_all;\n" + others + "ld.shared.u32 %x, [%s];", sciexam::cuda::kLaunchFailed,
              "race: writes", 64);
  check_clean(start + copy + "cp.async.wait_all;\nbar.sync 0;\n" + others + "ld.shared.u32 %x, [%s];", 64);
  check_found(copy + "st.shared.u32 [%s], 0;", sciexam::cuda::kLaunchFailed, "not waited for");
  // A barrier before the wait orders nothing. The second warp goes on first, so that its copy has arrived.
  check_found(copy + "bar.sync 0;\ncp.async.wait_all;\nsetp.lt.u32 %p, %n, 32;\n@%p ld.shared.u32 %x, [tile+128];",
              sciexam::cuda::kLaunchFailed, "race: reads", 64);
  check_found("cp.async.ca.shared.global [%s], [%g+256], 4;", sciexam::cuda::kIllegalAddress, "out of bounds");
}

TEST_CASE("the first faulty block is reported, even if two run at once") {
  EmulatedDevice device(EmulatedDevice::Settings{{"THREADS", "2"}});
  const auto kernel = device.kernel(module_head(75) + R"(
.visible .entry k(.param .u64 unused)
{
  .reg .b32 %c; .reg .pred %p;
  mov.u32 %c, %ctaid.x;
  setp.ge.u32 %p, %c, 3;
  @%p trap;
  ret;
})");
  CHECK(device.launch(kernel, {.blocks = 100}, std::uint64_t{0}) == sciexam::cuda::kIllegalInstruction);
  CHECK_THAT(device.report(), ContainsSubstring("block (3,0,0)"));
}

TEST_CASE("a context is unusable after a fault") {
  EmulatedDevice device;
  const auto kernel = device.kernel(module_head(75) + ".visible .entry k()\n{\ntrap;\n}");
  CHECK(device.launch(kernel, {}) == sciexam::cuda::kIllegalInstruction);
  CHECK(sciexam::cuda::cuCtxSynchronize() == sciexam::cuda::kIllegalInstruction);
  sciexam::cuda::DevicePointer address = 0;
  CHECK(sciexam::cuda::cuMemAlloc_v2(&address, 16) == sciexam::cuda::kIllegalInstruction);
}
