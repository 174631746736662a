// The kernels of one device, loaded from PTX, as functions. Launches return at once; faults show at the next wait.
#pragma once

#include "gpu/driver/driver.hpp"
#include "gpu/kernels/arguments.hpp"
#include "gpu/network/device_weights.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>

namespace sciexam::inline gpu {

/// A tile shape of matrix products that is compiled.
struct ProductTile {
  const char* kernel;
  int rows, columns, threads;
};
constexpr std::array<ProductTile, 3> kProductTiles = {
    {{"gemm_128x128", 128, 128, 256}, {"gemm_64x128", 64, 128, 128}, {"gemm_64x64", 64, 64, 128}}};

class DeviceKernels {
public:
  /// Throws DeviceError (unsupported), with the compiler's message, if the driver rejects the PTX.
  DeviceKernels(const GpuDevice& device, const std::string& ptx);
  DeviceKernels(const DeviceKernels&) = delete;
  DeviceKernels& operator=(const DeviceKernels&) = delete;
  ~DeviceKernels();

  /// With the tile that tune() picked for this size, else the one that should keep the device busiest.
  void product(const Product& product, driver::Stream stream) const { product_with(pick(product), product, stream); }
  void product_with(std::size_t tile, const Product& product, driver::Stream stream) const;
  /// `blocks` blocks of queries; `head` is 32 or 64.
  void attention(const Attention& attention, int blocks, int heads, int head, driver::Stream stream) const;
  /// `rest`, here and below: see rows.cuh.
  void layer_norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, int rows, int width, int rest,
                  float eps, driver::Stream stream) const;
  /// Tables and their rows per token; a table that is 0 is skipped.
  struct Lookup {
    driver::Pointer words = 0, positions = 0, types = 0, ids = 0, places = 0, type_ids = 0;
  };
  void embed(const Lookup& lookup, driver::Pointer sum, int tokens, int width, int rest, driver::Stream stream) const;
  void first_tokens(driver::Pointer x, driver::Pointer offsets, driver::Pointer y, int sequences, int width,
                    driver::Stream stream) const;
  void classify(driver::Pointer pooled, const DeviceLinear& classifier, driver::Pointer logits, int sequences, int rest,
                DeviceActivation activation, driver::Stream stream) const;

  /// Times every tile on this product and keeps the fastest for all products of its size.
  void tune(const Product& product, driver::Stream stream);
  /// "128x128 for 512 x 3072 x 1024" ..., or empty.
  std::string tuning() const;

  const GpuDevice& device() const noexcept { return device_; }
  /// A kernel of the module, for those that this class does not launch.
  driver::Function function(const char* name) const;
  struct Grid {
    unsigned across = 1, down = 1, deep = 1; ///< blocks
  };
  /// At most 16 arguments.
  void launch(driver::Function function, const Grid& grid, unsigned threads, driver::Stream stream,
              std::initializer_list<const void*> arguments) const;

private:
  /// Rows in powers of two, n, k.
  using Size = std::tuple<int, int, int>;

  std::size_t pick(const Product& product) const;

  const GpuDevice& device_;
  driver::Module module_ = nullptr;
  std::array<driver::Function, kProductTiles.size()> products_{};
  driver::Function attention_32_, attention_64_, layer_norm_, embed_, first_tokens_, classify_;
  std::map<Size, std::size_t> tuned_;
};

} // namespace sciexam::inline gpu
