#include "ensemble/simulated_run.hpp"

#include "support/random.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::test {
namespace {

constexpr int kSteps = 24; // of a batch, between checks whether to stop

class SimulatedClock : public Clock {
public:
  double seconds() const override { return now; }
  double now = 1000;
};

class SimulatedRunner : public ModelRunner {
public:
  SimulatedRunner(SimulatedClock& clock, SimulatedMachine machine, std::span<const QuestionLengths> questions,
                  std::uint64_t seed)
      : clock_(clock), machine_(std::move(machine)), questions_(questions), random_({seed, {7, 0, 0}}),
        next_change_(clock.now + machine_.change_every) {}

  bool load(std::size_t model) override {
    clock_.now += machine_.load_seconds / factor_;
    loaded_ = model;
    return !machine_.broken.at(model);
  }

  BatchAnswers answer(std::span<const std::size_t> questions, std::int64_t max_length,
                      const std::function<bool()>& stop) override {
    using End = BatchAnswers::End;
    asked.push_back({loaded_, {questions.begin(), questions.end()}, max_length});
    BatchAnswers answers{.logits = PartialAnswers(questions.size())};
    if (loaded_ == 0 && asked.size() > machine_.lost_after) {
      answers.end = End::model_lost;
      answers.why = "simulated";
      return answers;
    }
    double tokens = 0, work = 0;
    for (const std::size_t q : questions)
      for (const std::int64_t whole : questions_[q]) {
        const auto length = static_cast<double>(std::min(whole, max_length));
        tokens += length;
        work += length * (1 + length / machine_.attention_length);
      }
    if (tokens > machine_.most_tokens.at(loaded_)) {
      answers.end = End::out_of_memory;
      return answers;
    }
    const int steps = kSteps * (1 + static_cast<int>(work / 20'000));
    for (int step = 0; step < steps; ++step) {
      if (stop()) {
        answers.end = End::stopped;
        return answers;
      }
      pass(std::max(work, machine_.least_tokens) / steps / machine_.tokens_per_second);
    }
    for (std::size_t i = 0; i < questions.size(); ++i)
      if (const auto& no = machine_.impossible;
          loaded_ > 0 && std::find(no.begin(), no.end(), questions[i]) != no.end()) {
        answers.end = End::impossible;
        answers.why = "simulated";
      } else {
        answers.logits[i] = {static_cast<float>(questions[i] % 7), 1, 0, static_cast<float>(loaded_), -1};
      }
    shortest_cut = std::min(shortest_cut, max_length);
    return answers;
  }

  void hurry() override { hurried = true; }

  std::vector<AskedBatch> asked;
  std::int64_t shortest_cut = 1 << 30;
  double suspend_at = 1e18;
  bool hurried = false;

private:
  void pass(double work) {
    if (clock_.now >= next_change_) {
      factor_ = machine_.slowest + (1 - machine_.slowest) * 0.001 * random_.below(1001);
      next_change_ += machine_.change_every;
    }
    clock_.now += work / factor_;
    if (clock_.now >= suspend_at) {
      clock_.now += machine_.suspended;
      suspend_at = 1e18;
    }
  }

  SimulatedClock& clock_;
  SimulatedMachine machine_;
  std::span<const QuestionLengths> questions_;
  RandomSequence random_;
  double next_change_, factor_ = 1;
  std::size_t loaded_ = 0;
};

std::size_t count_of(const PartialAnswers& answers) {
  return static_cast<std::size_t>(
      std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer.has_value(); }));
}

} // namespace

std::vector<QuestionLengths> random_lengths(std::size_t count, std::uint64_t seed) {
  RandomSequence random({seed, {}});
  std::vector<QuestionLengths> questions(count);
  for (QuestionLengths& question : questions) {
    const auto prompt = static_cast<std::int32_t>(20 + random.below(60));
    for (std::int32_t& length : question)
      length = prompt + static_cast<std::int32_t>(5 + random.below(80));
  }
  return questions;
}

double total_tokens(std::span<const QuestionLengths> questions) {
  double tokens = 0;
  for (const QuestionLengths& question : questions)
    tokens += std::accumulate(question.begin(), question.end(), 0.0);
  return tokens;
}

Outcome simulate(std::span<const QuestionLengths> questions, const SimulatedMachine& machine, DeadlineOptions options,
                 std::uint64_t seed, DeadlineEvents events) {
  SimulatedClock clock;
  SimulatedRunner runner(clock, machine, questions, seed);
  const double start = clock.now;
  if (machine.suspended > 0)
    runner.suspend_at = start + options.limit.value() / 2;
  DeadlineRun run(questions, machine.streams, 3, clock, runner, options, std::move(events));
  run.run();
  Outcome outcome{{}, run.given_up(), clock.now - start, runner.shortest_cut, runner.hurried, runner.asked};
  for (const PartialAnswers& answers : run.answers())
    outcome.answered.push_back(count_of(answers));
  return outcome;
}

} // namespace sciexam::test
