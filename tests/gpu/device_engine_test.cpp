// The engine of a training on a GPU, behind its helper, on the emulated device: as the loop drives it, beside the
// CPU's.
#include "catch_beside_torch.hpp"
#include "golden/golden.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "support/text/json.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/engine/device_engine.hpp"
#include "train/engine/option_loss.hpp"
#include "train/lesson.hpp"
#include "train/optimizer/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <map>

#include <ATen/core/grad_mode.h>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace {

using Bytes = std::vector<std::byte>;
using State = std::map<std::string, Bytes>;

/// A network as the kernels take it: widths in multiples of 8. Two heads: an emulated device is slow.
DebertaConfig small_config() {
  DebertaConfig config = tiny_config();
  config.hidden_size = config.pooler_hidden_size = config.embedding_size = 24;
  config.num_attention_heads = 2;
  return config;
}

/// An engine on a device of its own.
struct Emulated {
  Emulated(const DebertaForMultipleChoice& network, const TrainingSettings& settings, const TrainingSet& train,
           const TrainingSet& valid = {})
      : device(0, {}, kTimeout) {
    device.facts();
    engine.emplace(device, network, settings, train,
                   training_limits(settings, largest_pass(train, settings, 1), valid));
  }

  static constexpr double kTimeout = 600; // one answer of the emulated device
  struct Library {
    Library() { ::setenv("SCIEXAM_CUDA_LIBRARY", SCIEXAM_EMULATED_DRIVER, 1); }
  } library;
  DeviceProcess device;
  std::optional<DeviceEngine> engine;
};

State state_of(const TrainingEngine& engine) {
  State all;
  for (const TensorInfo& tensor : engine.state_tensors()) {
    Bytes& bytes = all[tensor.name];
    bytes.resize(tensor.bytes());
    const std::size_t half = bytes.size() / 8 * 4;
    engine.read_state(tensor.name, half, std::span(bytes).subspan(half));
    engine.read_state(tensor.name, 0, std::span(bytes).first(half));
  }
  return all;
}

std::vector<float> floats(const Bytes& bytes) {
  std::vector<float> values(bytes.size() / 4);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// The largest difference between the parameters of two states.
double furthest_parameter(const State& a, const State& b) {
  double most = 0;
  for (const auto& [name, bytes] : a) {
    if (!name.starts_with("parameter/"))
      continue;
    const std::vector<float> x = floats(bytes), y = floats(b.at(name));
    for (std::size_t i = 0; i < x.size(); ++i)
      most = std::max<double>(most, std::abs(x[i] - y[i]));
  }
  return most;
}

void set_loss_scale(TrainingEngine& engine, float factor) {
  const float state[] = {factor, 0};
  engine.write_state("loss_scale", 0, std::as_bytes(std::span(state)));
}

void do_step(TrainingEngine& engine, std::uint32_t step) {
  engine.add_gradients({0, 1}, step, 0);
  engine.step(0.01, std::min(1.0, 1 / engine.gradient_norm()));
}

} // namespace

TEST_CASE("the loss of one question and its gradient are those of softmax and smoothed labels") {
  const OptionLoss loss = option_loss({1, 2, 3, 4, 5}, 2, 0.1);
  double sum = 0, expected = 0;
  for (int i = 1; i <= 5; ++i)
    sum += std::exp(i);
  for (int i = 0; i < 5; ++i) {
    const double p = std::exp(i + 1) / sum, target = (i == 2 ? 0.9 : 0) + 0.02;
    expected -= target * std::log(p);
    CHECK(std::abs(loss.gradient[static_cast<std::size_t>(i)] - (p - target)) < 1e-12);
  }
  CHECK(std::abs(loss.loss - expected) < 1e-12);
}

TEST_CASE("a teacher's loss and gradients on the device are nearly the CPU's, with and without an answer") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.hidden_dropout_prob = settings.attention_probs_dropout_prob = 0;
  settings.distillation_alpha = 0.6;
  settings.distillation_logit_weight = 0.2;
  const std::vector<std::size_t> first = {0, 1}; // of which the second has no answer
  const TrainingSet train = lesson.with_teacher().subset(first);
  DebertaForMultipleChoice network = random_network(small_config());
  Emulated gpu(network, settings, train);
  CpuEngine cpu(network, settings, train);
  const double expected = cpu.add_gradients({0, 1}, 0, 0).loss;
  CHECK(std::abs(gpu.engine->add_gradients({0, 1}, 0, 0).loss - expected) < 5e-3 * expected);
  CHECK(std::abs(gpu.engine->gradient_norm() - cpu.gradient_norm()) < 1e-2 * cpu.gradient_norm());
}

