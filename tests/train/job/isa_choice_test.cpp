#include "support/errors.hpp"
#include "train/job/isa_choice.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

std::optional<Isa> isa_of(const Json& lock) {
  const JsonDocument document(lock.dump(), "lock.json");
  return isa_of_lock(document.root());
}

std::optional<Isa> isa_of_kernels_named(const std::string& kernels) {
  return isa_of({{"machine", {{"kernels", kernels}}}});
}

} // namespace

TEST_CASE("a lock's instruction set is its minimum_isa, whatever the machine had") {
  const Json machine = {{"kernels", "own AVX-512, LibTorch AVX512, oneDNN AVX-512"}};
  CHECK(isa_of({{"minimum_isa", "avx2"}, {"machine", machine}}) == Isa::avx2);
  CHECK(isa_of({{"minimum_isa", "avx512_amx"}, {"machine", machine}}) == Isa::avx512_amx);
  CHECK_THROWS_WITH(isa_of({{"minimum_isa", "avx9"}, {"machine", machine}}),
                    ContainsSubstring("lock.json, column $.minimum_isa: is \"avx9\"") &&
                        ContainsSubstring("avx2, avx512, avx512_vnni, avx512_bf16, avx512_amx"));
}

TEST_CASE("an older lock's instruction set is that of its kernels, if they share one") {
  CHECK(isa_of_kernels_named("LibTorch AVX2, oneDNN AVX2") == Isa::avx2); // the demo's
  CHECK(isa_of_kernels_named("own AVX2, LibTorch AVX2, oneDNN AVX2") == Isa::avx2);
  CHECK(isa_of_kernels_named("own AVX2, LibTorch AVX2, oneDNN AVX2 with VNNI") == Isa::avx2);
  CHECK(isa_of_kernels_named("own AVX-512, LibTorch AVX512, oneDNN AVX-512") == Isa::avx512);
  CHECK(isa_of_kernels_named("own AVX-512 with VNNI, LibTorch AVX512, oneDNN AVX-512 with VNNI") == Isa::avx512_vnni);
  CHECK(isa_of_kernels_named("own AVX-512 with VNNI and bf16, LibTorch AVX512, oneDNN AVX-512 with bf16") ==
        Isa::avx512_bf16);
  CHECK(isa_of_kernels_named("own AVX-512 with AMX, LibTorch AVX512, oneDNN AMX") == Isa::avx512_amx);
}

TEST_CASE("kernels of several instruction sets, or of unknown ones, give none") {
  CHECK(!isa_of_kernels_named("own AVX2, LibTorch AVX512, oneDNN AMX")); // SCIEXAM_ISA=avx2 alone
  CHECK(!isa_of_kernels_named("own AVX-512, LibTorch AVX2, oneDNN AVX-512"));
  CHECK(!isa_of_kernels_named("own AVX2, LibTorch AVX2")); // a stock LibTorch
  CHECK(!isa_of_kernels_named("an abacus"));
  CHECK(!isa_of_kernels_named(""));
}

TEST_CASE("a CPU that lacks what is asked for is refused with both names, who asks and what to do") {
  require_isa(Isa::avx2, Isa::avx2, "x", "y");
  require_isa(Isa::avx2, Isa::avx512_amx, "x", "y");
  CHECK_THROWS_AS(require_isa(Isa::avx512, Isa::avx2, "x", "y"), UsageError);
  CHECK_THROWS_WITH(require_isa(Isa::avx512_vnni, Isa::avx2, "out/lock.json", "Take another CPU"),
                    ContainsSubstring("out/lock.json asks for kernels of AVX-512 with VNNI, but this CPU (") &&
                        ContainsSubstring(") has no more than AVX2. Take another CPU"));
}
