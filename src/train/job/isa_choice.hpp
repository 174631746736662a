// Which instruction set the kernels of a training are held to.
#pragma once

#include "kernels/isa.hpp"
#include "support/text/json.hpp"
#include "train/manifest/manifest.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sciexam::inline train {

/// The smallest instruction set with which a CPU can repeat what the lock `root` records: its minimum_isa. Locks from
/// before that field name the kernels of their machine ("own AVX2, LibTorch AVX2, oneDNN AVX2"; the oldest name no own
/// kernels): if all of them are of one instruction set, it is that one. Nothing if they are not, or are unknown.
std::optional<Isa> isa_of_lock(const JsonView& root);

/// Throws UsageError if `best`, the best that this CPU has, is less than `wanted`. `who` asks for it ("--isa avx512", a
/// lock's or manifest's path), `remedy` says what to do.
void require_isa(Isa wanted, Isa best, const std::string& who, const std::string& remedy);

/// Throws UsageError for a run in bf16 where this CPU, or the instruction set that kernels are held to, has none.
void require_bf16(const RunPlan& run, bool isa_is_chosen);

} // namespace sciexam::inline train
