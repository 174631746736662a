// A context on the emulated driver, for one test.
#pragma once

#include "ptx_emulator/calls/driver_api.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace sciexam::test {

/// "75" -> the head of a module for sm_75.
inline std::string module_head(unsigned target) {
  return std::string(".version ") + (target < 80 ? "6.5" : "7.0") + "\n.target sm_" + std::to_string(target) +
         "\n.address_size 64\n";
}

class EmulatedDevice {
public:
  using Settings = std::map<std::string, std::string>;

  /// `settings` without their SCIEXAM_EMULATED_.
  explicit EmulatedDevice(Settings settings = {}) {
    settings.try_emplace("CAPABILITY", "8.0");
    settings.try_emplace("REPORT", (folder_ / "report").string());
    for (const char* name : {"CAPABILITY", "REPORT", "DEVICES", "MEMORY", "DRIVER", "THREADS", "LIMIT", "FAULTS"})
      ::unsetenv(("SCIEXAM_EMULATED_" + std::string(name)).c_str());
    for (const auto& [name, value] : settings)
      ::setenv(("SCIEXAM_EMULATED_" + name).c_str(), value.c_str(), 1);
    REQUIRE(cuda::cuInit(0) == cuda::kSuccess);
    REQUIRE(cuda::cuCtxCreate_v2(&context_, 0, 0) == cuda::kSuccess);
  }
  EmulatedDevice(const EmulatedDevice&) = delete;
  EmulatedDevice& operator=(const EmulatedDevice&) = delete;
  ~EmulatedDevice() { cuda::cuCtxDestroy_v2(context_); }

  cuda::Module load(const std::string& text) {
    assemble(text);
    cuda::Module module = nullptr;
    const cuda::Result result = load(text, module);
    INFO(report());
    REQUIRE(result == cuda::kSuccess);
    return module;
  }
  cuda::Result load(const std::string& text, cuda::Module& module) {
    return cuda::cuModuleLoadDataEx(&module, text.c_str(), 0, nullptr, nullptr);
  }
  cuda::Function kernel(const std::string& text, const char* name = "k") {
    cuda::Function function = nullptr;
    REQUIRE(cuda::cuModuleGetFunction(&function, load(text), name) == cuda::kSuccess);
    return function;
  }

  cuda::DevicePointer allocate(std::size_t bytes) {
    cuda::DevicePointer address = 0;
    REQUIRE(cuda::cuMemAlloc_v2(&address, bytes) == cuda::kSuccess);
    return address;
  }
  template <class T>
  cuda::DevicePointer upload(const std::vector<T>& values) {
    const cuda::DevicePointer address = allocate(values.size() * sizeof(T));
    REQUIRE(cuda::cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)) == cuda::kSuccess);
    return address;
  }
  template <class T>
  std::vector<T> download(cuda::DevicePointer address, std::size_t count) {
    std::vector<T> values(count);
    INFO(report());
    REQUIRE(cuda::cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)) == cuda::kSuccess);
    return values;
  }

  struct Shape {
    unsigned blocks = 1;
    unsigned threads = 32;
    unsigned shared = 0;
  };
  template <class... Parameters>
  cuda::Result launch(cuda::Function function, Shape shape, Parameters... parameters) {
    std::vector<void*> pointers{&parameters...};
    return cuda::cuLaunchKernel(function, shape.blocks, 1, 1, shape.threads, 1, 1, shape.shared, nullptr,
                                pointers.data(), nullptr);
  }
  template <class... Parameters>
  void run(cuda::Function function, Shape shape, Parameters... parameters) {
    const cuda::Result result = launch(function, shape, parameters...);
    INFO(report());
    REQUIRE(result == cuda::kSuccess);
  }

  /// All lines of the report so far.
  std::string report() const {
    std::ifstream file(folder_ / "report");
    return {std::istreambuf_iterator<char>(file), {}};
  }

private:
  /// With SCIEXAM_PTXAS set: what the tests write by hand is PTX that NVIDIA's assembler takes.
  void assemble(const std::string& text) const {
    const char* const assembler = std::getenv("SCIEXAM_PTXAS");
    if (assembler == nullptr)
      return;
    std::ofstream(folder_ / "text.ptx") << text;
    const std::string command = std::string(assembler) + " -arch=sm_80 -o /dev/null " + (folder_ / "text.ptx").string();
    INFO(text);
    REQUIRE(std::system(command.c_str()) == 0); // NOLINT: a test's own command
  }

  TemporaryFolder folder_;
  cuda::Context context_ = nullptr;
};

} // namespace sciexam::test
