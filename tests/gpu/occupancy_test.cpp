// NVIDIA's assembler takes every kernel for every generation, without spills, and as many blocks fit a multiprocessor
// as the kernels are made for. Skipped where there is no ptxas.
#include "gpu/network/kernel_images.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using sciexam::test::TemporaryFolder;

namespace {

/// Of a multiprocessor; CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
struct Multiprocessor {
  int capability, threads, shared_kib, reserved_kib; ///< reserved: of each block's shared memory
};
constexpr Multiprocessor kMultiprocessors[] = {
    {75, 1024, 64, 0}, {80, 2048, 164, 1}, {86, 1536, 100, 1}, {89, 1536, 100, 1}, {90, 2048, 228, 1}};

struct Expected {
  int threads, blocks; ///< of a block; that fit at least
};
const std::map<std::string, Expected> kKernels = {{"gemm_128x128", {256, 2}},
                                                  {"gemm_64x128", {128, 2}},
                                                  {"gemm_64x64", {128, 4}},
                                                  {"attention_32", {128, 1}},
                                                  {"attention_64", {128, 2}},
                                                  {"layer_norm", {256, 2}},
                                                  {"embed", {256, 4}},
                                                  {"first_tokens", {256, 4}},
                                                  {"classify", {256, 4}},
                                                  {"forward_128x128", {256, 2}},
                                                  {"forward_64x64", {128, 4}},
                                                  {"input_gradient_128x128", {256, 2}},
                                                  {"input_gradient_64x64", {128, 4}},
                                                  {"weight_gradient_128x128", {256, 2}},
                                                  {"weight_gradient_64x64", {128, 4}},
                                                  {"attention_forward_32", {128, 2}},
                                                  {"attention_forward_64", {128, 2}},
                                                  {"attention_queries_32", {128, 2}},
                                                  {"attention_queries_64", {128, 2}},
                                                  {"attention_keys_32", {128, 2}},
                                                  {"attention_keys_64", {128, 1}},
                                                  {"attention_dots", {256, 4}},
                                                  {"dropout_mask", {256, 4}},
                                                  {"drop", {256, 4}},
                                                  {"drop_wide", {256, 4}},
                                                  {"embed_wide", {256, 4}},
                                                  {"layer_norm_wide", {256, 2}},
                                                  {"layer_norm_gradient", {256, 4}},
                                                  {"column_sums", {256, 4}},
                                                  {"add_parts", {256, 4}},
                                                  {"add_rows", {256, 4}},
                                                  {"add_halves", {256, 4}},
                                                  {"to_halves", {256, 4}},
                                                  {"spread_first", {256, 4}},
                                                  {"pool", {256, 4}},
                                                  {"classify_gradient", {256, 4}},
                                                  {"adamw", {256, 4}},
                                                  {"squares", {256, 4}},
                                                  {"follow_average", {256, 4}},
                                                  {"exchange", {256, 4}},
                                                  {"perturb", {256, 4}},
                                                  {"clear_rows", {256, 4}},
                                                  {"square_rows", {256, 4}},
                                                  {"adamw_rows", {256, 4}},
                                                  {"touch_rows", {256, 4}}};

/// Empty if there is none.
std::string find_ptxas() {
  std::string folders = "/usr/local/cuda/bin";
  for (const char* name : {"PATH", "CUDA_HOME"})
    if (const char* value = std::getenv(name))
      folders = value + std::string(*name == 'C' ? "/bin:" : ":") + folders;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    if (const std::string file = folders.substr(begin, end - begin) + "/ptxas"; std::filesystem::exists(file))
      return file;
    begin = end + 1;
  }
  return {};
}

/// The output of `ptxas -v` for the kernels of a capability.
std::string assemble(const std::string& ptxas, int capability) {
  const TemporaryFolder folder;
  const std::filesystem::path ptx = folder.path() / "kernels.ptx";
  std::ofstream(ptx) << kernel_image(capability);
  const std::string command = ptxas + " -v -arch=sm_" + std::to_string(capability) + " " + ptx.string() + " -o " +
                              (folder.path() / "kernels.cubin").string() + " 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
    text.append(part.data(), size);
  INFO(text);
  REQUIRE(pclose(pipe) == 0);
  return text;
}

/// Registers are allocated to a warp in units of 256.
int blocks_on(const Multiprocessor& device, int threads, int registers, int shared) {
  const int per_warp = (registers * 32 + 255) / 256 * 256;
  int blocks = std::min(device.threads / threads, 65536 / (per_warp * threads / 32));
  if (shared > 0)
    blocks = std::min(blocks, device.shared_kib * 1024 / (shared + device.reserved_kib * 1024));
  return blocks;
}

} // namespace

TEST_CASE("ptxas takes all kernels without spills, and the stated number of blocks fits a multiprocessor") {
  const std::string ptxas = find_ptxas();
  if (ptxas.empty())
    SKIP("no ptxas in PATH, CUDA_HOME/bin or /usr/local/cuda/bin");
  for (const Multiprocessor& device : kMultiprocessors) {
    const std::string text = assemble(ptxas, device.capability);
    const std::regex entry("entry function '(\\w+)'[^]*?(\\d+) bytes spill stores, (\\d+) bytes spill loads[^]*?Used "
                           "(\\d+) registers(?:[^\\n]*?(\\d+) bytes smem)?");
    std::size_t found = 0;
    for (std::sregex_iterator match(text.begin(), text.end(), entry), end; match != end; ++match, ++found) {
      const std::string name = (*match)[1];
      const int registers = std::stoi((*match)[4]), shared = (*match)[5].matched ? std::stoi((*match)[5]) : 0;
      const Expected expected = kKernels.at(name);
      const int blocks = blocks_on(device, expected.threads, registers, shared);
      INFO(name << " for " << device.capability);
      CHECK((*match)[2] == "0");
      CHECK((*match)[3] == "0");
      CHECK(blocks >= expected.blocks);
      std::cout << "sm_" << device.capability << " | " << name << " | " << registers << " registers | " << shared
                << " bytes shared | " << blocks << " blocks of " << expected.threads << " threads\n";
    }
    CHECK(found == kKernels.size());
  }
}
