// mma.sync and ldmatrix, by the fragment layouts of the PTX manual.
#include "ptx_emulator/instructions/floats.hpp"
#include "ptx_emulator/machine/block.hpp"
#include "ptx_emulator/machine/memory_access.hpp"

#include <array>
#include <cstring>

namespace sciexam::emulated {
namespace {

constexpr unsigned kRows = 16, kColumns = 8;

/// A half of a fragment's 32-bit register.
float half_of(Warp& warp, std::uint32_t slot, unsigned lane, unsigned upper) {
  return to_float(warp.lanes<Half>(slot)[2 * lane + upper]);
}

/// D[16, 8] = A[16, depth] B[depth, 8] + C[16, 8]. Lane 4 g + t holds of A rows g and g + 8 at columns 2 t, 2 t + 1
/// (and 8 more of each for a depth of 16), of B the same of column g, of C and D columns 2 t, 2 t + 1 of rows g and g
/// + 8.
template <unsigned depth, class Accumulator>
void multiply(Warp& warp, const Instruction& instruction) {
  warp.demand_all_live("mma.sync");
  if (warp.live() != kAllLanes)
    throw Finding(cuda::kLaunchFailed, "mma.sync needs all 32 threads of the warp");
  constexpr unsigned kAs = depth / 4, kBs = depth / 8;
  alignas(32) std::array<std::array<float, depth>, kRows> a;
  alignas(32) std::array<std::array<float, kColumns>, depth> b;
  alignas(32) std::array<std::array<float, kColumns>, kRows> d = {};
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const unsigned group = lane / 4, pair = 2 * (lane % 4);
    for (unsigned half = 0; half < 2; ++half) {
      for (unsigned k = 0; k < kAs; ++k)
        a[group + 8 * (k % 2)][pair + half + 8 * (k / 2)] = half_of(warp, instruction.in(k), lane, half);
      for (unsigned k = 0; k < kBs; ++k)
        b[pair + half + 8 * k][group] = half_of(warp, instruction.in(kAs + k), lane, half);
    }
  }
  for (unsigned row = 0; row < kRows; ++row)
    for (unsigned k = 0; k < depth; ++k)
      for (unsigned column = 0; column < kColumns; ++column)
        d[row][column] += a[row][k] * b[k][column];
  const float scale = warp.block().launch().wrong_numbers ? 1.25F : 1.0F;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    for (unsigned k = 0; k < 4; ++k) {
      const float product = scale * d[lane / 4 + 8 * (k / 2)][2 * (lane % 4) + k % 2];
      if constexpr (std::is_same_v<Accumulator, float>) {
        warp.lanes<float>(instruction.out(k))[lane] = product + warp.lanes<float>(instruction.in(kAs + kBs + k))[lane];
      } else {
        const float c = half_of(warp, instruction.in(kAs + kBs + k / 2), lane, k % 2);
        warp.lanes<Half>(instruction.out(k / 2))[2 * lane + k % 2] = to_half(product + c);
      }
    }
}

void take_fragment(Decoder& decoder, std::size_t k, std::size_t registers, Type type) {
  const SourceOperand& fragment = decoder.operand(k);
  if (fragment.kind != SourceOperand::Kind::Vector || fragment.elements.size() != registers)
    decoder.fail("operand " + std::to_string(k) + " must be a vector of " + std::to_string(registers));
  for (const SourceOperand& element : fragment.elements)
    if (k == 0)
      decoder.output(element, type);
    else
      decoder.input(element, type);
}

void decode_mma(Decoder& decoder) {
  if (!decoder.take("sync") || !decoder.take("aligned"))
    decoder.fail("mma needs .sync.aligned");
  const std::size_t shape = decoder.take_any({"m16n8k8", "m16n8k16"});
  if (shape == 2 || !decoder.take("row") || !decoder.take("col"))
    decoder.fail("of mma only .m16n8k8 and .m16n8k16 .row.col are known");
  decoder.need(shape == 0 ? 75 : 80, shape == 0 ? 65 : 70);
  const Type d = decoder.take_type(), a = decoder.take_type(), b = decoder.take_type(), c = decoder.take_type();
  if (a != Type::F16 || b != Type::F16 || c != d || (d != Type::F32 && d != Type::F16))
    decoder.fail("of mma only .f16 inputs with .f32 or .f16 accumulators are known");
  const bool wide = d == Type::F32;
  decoder.result.run = shape == 0 ? (wide ? &multiply<8, float> : &multiply<8, Half>)
                                  : (wide ? &multiply<16, float> : &multiply<16, Half>);
  decoder.result.kind = Kind::Mma;
  const Type accumulator = wide ? Type::F32 : Type::B32;
  take_fragment(decoder, 0, wide ? 4 : 2, accumulator);
  take_fragment(decoder, 1, shape == 0 ? 2 : 4, Type::B32);
  take_fragment(decoder, 2, shape == 0 ? 1 : 2, Type::B32);
  take_fragment(decoder, 3, wide ? 4 : 2, accumulator);
}

constexpr unsigned kRowBytes = 16; ///< of an 8x8 matrix of halves

/// Lane 8 m + r gives the address of row r of matrix m; lane 4 g + t gets columns 2 t, 2 t + 1 of row g, with .trans
/// (`variant`) the same of the transposed matrix.
void load_matrices(Warp& warp, const Instruction& instruction) {
  warp.demand_all_live("ldmatrix");
  if (warp.live() != kAllLanes)
    throw Finding(cuda::kLaunchFailed, "ldmatrix needs all 32 threads of the warp");
  SharedMemory& shared = warp.block().shared();
  const auto addresses = addresses_of(warp, instruction);
  const unsigned rows = 8U * instruction.elements;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (addresses[lane] % kRowBytes != 0)
      throw Finding(cuda::kMisalignedAddress, "a row's address is misaligned", lane);
    if (lane < rows)
      shared.check(warp.index(), lane, addresses[lane], kRowBytes, Use::Read);
    else if (instruction.bytes == 1 && addresses[lane] + kRowBytes > shared.bytes())
      throw Finding(cuda::kIllegalAddress, "on sm_75 all threads must give valid addresses", lane);
  }
  for (unsigned lane = 0; lane < rows; ++lane)
    shared.races().record(warp.index(), lane, addresses[lane], kRowBytes, Use::Read);
  count_shared(warp, addresses, rows == kLanes ? kAllLanes : (1U << rows) - 1, kRowBytes);
  for (unsigned matrix = 0; matrix < instruction.elements; ++matrix)
    for (unsigned lane = 0; lane < kLanes; ++lane)
      for (unsigned half = 0; half < 2; ++half) {
        const unsigned across = 2 * (lane % 4) + half, along = lane / 4;
        const bool turned = instruction.variant == 1;
        const std::uint64_t row = addresses[8 * matrix + (turned ? across : along)];
        std::memcpy(warp.lanes<Half>(instruction.out(matrix)) + 2 * lane + half,
                    shared.data() + row + sizeof(Half) * (turned ? along : across), sizeof(Half));
      }
}

