#include "train/engine/option_loss.hpp"

#include <array>
#include <cmath>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

namespace {

constexpr OptionLogits kLogits = {0.5F, -1.25F, 2, 0, 3.5F}, kTeacher = {1, 0.25F, -2, 4, 0.5F};

bool near(double found, double expected) {
  return std::abs(found - expected) <= 1e-12 * std::max(1.0, std::abs(expected));
}

void require_near(const OptionLoss& found, double loss, const std::array<double, kOptions>& gradient) {
  CHECK(near(found.loss, loss));
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    INFO("option " << i << ": " << found.gradient[i] << ", expected " << gradient[i]);
    CHECK(near(found.gradient[i], gradient[i]));
  }
}

TrainingSettings taught() {
  TrainingSettings settings;
  settings.distillation_alpha = 0.7;
  settings.distillation_temperature = 2;
  settings.distillation_logit_weight = 0.1;
  settings.label_smoothing_factor = 0.1;
  return settings;
}

} // namespace

TEST_CASE("what a student learns of its teacher is PyTorch's kl_div and mse_loss, and their gradients") {
  // torch 2.15, float64: alpha * T * T * kl_div(log_softmax(s / T), log_softmax(t / T), log_target=True,
  // reduction="sum") + w * mse_loss(s - s.mean(), t - t.mean()), and autograd.grad of it.
  struct Figure {
    double alpha, temperature, logit_weight, loss;
    std::array<double, kOptions> gradient;
  };
  constexpr std::array<Figure, 5> kFigures = {
      {{1,
        1,
        0,
        3.2508689994651,
        {-0.00706198686220724, -0.0146686962821124, 0.167857792566666, -0.881154307143073, 0.735027197720727}},
       {1,
        2,
        0,
        4.34258763642472,
        {-0.0514859659052873, -0.0968859658082915, 0.419213332951328, -1.07285010000964, 0.802008698771888}},
       {0.7,
        4,
        0,
        3.17027318542379,
        {-0.0692068336135647, -0.141547289586294, 0.418339807411144, -0.713155321709754, 0.505569637498469}},
       {0, 2, 1, 8.66, {-0.28, -0.68, 1.52, -1.68, 1.12}},
       {0.5,
        3,
        0.25,
        4.42147696903633,
        {-0.11111461903171, -0.250923217835101, 0.648601732300905, -0.946394788665375, 0.65983089323128}}}};
  for (const Figure& figure : kFigures) {
    INFO("alpha " << figure.alpha << ", temperature " << figure.temperature);
    require_near(teacher_loss(kLogits, kTeacher, figure.alpha, figure.temperature, figure.logit_weight), figure.loss,
                 figure.gradient);
  }
}

TEST_CASE("a question's loss is the teacher's part and the answer's, or without an answer the teacher's alone") {
  // The same with + (1 - alpha) * cross_entropy(s, 2, label_smoothing=0.1), and with alpha 1 and no answer.
  require_near(question_loss(kLogits, 2, &kTeacher, taught()), 4.46872371202734,
               {-0.0586539098231231, -0.139841539667838, 0.220479038342005, -0.918088950389727, 0.896105361538683});
  require_near(question_loss(kLogits, {}, &kTeacher, taught()), 5.20858763642472,
               {-0.0794859659052872, -0.164885965808292, 0.571213332951328, -1.24085010000964, 0.914008698771888});
}

TEST_CASE("a question's loss without a teacher is that of its answer") {
  const OptionLoss expected = option_loss(kLogits, 2, 0.1);
  require_near(question_loss(kLogits, 2, nullptr, taught()), expected.loss, expected.gradient);
  TrainingSettings untaught;
  untaught.label_smoothing_factor = 0.1;
  require_near(question_loss(kLogits, 2, &kTeacher, untaught), expected.loss, expected.gradient);
}

TEST_CASE(
    "a student that says what its teacher says, up to a constant, has nothing to learn, however large logits are") {
  OptionLogits same = kTeacher;
  for (float& logit : same)
    logit += 16;
  require_near(teacher_loss(same, kTeacher, 1, 2, 1), 0, {});
  const OptionLoss extreme = teacher_loss({1e4F, 0, 0, 0, 0}, {0, 1e4F, 0, 0, 0}, 1, 1, 0);
  CHECK(near(extreme.loss, 1e4));
  CHECK(near(extreme.gradient[0], 1));
  CHECK(near(extreme.gradient[1], -1));
}
