#include "kernels/isa.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("every instruction set has a name for people and one for command lines, which leads back to it") {
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512_vnni, Isa::avx512_bf16, Isa::avx512_amx}) {
    INFO(isa_name(isa));
    CHECK(isa_of_option(isa_option(isa)) == isa);
  }
  for (const char* other : {"", "AVX2", "avx", "native", "avx512_"})
    CHECK(!isa_of_option(other));
}

TEST_CASE("the best instruction set is one that the CPU has, and the CPU has none better") {
  CHECK(cpu_has(best_isa()));
  for (const Isa isa : {Isa::avx512, Isa::avx512_vnni, Isa::avx512_bf16, Isa::avx512_amx})
    CHECK(cpu_has(isa) == (isa <= best_isa()));
}
