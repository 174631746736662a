// The network on the emulated device against the reference results, and what it does with bad batches.
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/config.hpp"
#include "golden/golden.hpp"
#include "gpu/device_fixture.hpp"
#include "gpu/device_support.hpp"
#include "gpu/golden_models.hpp"
#include "gpu/network/device_network.hpp"
#include "gpu/network/kernel_images.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <numeric>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A network with the weights of `file`, loaded in chunks of `chunk_elements`, or as the file has them. With
/// padded_head 64 it has one f16 per activation, whatever its size.
std::unique_ptr<DeviceNetwork> load(const std::filesystem::path& folder, const std::string& file,
                                    const DeviceLimits& limits, bool tune = false, std::uint64_t chunk_elements = 0,
                                    std::int32_t padded_head = 32) {
  const DebertaConfig config = read_deberta_config(folder / "config.json");
  NetworkShape shape = network_shape(config);
  shape.padded_head = std::max(shape.padded_head, padded_head);
  auto network = std::make_unique<DeviceNetwork>(device(), kernel_image(device().compute_capability()), shape, limits,
                                                 relative_rows_of(config, limits.longest));
  open_checkpoint(folder / file)
      ->read([](const TensorInfo& info) { return info.name.find("position_ids") == std::string::npos; },
             [&](const TensorChunk& chunk) {
               const std::size_t size = size_of(chunk.tensor.dtype), count = chunk.bytes.size() / size;
               const auto element = size == 2 ? DeviceElement::f16 : DeviceElement::f32;
               const std::uint64_t step = chunk_elements == 0 ? count : chunk_elements;
               for (std::uint64_t i = 0; i < count; i += step)
                 network->load(chunk.tensor.name, chunk.first + i, element,
                               chunk.bytes.subspan(i * size, std::min<std::uint64_t>(step, count - i) * size));
             },
             1);
  network->finish_loading(tune);
  return network;
}

/// All batches, two in flight.
std::vector<float> run(DeviceNetwork& network, const std::vector<Batch>& batches) {
  std::vector<float> logits;
  std::vector<BatchTicket> tickets;
  const auto wait = [&](std::size_t i) {
    const std::vector<float> some = network.wait(tickets[i]);
    logits.insert(logits.end(), some.begin(), some.end());
  };
  for (std::size_t i = 0; i < batches.size(); ++i) {
    tickets.push_back(network.submit(batches[i].view()));
    if (i > 0)
      wait(i - 1);
  }
  wait(batches.size() - 1);
  return logits;
}

struct Errors {
  double mean = 0, most_99 = 0, most = 0;
};

Errors errors(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  std::vector<double> apart;
  for (std::size_t i = 0; i < found.size(); ++i)
    apart.push_back(std::isfinite(found[i]) ? std::abs(found[i] - expected[i]) : INFINITY);
  std::sort(apart.begin(), apart.end());
  return {std::accumulate(apart.begin(), apart.end(), 0.0) / static_cast<double>(apart.size()),
          apart[(apart.size() - 1) * 99 / 100], apart.back()};
}

const DeviceLimits kLimits{.tokens = 2048, .sequences = 16, .longest = 512};

/// Of all models' logits, for which see load().
void check_logits(std::int32_t padded_head, double most) {
  for (const auto& folder : model_folders()) {
    INFO(folder);
    const DebertaConfig config = read_deberta_config(folder / "config.json");
    if (const std::string reason = why_not_on_device(config); !reason.empty()) {
      std::cout << folder.filename() << " is left out: " << reason << '\n';
      CHECK_FALSE(folder.filename().string().find("v3") != std::string::npos);
      continue;
    }
    const auto io = read_doubles(folder / "io.safetensors");
    const bool halved = std::filesystem::exists(folder / "model.fp16.safetensors");
    const std::vector<double>& expected = io.at(halved ? "logits_fp16_weights" : "logits_f64");
    const auto network =
        load(folder, halved ? "model.fp16.safetensors" : "model.safetensors", kLimits, false, 0, padded_head);
    const Errors found = errors(run(*network, batches_of(io, expected.size())), expected);
    std::cout << folder.filename() << ": mean " << found.mean << ", 99 % " << found.most_99 << ", most " << found.most
              << " of " << expected.size() << " logits\n";
    CHECK(found.mean < most / 3);
    CHECK(found.most < most);
  }
}

} // namespace

