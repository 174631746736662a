// The engine as the loop drives it.
#include "catch_beside_torch.hpp"
#include "model/reference.hpp"
#include "model/tiny_networks.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/inputs/context_draw.hpp"
#include "train/lesson.hpp"

#include <algorithm>
#include <map>

#include <ATen/core/grad_mode.h>

using namespace sciexam;
using namespace sciexam::test;

namespace {

using Bytes = std::vector<std::byte>;

/// All of the state, read in pieces of two elements.
std::map<std::string, Bytes> state_of(const TrainingEngine& engine) {
  std::map<std::string, Bytes> all;
  for (const TensorInfo& tensor : engine.state_tensors()) {
    Bytes& bytes = all[tensor.name];
    bytes.resize(tensor.bytes());
    for (std::size_t first = 0; first < bytes.size(); first += 8)
      engine.read_state(tensor.name, first,
                        std::span(bytes).subspan(first, std::min<std::size_t>(8, bytes.size() - first)));
  }
  return all;
}

void do_step(TrainingEngine& engine, std::uint32_t step) {
  engine.add_gradients({0, 1, 2}, step, 0);
  engine.step(0.01, 1);
}

} // namespace

TEST_CASE("an engine that is given another one's state continues as that one does") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.ema_decay = 0.5;
  DebertaForMultipleChoice first_network = random_network(tiny_config()), second_network(tiny_config());
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : second_network.parameters())
      tensor.zero_();
  }
  CpuEngine first(first_network, settings, lesson.train), second(second_network, settings, lesson.train);
  do_step(first, 0);
  const std::map<std::string, Bytes> state = state_of(first);
  CHECK(state.size() == 4 * first_network.parameters().size());
  CHECK(state.contains("exp_avg_sq/classifier.weight"));
  CHECK((state_of(second) != state));
  for (const auto& [name, bytes] : state) {
    const std::size_t half = bytes.size() / 8 * 4;
    second.write_state(name, half, std::span(bytes).subspan(half));
    second.write_state(name, 0, std::span(bytes).first(half));
  }
  second.resume(1);
  CHECK((state_of(second) == state));
  do_step(first, 1);
  do_step(second, 1);
  CHECK((state_of(first) != state));
  CHECK((state_of(second) == state_of(first)));
}

TEST_CASE("a perturbed engine gives other gradients, and after restoring has the same weights") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.awp_lr = 0.1;
  DebertaForMultipleChoice network = random_network(tiny_config());
  CpuEngine engine(network, settings, lesson.train);
  const std::map<std::string, Bytes> before = state_of(engine);
  const BatchLoss clean = engine.add_gradients({0, 1, 2}, 0, 0);
  const double norm = engine.gradient_norm();
  CHECK(clean.tokens == lesson.train.lengths[0] + lesson.train.lengths[1] + lesson.train.lengths[2]);
  CHECK(norm > 0);
  engine.perturb();
  CHECK((state_of(engine) != before));
  CHECK(engine.add_gradients({0, 1, 2}, 0, 0).loss > clean.loss); // it moved up the gradient, with the same masks
  engine.restore();
  CHECK((state_of(engine) == before));
  CHECK(engine.gradient_norm() != norm); // of both passes together
  engine.step(0, 1);
  CHECK(engine.gradient_norm() == 0);
}

TEST_CASE("weights and their average are exchanged and exchanged back") {
  const Lesson lesson;
  TrainingSettings settings = quick_settings();
  settings.ema_decay = 0.9;
  DebertaForMultipleChoice network = random_network(tiny_config());
  CpuEngine engine(network, settings, lesson.train);
  do_step(engine, 0);
  const std::map<std::string, Bytes> before = state_of(engine);
  engine.swap_average();
  const std::map<std::string, Bytes> swapped = state_of(engine);
  CHECK((swapped.at("parameter/classifier.weight") == before.at("average/classifier.weight")));
  CHECK((swapped.at("average/classifier.weight") == before.at("parameter/classifier.weight")));
  CHECK((swapped != before));
  engine.swap_average();
  CHECK((state_of(engine) == before));
}

TEST_CASE("each epoch's gradients are of the contexts that it draws") {
  const Lesson lesson;
  const TrainingSet several = lesson.with_contexts();
  TrainingSettings settings = quick_settings(); // an epoch has 8 steps
  settings.contexts_per_question = 3;
  const ContextDraw draw(several, settings);
  for (const std::uint32_t step : {0U, 7U, 8U, 17U}) {
    TrainingSet drawn = lesson.train;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      drawn.encoded[i] = draw.encoded(i, step / 8);
      drawn.lengths[i] = draw.tokens(i, step / 8);
    }
    DebertaForMultipleChoice first_network = random_network(tiny_config()),
                             second_network = random_network(tiny_config());
    CpuEngine first(first_network, settings, several), second(second_network, settings, drawn);
    const BatchLoss loss = first.add_gradients({0, 1, 2, 3}, step, 0),
                    same = second.add_gradients({0, 1, 2, 3}, step, 0);
    CHECK(loss.loss == same.loss);
    CHECK(loss.tokens == same.tokens);
    CHECK(first.gradient_norm() == second.gradient_norm());
  }
}
