// What is counted of global and shared accesses, against what the layouts say.
#include "ptx_emulator/calls/machine.hpp"
#include "ptx_emulator/machine/counters.hpp"
#include "ptx_emulator/tests/emulated_device.hpp"

#include <fstream>
#include <sstream>

using namespace sciexam::test;
using sciexam::emulated::Counters;
using sciexam::emulated::Kind;
using sciexam::emulated::Machine;

namespace {

/// What `code` counts in one warp; %n is the lane, %g device memory of 16 KiB, %s shared memory of 8 KiB.
Counters counted(const std::string& code) {
  EmulatedDevice device;
  Machine::instance().counters.clear();
  const auto kernel = device.kernel(module_head(80) + R"(
.visible .entry counted(.param .u64 g)
{
  .reg .b32 %n, %s, %o, %x, %y, %z, %w; .reg .b64 %g, %l;
  .shared .align 16 .b8 tile[8192];
  mov.u32 %n, %tid.x;
  mov.u32 %s, tile;
  ld.param.u64 %g, [g];
)" + code + "\nret;\n}\n",
                                    "counted");
  device.run(kernel, {}, device.upload(std::vector<std::uint32_t>(4096, 1)));
  return Machine::instance().counters.at("counted");
}

std::string strided(unsigned stride, const std::string& access) {
  const std::string by = std::to_string(stride);
  return "mul.lo.u32 %o, %n, " + by + ";\nadd.u32 %s, %s, %o;\nmul.wide.u32 %l, %n, " + by +
         ";\nadd.s64 %g, %g, %l;\n" + access;
}

} // namespace

TEST_CASE("global accesses are counted in sectors of 32 bytes") {
  CHECK(counted(strided(4, "ld.global.u32 %x, [%g];")).global_load_sectors == 4);
  CHECK(counted(strided(4, "ld.global.u32 %x, [%g];")).global_load_bytes == 128);
  CHECK(counted(strided(2, "ld.global.u16 %x, [%g];")).global_load_sectors == 2);
  CHECK(counted(strided(16, "ld.global.v4.u32 {%x, %y, %z, %w}, [%g];")).global_load_sectors == 16);
  CHECK(counted(strided(128, "ld.global.u32 %x, [%g];")).global_load_sectors == 32);
  CHECK(counted("ld.global.u32 %x, [%g];").global_load_sectors == 1);
  const Counters stored = counted(strided(8, "st.global.u32 [%g], %n;"));
  CHECK(stored.global_store_sectors == 8);
  CHECK(stored.global_store_bytes == 128);
  CHECK(stored.global_load_sectors == 0);
}

TEST_CASE("shared accesses are counted in passes over the banks") {
  const auto stores = [](unsigned stride, const std::string& access) { return counted(strided(stride, access)); };
  CHECK(stores(4, "st.shared.u32 [%s], %n;").shared_wavefronts == 1);
  CHECK(stores(4, "st.shared.u32 [%s], %n;").bank_conflicts == 0);
  CHECK(stores(8, "st.shared.u32 [%s], %n;").bank_conflicts == 1);
  CHECK(stores(128, "st.shared.u32 [%s], %n;").bank_conflicts == 31);
  CHECK(stores(132, "st.shared.u32 [%s], %n;").bank_conflicts == 0);
  CHECK(stores(2, "st.shared.u16 [%s], %n;").bank_conflicts == 0);
  const Counters wide = stores(16, "st.shared.v4.u32 [%s], {%n, %n, %n, %n};");
  CHECK(wide.shared_wavefronts == 4);
  CHECK(wide.bank_conflicts == 0);
  CHECK(wide.shared_bytes == 512);
  CHECK(stores(128, "st.shared.v4.u32 [%s], {%n, %n, %n, %n};").bank_conflicts == 28);
  CHECK(counted("st.shared.u32 [%s], 1;").bank_conflicts == 0); // one word for all
}

TEST_CASE("rows of ldmatrix conflict when they lie 128 bytes apart, and not with 16 bytes between") {
  const std::string fill = "mul.lo.u32 %o, %n, 256;\nadd.u32 %w, %s, %o;\nmov.u32 %x, 0;\n";
  std::string stores = fill;
  for (unsigned k = 0; k < 256; k += 16)
    stores += "st.shared.v4.u32 [%w+" + std::to_string(k) + "], {%x, %x, %x, %x};\n";
  stores += "bar.sync 0;\n";
  const std::string load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%x, %y, %z, %w}, [%s];";
  const auto before = counted(stores).bank_conflicts;
  CHECK(counted(stores + strided(128, load)).bank_conflicts - before == 28);
  CHECK(counted(stores + strided(144, load)).bank_conflicts - before == 0);
}

TEST_CASE("instructions are counted by their kind") {
  const Counters counters = counted("add.u32 %x, %n, 1;\nmul.lo.u32 %x, %x, 3;\nst.shared.u32 [%s], 1;\nbar.sync 0;\n"
                                    "shfl.sync.idx.b32 %x, %x, 0, 0x1f, 0xffffffff;\nld.global.u32 %x, [%g];");
  const auto of = [&](Kind kind) { return counters.instructions[static_cast<std::size_t>(kind)]; };
  CHECK(of(Kind::Alu) == 5); // with two moves and the load of the parameter
  CHECK(of(Kind::Shared) == 1);
  CHECK(of(Kind::Global) == 1);
  CHECK(of(Kind::Barrier) == 1);
  CHECK(of(Kind::Exchange) == 1);
  CHECK(of(Kind::Control) == 1);
  CHECK(of(Kind::Mma) == 0);
  CHECK(counters.launches == 1);
  CHECK(counters.blocks == 1);
  CHECK(counters.threads == 32);
}

TEST_CASE("the counts are a JSON object of kernels") {
  Counters counters{.launches = 2, .bank_conflicts = 3};
  const std::string text = sciexam::emulated::to_json({{"gemm", counters}, {"rows", {}}});
  CHECK(text.find(R"("gemm": {"launches": 2, "blocks": 0)") != std::string::npos);
  CHECK(text.find(R"("bank_conflicts": 3}})") != std::string::npos);
  CHECK(text.find(R"("rows": {"launches": 0)") != std::string::npos);
}