TEST_CASE("golden: logits on the device are within 5e-3 of the reference's with the same f16 weights", "[golden]") {
  check_logits(32, 5e-3);
}

TEST_CASE("golden: the kernels of large networks give these logits up to f16's rounding", "[golden]") {
  check_logits(64, 1.5e-2);
}

TEST_CASE("golden: a logit depends neither on its batch, nor on the chunks of weights, nor on tuning", "[golden]") {
  for (const auto& folder : model_folders()) {
    if (folder.filename() != "as_v3" && folder.filename() != "own_projections" && folder.filename() != "v3_short")
      continue;
    INFO(folder);
    const auto io = read_doubles(folder / "io.safetensors");
    const std::vector<Batch> together = batches_of(io, io.at("logits_f64").size());
    const auto network = load(folder, "model.safetensors", kLimits);
    const std::vector<float> logits = run(*network, together);
    std::vector<Batch> alone(1);
    alone[0].offsets = {0, together[0].offsets[1]};
    alone[0].ids.assign(together[0].ids.begin(), together[0].ids.begin() + alone[0].offsets[1]);
    alone[0].types.assign(together[0].types.begin(), together[0].types.begin() + alone[0].offsets[1]);
    CHECK(run(*network, alone)[0] == logits[0]);
    const auto tuned = load(folder, "model.safetensors", {.tokens = 512, .sequences = 10, .longest = 64}, true, 37);
    CHECK(run(*tuned, together) == logits);
    CHECK_THAT(tuned->tuning(), ContainsSubstring(" for 256 x "));
  }
}

TEST_CASE("golden: batches and weights that do not fit are refused with the reason", "[golden]") {
  const auto folder = golden::own() / "as_v3";
  const auto vocabulary = static_cast<std::int32_t>(read_deberta_config(folder / "config.json").vocab_size);
  const DeviceLimits limits{.tokens = 64, .sequences = 4, .longest = 32};
  const auto network = load(folder, "model.safetensors", limits);
  const Batch good{.ids = {1, 2, 3}, .types = {}, .offsets = {0, 3}};
  const auto refused = [&](const Batch& batch, const char* what) {
    CHECK_THROWS_WITH(network->submit(batch.view()), ContainsSubstring(what));
  };
  refused({.ids = {1, vocabulary, 3}, .types = {}, .offsets = {0, 3}}, "an id outside the vocabulary");
  refused({.ids = {1, -1, 3}, .types = {}, .offsets = {0, 3}}, "an id outside the vocabulary");
  refused({.ids = {1, 2, 3}, .types = {}, .offsets = {0, 2}}, "offsets that do not span its tokens");
  refused({.ids = {1, 2, 3}, .types = {}, .offsets = {0, 0, 3}}, "a sequence of 0 tokens");
  refused({.ids = std::vector<std::int32_t>(33, 1), .types = {}, .offsets = {0, 33}}, "a sequence of 33 tokens");
  refused({.ids = std::vector<std::int32_t>(65, 1), .types = {}, .offsets = {0, 32, 64, 65}}, "exceeds the limits");
  const auto first = network->submit(good.view()), second = network->submit(good.view());
  refused(good, "a third batch");
  CHECK(network->wait(second) == network->wait(first));
  CHECK_THROWS_AS(network->wait(first), InternalError);

  const std::vector<std::byte> bytes(8);
  CHECK_THROWS_WITH(network->load("classifier.wait", 0, DeviceElement::f32, bytes),
                    ContainsSubstring("classifier.wait"));
  CHECK_THROWS_WITH(network->load("classifier.bias", 0, DeviceElement::f32, bytes), ContainsSubstring("outside"));
  CHECK_THROWS_WITH(network->finish_loading(false), ContainsSubstring("0 elements of classifier.bias"));
}