void decode_ldmatrix(Decoder& decoder) {
  decoder.need(75, 65);
  if (!decoder.take("sync") || !decoder.take("aligned") || !decoder.take("m8n8"))
    decoder.fail("ldmatrix needs .sync.aligned.m8n8");
  const std::size_t number = decoder.take_any({"x1", "x2", "x4"});
  if (number == 3)
    decoder.fail("ldmatrix needs .x1, .x2 or .x4");
  decoder.result.variant = decoder.take("trans") ? 1 : 0;
  decoder.result.space = decoder.take_space();
  if (decoder.result.space != Space::Shared || decoder.take_type() != Type::B16)
    decoder.fail("ldmatrix needs .shared.b16");
  decoder.result.run = &load_matrices;
  decoder.result.kind = Kind::Ldmatrix;
  decoder.result.elements = static_cast<std::uint8_t>(1U << number);
  decoder.result.bytes = decoder.target() < 80 ? 1 : 0;
  take_fragment(decoder, 0, decoder.result.elements, Type::B32);
  decoder.address(1);
  decoder.places().shared_access(kRowBytes);
}

constexpr Opcode kOpcodes[] = {{"mma", &decode_mma}, {"ldmatrix", &decode_ldmatrix}};

} // namespace

std::span<const Opcode> matrix_opcodes() {
  return kOpcodes;
}

} // namespace sciexam::emulated
