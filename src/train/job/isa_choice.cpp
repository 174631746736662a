#include "train/job/isa_choice.hpp"

#include "model/mixed_precision.hpp"
#include "model/runtime.hpp"
#include "support/errors.hpp"
#include "support/machine/cpu.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sciexam::inline train {
namespace {

constexpr std::array kEveryIsa = {Isa::avx2, Isa::avx512, Isa::avx512_vnni, Isa::avx512_bf16, Isa::avx512_amx};

/// What follows "LIBRARY " in a list like "own AVX2, LibTorch AVX2"; empty if nothing does.
std::string_view kernels_of(std::string_view list, std::string_view library) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(", ", begin), list.size());
    const std::string_view each = list.substr(begin, end - begin);
    if (each.starts_with(library) && each.substr(library.size()).starts_with(' '))
      return each.substr(library.size() + 1);
    begin = end + 2;
  }
  return {};
}

/// As chosen_kernels() names those of oneDNN. VNNI beside AVX2 serves int8 alone, not training.
std::optional<Isa> isa_of_onednn(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Isa>, 6> kNames = {{{"AVX2", Isa::avx2},
                                                                       {"AVX2 with VNNI", Isa::avx2},
                                                                       {"AVX-512", Isa::avx512},
                                                                       {"AVX-512 with VNNI", Isa::avx512_vnni},
                                                                       {"AVX-512 with bf16", Isa::avx512_bf16},
                                                                       {"AMX", Isa::avx512_amx}}};
  const auto* const found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& each) { return each.first == name; });
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Isa> isa_of_kernels(std::string_view list) {
  const std::optional<Isa> isa = isa_of_onednn(kernels_of(list, "oneDNN"));
  if (!isa)
    return std::nullopt;
  const std::string_view own = kernels_of(list, "own"), libtorch = kernels_of(list, "LibTorch");
  const bool agree = libtorch == (*isa == Isa::avx2 ? "AVX2" : "AVX512") && (own.empty() || own == isa_name(*isa));
  return agree ? isa : std::nullopt;
}

} // namespace

std::optional<Isa> isa_of_lock(const JsonView& root) {
  if (!root.has("minimum_isa"))
    return isa_of_kernels(root.at("machine").at("kernels").string());
  const JsonView field = root.at("minimum_isa");
  const std::optional<Isa> isa = isa_of_option(field.string());
  if (!isa) {
    std::string known;
    for (const Isa each : kEveryIsa)
      known += (known.empty() ? "" : ", ") + isa_option(each);
    field.fail("is " + field.json().dump() + ", which this program does not know", "It must be one of " + known);
  }
  return isa;
}

void require_isa(Isa wanted, Isa best, const std::string& who, const std::string& remedy) {
  if (best < wanted)
    throw UsageError(who + " asks for kernels of " + isa_name(wanted) + ", but this CPU (" + cpu_model() +
                     ") has no more than " + isa_name(best) + ". " + remedy);
}

void require_bf16(const RunPlan& run, bool isa_is_chosen) {
  if (run.settings.bf16 && !cpu_has_bf16())
    throw UsageError(run.name + ": bf16 needs a CPU with AVX-512-BF16 or AMX, and kernels that use it. This one (" +
                     cpu_model() + ": " + cpu_features() + "; kernels: " + chosen_kernels() +
                     ") would be slower with it than in f32. Set bf16 to false" +
                     (isa_is_chosen ? ", or --isa to avx512_bf16 or more" : ""));
}

} // namespace sciexam::inline train