TEST_CASE("losses, norms and steps on the device are nearly the CPU's, with dropout, an average and a frozen layer") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.ema_decay = 0.5;
  settings.freeze_layers = GENERATE(0, 1);
  settings.label_smoothing_factor = 0.1;
  settings.weight_decay = 0.01;
  DebertaConfig config = small_config();
  config.hidden_dropout_prob = 0.1;
  config.attention_probs_dropout_prob = 0.1;
  DebertaForMultipleChoice network = random_network(config);
  Emulated gpu(network, settings, lesson.train);
  CpuEngine cpu(network, settings, lesson.train);
  for (std::uint32_t step = 0; step < 3; ++step) {
    const BatchLoss here = cpu.add_gradients({0, 1}, step, 0), there = gpu.engine->add_gradients({0, 1}, step, 0);
    CHECK(there.tokens == here.tokens);
    CHECK(std::abs(there.loss - here.loss) < 5e-3);
    const double norm = cpu.gradient_norm();
    CHECK(std::abs(gpu.engine->gradient_norm() - norm) < 1e-2 * norm);
    cpu.step(1e-4, 0.5);
    gpu.engine->step(1e-4, 0.5);
  }
  State there = state_of(*gpu.engine);
  there.erase("loss_scale");
  const State here = state_of(cpu);
  CHECK(there.size() == here.size());
  CHECK(furthest_parameter(here, there) < 6.1e-4); // where a gradient is almost zero Adam may go either way
  const auto logits = cpu.logits(lesson.valid, "cpu"), on_gpu = gpu.engine->logits(lesson.valid, "gpu");
  for (std::size_t i = 0; i < logits.size(); ++i)
    for (std::size_t j = 0; j < kOptions; ++j)
      CHECK(std::abs(logits[i][j] - on_gpu[i][j]) < 2e-2);
}

TEST_CASE("an engine on a device that is given another one's state continues as that one does") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.ema_decay = 0.5;
  const DebertaForMultipleChoice first_network = random_network(small_config()), second_network(small_config());
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : second_network.parameters())
      tensor.zero_();
  }
  Emulated first(first_network, settings, lesson.train), second(second_network, settings, lesson.train);
  do_step(*first.engine, 0);
  const State state = state_of(*first.engine);
  CHECK(state.size() == 4 * first_network.parameters().size() + 1);
  for (const auto& [name, bytes] : state) {
    const std::size_t half = bytes.size() / 8 * 4;
    second.engine->write_state(name, half, std::span(bytes).subspan(half));
    second.engine->write_state(name, 0, std::span(bytes).first(half));
  }
  second.engine->resume(1);
  CHECK((state_of(*second.engine) == state));
  do_step(*first.engine, 1);
  do_step(*second.engine, 1);
  CHECK((state_of(*first.engine) != state));
  CHECK((state_of(*second.engine) == state_of(*first.engine)));
}

TEST_CASE("an overflow halves the loss scale and repeats the step, also of a perturbed one; nothing else changes") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.awp_lr = GENERATE(0.0, 0.1);
  const DebertaForMultipleChoice network = random_network(small_config());
  Emulated usual(network, settings, lesson.train), high(network, settings, lesson.train);
  set_loss_scale(*usual.engine, 1024);
  set_loss_scale(*high.engine, 1 << 24);
  double norms[2] = {};
  for (const auto& [engine, norm] : {std::pair(&*usual.engine, &norms[0]), {&*high.engine, &norms[1]}}) {
    engine->add_gradients({0, 1}, 0, 0);
    if (settings.awp_lr > 0) {
      engine->perturb();
      engine->add_gradients({0, 1}, 0, 1);
      engine->restore();
    }
    *norm = engine->gradient_norm();
    engine->step(1e-4, 1);
  }
  CHECK(std::abs(norms[0] - norms[1]) < 1e-2 * norms[0]);
  const State of_usual = state_of(*usual.engine), of_high = state_of(*high.engine);
  const float scale = floats(of_high.at("loss_scale")).front();
  CHECK(scale < (1 << 24));
  CHECK(scale > 1024);
  CHECK(std::exp2(std::round(std::log2(scale))) == scale);
  CHECK(furthest_parameter(of_usual, of_high) < 2.1e-4);
}

TEST_CASE("gradients that overflow however small the loss is scaled name their layer and what to do") {
  const Lesson lesson;
  const DebertaForMultipleChoice network = random_network(small_config());
  {
    const at::NoGradGuard no_grad;
    network.parameter("classifier.weight").fill_(1e30);
  }
  Emulated gpu(network, quick_settings(), lesson.train);
  set_loss_scale(*gpu.engine, 8);
  gpu.engine->add_gradients({0}, 0, 0);
  CHECK_THROWS_WITH(gpu.engine->gradient_norm(),
                    ContainsSubstring("pooler.dense") && ContainsSubstring("--learning-rate"));
}

