#include "ptx_emulator/instructions/special_registers.hpp"

#include "ptx_emulator/instructions/control.hpp"
#include "ptx_emulator/machine/block.hpp"

#include <functional>
#include <unordered_map>

namespace sciexam::emulated {
namespace {

using Value = std::uint64_t (*)(Block& block, unsigned thread);
struct Facts {
  unsigned bytes;
  Value value;
};

template <std::size_t axis>
void add_axis(std::unordered_map<std::string_view, Facts>& table) {
  constexpr std::array<std::string_view, 3> kTid = {"tid.x", "tid.y", "tid.z"};
  constexpr std::array<std::string_view, 3> kNtid = {"ntid.x", "ntid.y", "ntid.z"};
  constexpr std::array<std::string_view, 3> kCtaid = {"ctaid.x", "ctaid.y", "ctaid.z"};
  constexpr std::array<std::string_view, 3> kNctaid = {"nctaid.x", "nctaid.y", "nctaid.z"};
  table[kTid[axis]] = {4, [](Block& b, unsigned thread) -> std::uint64_t { return b.thread_position(thread)[axis]; }};
  table[kNtid[axis]] = {4, [](Block& b, unsigned) -> std::uint64_t { return b.launch().block[axis]; }};
  table[kCtaid[axis]] = {4, [](Block& b, unsigned) -> std::uint64_t { return b.position()[axis]; }};
  table[kNctaid[axis]] = {4, [](Block& b, unsigned) -> std::uint64_t { return b.launch().grid[axis]; }};
}

const std::unordered_map<std::string_view, Facts>& every_special() {
  static const std::unordered_map<std::string_view, Facts> kTable = [] {
    std::unordered_map<std::string_view, Facts> table = {
        {"laneid", {4, [](Block&, unsigned thread) -> std::uint64_t { return thread % kLanes; }}},
        {"warpid", {4, [](Block&, unsigned thread) -> std::uint64_t { return thread / kLanes; }}},
        {"nwarpid", {4, [](Block& block, unsigned) -> std::uint64_t { return block.warps(); }}},
        {"lanemask_eq", {4, [](Block&, unsigned thread) { return std::uint64_t{1} << thread % kLanes; }}},
        {"lanemask_lt", {4, [](Block&, unsigned thread) { return (std::uint64_t{1} << thread % kLanes) - 1; }}},
        {"lanemask_le", {4, [](Block&, unsigned thread) { return (std::uint64_t{2} << thread % kLanes) - 1; }}},
        {"lanemask_ge", {4, [](Block&, unsigned thread) { return ~((std::uint64_t{1} << thread % kLanes) - 1); }}},
        {"lanemask_gt", {4, [](Block&, unsigned thread) { return ~((std::uint64_t{2} << thread % kLanes) - 1); }}},
        {"dynamic_smem_size", {4, [](Block& b, unsigned) -> std::uint64_t { return b.launch().dynamic_shared; }}},
    };
    add_axis<0>(table);
    add_axis<1>(table);
    add_axis<2>(table);
    return table;
  }();
  return kTable;
}

} // namespace

unsigned special_bytes(std::string_view name) {
  const auto found = every_special().find(name);
  return found == every_special().end() ? 0 : found->second.bytes;
}

void fill_special(Warp& warp, const SpecialRegister& special) {
  const Value value = every_special().at(special.name).value;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    warp.lanes<std::uint32_t>(special.slot)[lane] =
        static_cast<std::uint32_t>(value(warp.block(), warp.index() * kLanes + lane));
}

} // namespace sciexam::emulated
