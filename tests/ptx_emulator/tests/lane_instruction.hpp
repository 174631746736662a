// One instruction on up to 32 lanes: inputs from arrays, outputs into an array.
#pragma once

#include "ptx_emulator/tests/emulated_device.hpp"

#include <array>
#include <string>
#include <vector>

namespace sciexam::test {

using Words = std::vector<std::uint32_t>;

template <class T>
std::string register_of() {
  if constexpr (std::is_same_v<T, float>)
    return "f32";
  else if constexpr (std::is_same_v<T, double>)
    return "f64";
  else
    return "b" + std::to_string(8 * sizeof(T));
}

/// Runs `code` with the inputs in %x0, %x1 ..., expects the result in %d, and returns it for each element.
template <class Result, class... Inputs>
std::vector<Result> on_lanes(const std::string& code, const std::vector<Inputs>&... inputs) {
  EmulatedDevice device;
  const std::vector<cuda::DevicePointer> addresses{device.upload(inputs)...};
  const std::vector<std::string> types{register_of<Inputs>()...};
  const std::vector<std::size_t> bytes{sizeof(Inputs)...}, counts{inputs.size()...};
  std::string text = module_head(80) + ".visible .entry k(.param .u64 out";
  for (std::size_t k = 0; k < types.size(); ++k)
    text += ", .param .u64 in" + std::to_string(k);
  text += ")\n{\n.reg .b64 %a, %t;\n.reg .b32 %n;\n.reg .pred %p, %q;\n.reg ." + register_of<Result>() + " %d;\n" +
          "mov.u32 %n, %tid.x;\n";
  const auto address = [&](const std::string& parameter, std::size_t size) {
    return "ld.param.u64 %a, [" + parameter + "];\nmul.wide.u32 %t, %n, " + std::to_string(size) +
           ";\nadd.s64 %a, %a, %t;\n";
  };
  for (std::size_t k = 0; k < types.size(); ++k) {
    const std::string name = "%x" + std::to_string(k);
    text += ".reg ." + types[k] + " " + name + ";\n" + address("in" + std::to_string(k), bytes[k]) + "ld.global." +
            types[k] + " " + name + ", [%a];\n";
  }
  text += code + "\n" + address("out", sizeof(Result)) + "st.global." + register_of<Result>() + " [%a], %d;\nret;\n}\n";
  const cuda::DevicePointer out = device.allocate(counts[0] * sizeof(Result));
  std::vector<cuda::DevicePointer> parameters{out};
  parameters.insert(parameters.end(), addresses.begin(), addresses.end());
  std::vector<void*> pointers;
  for (cuda::DevicePointer& parameter : parameters)
    pointers.push_back(&parameter);
  const cuda::Function function = device.kernel(text);
  const cuda::Result result = cuda::cuLaunchKernel(function, 1, 1, 1, static_cast<unsigned>(counts[0]), 1, 1, 0,
                                                   nullptr, pointers.data(), nullptr);
  INFO(code << '\n' << device.report());
  REQUIRE(result == cuda::kSuccess);
  return device.download<Result>(out, counts[0]);
}

} // namespace sciexam::test