TEST_CASE("a loss that is not finite is left to the loop, which names the questions: no loss scale helps") {
  const Lesson lesson;
  const DebertaForMultipleChoice network = random_network(small_config());
  {
    const at::NoGradGuard no_grad;
    network.parameters().front().second.fill_(std::numeric_limits<float>::quiet_NaN());
  }
  Emulated gpu(network, quick_settings(), lesson.train);
  const State before = state_of(*gpu.engine);
  CHECK_FALSE(std::isfinite(gpu.engine->add_gradients({0, 1}, 0, 0).loss));
  CHECK_FALSE(std::isfinite(gpu.engine->gradient_norm()));
  CHECK((state_of(*gpu.engine).at("loss_scale") == before.at("loss_scale")));
}

TEST_CASE("after a perturbation the weights have the same bits, and the average changes places twice") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.awp_lr = 0.1;
  settings.ema_decay = 0.9;
  const DebertaForMultipleChoice network = random_network(small_config());
  Emulated gpu(network, settings, lesson.train);
  DeviceEngine& engine = *gpu.engine;
  do_step(engine, 0);
  const State before = state_of(engine);
  const BatchLoss clean = engine.add_gradients({0, 1}, 1, 0);
  engine.perturb();
  CHECK((state_of(engine) != before));
  CHECK(engine.add_gradients({0, 1}, 1, 0).loss > clean.loss); // it moved up the gradient, with the same masks
  engine.restore();
  CHECK((state_of(engine) == before));
  engine.swap_average();
  const State swapped = state_of(engine);
  CHECK((swapped.at("parameter/classifier.weight") == before.at("average/classifier.weight")));
  engine.swap_average();
  CHECK((state_of(engine) == before));
}

TEST_CASE("a run on the device learns, and twice gives the same bytes") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.max_steps = 8; // an emulated device is slow
  settings.eval_steps = 8;
  std::vector<RunResult> results;
  for (const char* name : {"first", "second"}) {
    const DebertaForMultipleChoice network = random_network(small_config());
    Emulated gpu(network, settings, lesson.train, lesson.valid);
    results.push_back(train_run(*gpu.engine, lesson.request(settings, name)).value());
  }
  CHECK(results[0].weights_sha256 == results[1].weights_sha256);
  CHECK(results[0].best->map_at_3 > 0.9);
}

TEST_CASE("golden: ten steps on the device follow the reference's losses", "[golden]") {
  const auto folders = golden::folders_with("train.json");
  REQUIRE_FALSE(folders.empty());
  for (const auto& folder : folders) {
    const JsonDocument document = JsonDocument::from_file(folder / "train.json");
    const Tensors io = read_tensors(folder / "io.safetensors");
    TrainingSet set;
    for (std::int64_t row = 0; row < io.at("labels").numel(); ++row) {
      const PackedSequences packed = pack(io, {row});
      EncodedQuestion question;
      for (std::size_t s = 0; s < kOptions; ++s)
        for (std::int64_t i = packed.offsets[s]; i < packed.offsets[s + 1]; ++i) {
          question[s].ids.push_back(static_cast<std::int32_t>(packed.input_ids[i].item<std::int64_t>()));
          question[s].type_ids.push_back(0);
        }
      set.lengths.push_back(token_count(question));
      set.encoded.push_back(std::move(question));
      set.questions.emplace_back().answer = static_cast<int>(io.at("labels")[row].item<std::int64_t>());
      set.places.push_back(std::to_string(row));
    }
    for (const auto& [name, run] : document.root().at("runs").members()) {
      INFO(folder << " " << name);
      TrainingSettings settings;
      settings.optim = run.at("optimizer").string() == "adamw_hf" ? "adamw_hf" : "adamw_torch";
      settings.weight_decay = run.at("weight_decay").number();
      settings.batch_size = 1;
      const DebertaForMultipleChoice network = load(folder, "model.safetensors");
      Emulated gpu(network, settings, set);
      const JsonView log = run.at("log");
      double most = 0;
      for (std::size_t i = 0; i < log.size(); ++i) {
        const JsonView entry = log.at(i);
        const auto row = static_cast<std::size_t>(entry.at("row").integer(0, 1 << 20));
        const double loss = gpu.engine->add_gradients({row}, 0, 0).loss, norm = gpu.engine->gradient_norm();
        gpu.engine->step(entry.at("lr").number(), std::min(1.0, 1 / (norm + 1e-6)));
        most = std::max(most, std::abs(loss - entry.at("loss").number()));
      }
      std::cout << name << ": losses differ by up to " << most << '\n';
      CHECK(most < 1e-2);
    }
  }
}
