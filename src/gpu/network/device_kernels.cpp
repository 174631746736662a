#include "gpu/network/device_kernels.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace sciexam::inline gpu {
namespace {

constexpr unsigned kRowWarps = 8; // rows.cuh
constexpr unsigned kRowThreads = kRowWarps * 32;
constexpr unsigned kAttentionThreads = 128;

unsigned blocks_of(int count, unsigned size) {
  return (static_cast<unsigned>(count) + size - 1) / size;
}

int power_of_two(int rows) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(rows)));
}

/// The time between two events.
class Timer {
public:
  explicit Timer(const GpuDevice& device) : device_(device) {
    for (driver::Event& event : events_)
      device.check(device.driver().event_create(&event, driver::kEventBlockingSync), "making an event");
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    for (driver::Event event : events_)
      device_.driver().event_destroy(event);
  }

  template <class Work>
  float milliseconds(driver::Stream stream, Work work) const {
    float elapsed = 0;
    device_.check(device_.driver().event_record(events_[0], stream), "recording an event");
    work();
    device_.check(device_.driver().event_record(events_[1], stream), "recording an event");
    device_.check(device_.driver().event_synchronize(events_[1]), "timing a product");
    device_.check(device_.driver().event_elapsed_time(&elapsed, events_[0], events_[1]), "timing a product");
    return elapsed;
  }

private:
  const GpuDevice& device_;
  driver::Event events_[2] = {};
};

} // namespace

DeviceKernels::DeviceKernels(const GpuDevice& device, const std::string& ptx) : device_(device) {
  std::string log(8192, '\0');
  driver::JitOption names[] = {driver::JitOption::error_log, driver::JitOption::error_log_size};
  void* values[] = {log.data(),
                    reinterpret_cast<void*>(log.size() - 1)}; // NOLINT(performance-no-int-to-ptr): the interface's way
  const driver::Result loaded = device.driver().module_load_data_ex(&module_, ptx.c_str(), 2, names, values);
  device.check(loaded, "compiling the kernels (" + log.substr(0, log.find('\0')) + ")");
  for (std::size_t i = 0; i < kProductTiles.size(); ++i)
    products_[i] = function(kProductTiles[i].kernel);
  attention_32_ = function("attention_32");
  attention_64_ = function("attention_64");
  layer_norm_ = function("layer_norm");
  embed_ = function("embed");
  first_tokens_ = function("first_tokens");
  classify_ = function("classify");
}

DeviceKernels::~DeviceKernels() {
  device_.driver().module_unload(module_);
}

driver::Function DeviceKernels::function(const char* name) const {
  driver::Function function = nullptr;
  device_.check(device_.driver().module_get_function(&function, module_, name),
                "finding the kernel " + std::string(name));
  return function;
}

void DeviceKernels::launch(driver::Function function, const Grid& grid, unsigned threads, driver::Stream stream,
                           std::initializer_list<const void*> arguments) const {
  std::array<void*, 16> pointers{};
  std::transform(arguments.begin(), arguments.end(), pointers.begin(),
                 [](const void* p) { return const_cast<void*>(p); });
  device_.check(device_.driver().launch_kernel(function, grid.across, grid.down, grid.deep, threads, 1, 1, 0, stream,
                                               pointers.data(), nullptr),
                "starting a kernel");
}

void DeviceKernels::product_with(std::size_t tile, const Product& product, driver::Stream stream) const {
  const ProductTile& shape = kProductTiles[tile];
  launch(products_[tile],
         {blocks_of(product.n, static_cast<unsigned>(shape.columns)),
          blocks_of(product.m, static_cast<unsigned>(shape.rows))},
         static_cast<unsigned>(shape.threads), stream, {&product});
}

void DeviceKernels::attention(const Attention& attention, int blocks, int heads, int head,
                              driver::Stream stream) const {
  launch(head == 32 ? attention_32_ : attention_64_, {static_cast<unsigned>(blocks), static_cast<unsigned>(heads)},
         kAttentionThreads, stream, {&attention});
}

void DeviceKernels::layer_norm(driver::Pointer x, const DeviceNorm& norm, driver::Pointer y, int rows, int width,
                               int rest, float eps, driver::Stream stream) const {
  launch(layer_norm_, {blocks_of(rows, kRowWarps)}, kRowThreads, stream,
         {&x, &norm.weight, &norm.bias, &y, &rows, &width, &rest, &eps});
}

void DeviceKernels::embed(const Lookup& lookup, driver::Pointer sum, int tokens, int width, int rest,
                          driver::Stream stream) const {
  launch(embed_, {blocks_of(tokens, kRowWarps)}, kRowThreads, stream,
         {&lookup.words, &lookup.positions, &lookup.types, &lookup.ids, &lookup.places, &lookup.type_ids, &sum, &tokens,
          &width, &rest});
}

void DeviceKernels::first_tokens(driver::Pointer x, driver::Pointer offsets, driver::Pointer y, int sequences,
                                 int width, driver::Stream stream) const {
  launch(first_tokens_, {blocks_of(sequences, kRowWarps)}, kRowThreads, stream, {&x, &offsets, &y, &sequences, &width});
}

void DeviceKernels::classify(driver::Pointer pooled, const DeviceLinear& classifier, driver::Pointer logits,
                             int sequences, int rest, DeviceActivation activation, driver::Stream stream) const {
  launch(classify_, {blocks_of(sequences, kRowWarps)}, kRowThreads, stream,
         {&pooled, &classifier.weight, &classifier.bias, &logits, &sequences, &classifier.in, &rest, &activation});
}

std::size_t DeviceKernels::pick(const Product& product) const {
  if (const auto found = tuned_.find({power_of_two(product.m), product.n, product.k}); found != tuned_.end())
    return found->second;
  // Rounds of one tile per multiprocessor, whose time is the tile's size; small tiles read more per result.
  constexpr std::array<double, kProductTiles.size()> kCost = {1.0, 1.08, 1.25};
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < kProductTiles.size(); ++i) {
    const auto [kernel, rows, columns, threads] = kProductTiles[i];
    const unsigned tiles =
        blocks_of(product.m, static_cast<unsigned>(rows)) * blocks_of(product.n, static_cast<unsigned>(columns));
    const unsigned rounds = blocks_of(static_cast<int>(tiles), static_cast<unsigned>(device_.multiprocessors()));
    if (const double time = rounds * kCost[i] * rows * columns; time < least) {
      least = time;
      best = i;
    }
  }
  return best;
}

void DeviceKernels::tune(const Product& product, driver::Stream stream) {
  const Timer timer(device_);
  float least = std::numeric_limits<float>::infinity();
  for (std::size_t tile = 0; tile < kProductTiles.size(); ++tile) {
    product_with(tile, product, stream); // warms the caches
    const float time = timer.milliseconds(stream, [&] {
      product_with(tile, product, stream);
      product_with(tile, product, stream);
    });
    if (time < least) {
      least = time;
      tuned_[{power_of_two(product.m), product.n, product.k}] = tile;
    }
  }
}

std::string DeviceKernels::tuning() const {
  std::string text;
  for (const auto& [size, tile] : tuned_)
    text += (text.empty() ? "" : ", ") + std::to_string(kProductTiles[tile].rows) + "x" +
            std::to_string(kProductTiles[tile].columns) + " for " + std::to_string(std::get<0>(size)) + " x " +
            std::to_string(std::get<1>(size)) + " x " + std::to_string(std::get<2>(size));
  return text;
}

} // namespace sciexam::inline gpu