TEST_CASE("the memory that a network needs is known in advance, and a device without room says so") {
  NetworkShape shape;
  shape.vocab_size = 128100;
  shape.embedding_size = shape.hidden_size = 1024;
  shape.num_hidden_layers = 24;
  shape.num_attention_heads = 16;
  shape.intermediate_size = 4096;
  shape.relative_rows = 512;
  shape.c2p = shape.p2c = shape.share_att_key = true;
  const std::size_t needed = DeviceNetwork::memory_needed(shape, {});
  CHECK(needed > 2 * 434'000'000UL); // deberta-v3-large has 434 million parameters
  CHECK(needed < 1'500'000'000UL);
  try {
    DeviceMemory(device(), device().total_memory() + 1);
    FAIL("it had room");
  } catch (const DeviceError& error) {
    CHECK(error.fault() == DeviceFault::out_of_memory);
    CHECK_THAT(error.what(), ContainsSubstring("GPU 0 (") && ContainsSubstring("CUDA_ERROR_OUT_OF_MEMORY"));
  }
}

TEST_CASE("networks that the kernels cannot run are refused with the reason") {
  DebertaConfig config;
  config.hidden_size = config.embedding_size = 1024;
  config.num_attention_heads = 16;
  config.relative_attention = true;
  config.position_buckets = 256;
  CHECK(why_not_on_device(config).empty());
  const auto with = [&](auto change) {
    DebertaConfig changed = config;
    change(changed);
    return why_not_on_device(changed);
  };
  CHECK_THAT(with([](DebertaConfig& c) { c.conv_kernel_size = 3; }), ContainsSubstring("convolution"));
  CHECK_THAT(with([](DebertaConfig& c) { c.hidden_act = "relu"; }), ContainsSubstring("hidden_act is relu"));
  CHECK_THAT(with([](DebertaConfig& c) { c.hidden_size = 2056; }), ContainsSubstring("hidden_size is 2056"));
  CHECK_THAT(with([](DebertaConfig& c) { c.num_attention_heads = 8; }), ContainsSubstring("a head has 128"));
  CHECK(with([](DebertaConfig& c) { c.embedding_size = 20; }).empty());
  CHECK_THAT(with([](DebertaConfig& c) {
               c.position_buckets = 16;
               c.max_relative_positions = 10;
             }),
             ContainsSubstring("buckets skip rows"));
}

TEST_CASE("a missing driver, or one that lacks a function, is named") {
  const auto fault = [](const char* library) {
    try {
      open_driver(library);
    } catch (const DeviceError& error) {
      CHECK(error.fault() == DeviceFault::no_driver);
      return std::string(error.what());
    }
    return std::string("none");
  };
  CHECK_THAT(fault("libcuda-that-nobody-has.so"), ContainsSubstring("libcuda-that-nobody-has.so"));
  CHECK_THAT(fault("libm.so.6"), ContainsSubstring("lacks cuInit"));
  CHECK_THROWS_AS(GpuDevice(device().driver(), 99), DeviceError);
}

TEST_CASE("the oldest devices' kernels can be asked for on newer ones, and nothing else") {
  const char* before = std::getenv("SCIEXAM_GPU_KERNELS");
  const std::string kept = before == nullptr ? "" : before;
  const auto image = [](const char* asked, int compute_capability) {
    REQUIRE(::setenv("SCIEXAM_GPU_KERNELS", asked, 1) == 0);
    return kernel_image(compute_capability);
  };
  CHECK(image("", 75) != image("", 90));
  CHECK(image("75", 90) == image("", 75));
  CHECK(image("75", 75) == image("", 75));
  CHECK_THROWS_WITH(image("80", 90), "SCIEXAM_GPU_KERNELS is '80'. Set it to 75, or not at all");
  REQUIRE(::setenv("SCIEXAM_GPU_KERNELS", kept.c_str(), 1) == 0);
}
