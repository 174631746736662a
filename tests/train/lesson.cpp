#include "train/lesson.hpp"

#include "model/tiny_networks.hpp"
#include "support/random.hpp"
#include "train/engine/cpu_engine.hpp"
#include "train/engine/initial_weights.hpp"
#include "train/inputs/batch_order.hpp"

#include <ATen/Parallel.h>

namespace sciexam::test {
namespace {

TrainingSet learnable_set(std::size_t count, std::uint64_t seed) {
  TrainingSet set;
  RandomSequence random({seed, {}});
  for (std::size_t q = 0; q < count; ++q) {
    Question question;
    question.id = std::to_string(q);
    question.answer = static_cast<int>(random.below(kOptions));
    EncodedQuestion encoded;
    for (int option = 0; option < kOptions; ++option) {
      auto& ids = encoded[static_cast<std::size_t>(option)].ids;
      ids = {1, static_cast<std::int32_t>(8 + random.below(12)), static_cast<std::int32_t>(8 + random.below(12)),
             option == *question.answer ? 7 : 6, 2};
      ids.resize(5 + random.below(4), 2);
      encoded[static_cast<std::size_t>(option)].type_ids.assign(ids.size(), 0);
    }
    set.lengths.push_back(token_count(encoded));
    set.questions.push_back(question);
    set.places.push_back("set.csv, row " + std::to_string(q + 2));
    set.encoded.push_back(encoded);
  }
  return set;
}

} // namespace

TrainingSettings quick_settings() {
  TrainingSettings settings;
  settings.max_steps = 24;
  settings.batch_size = 8;
  settings.token_budget = 100;
  settings.learning_rate = 0.01;
  settings.warmup_ratio = 0.1;
  settings.eval_steps = 6;
  settings.save_steps = 4;
  return settings;
}

Lesson::Lesson() : train(learnable_set(64, 1)), valid(learnable_set(20, 2)) {
  at::set_num_threads(1); // such small products take longer on two threads, much longer beside other tests
}

RunRequest Lesson::request(const TrainingSettings& settings, const std::string& name) const {
  RunRequest request;
  request.name = name;
  request.settings = settings;
  request.train = &train;
  request.valid = &valid;
  request.folder = folder / name;
  request.files = {"{}", {.name = "spm.model", .bytes = "vocabulary", .source = "spm.model"}};
  request.identity = "identity";
  return request;
}

TrainingSet Lesson::with_teacher() const {
  TrainingSet set = train;
  for (std::size_t i = 0; i < set.size(); ++i) {
    OptionLogits logits{};
    logits[static_cast<std::size_t>(*set.questions[i].answer)] = 4;
    set.teacher.push_back({logits});
    if (i % 2 == 1)
      set.questions[i].answer.reset();
  }
  return set;
}

TrainingSet Lesson::with_contexts() const {
  TrainingSet set = train;
  for (std::size_t i = 0; i < set.size(); ++i) {
    set.questions[i].row = i + 2;
    set.further.emplace_back();
    for (const int more : {1, 2}) {
      EncodedQuestion encoded = train.encoded[i];
      for (Encoding& sequence : encoded) {
        sequence.ids.insert(sequence.ids.begin() + 1, static_cast<std::size_t>(more), 8 + more);
        sequence.type_ids.assign(sequence.ids.size(), 0);
      }
      set.further.back().push_back(std::move(encoded));
    }
  }
  return set;
}

TrainingSet Lesson::broken(std::int32_t token) const {
  TrainingSet set = train;
  set.encoded[broken_question()][2].ids[1] = token;
  return set;
}

std::size_t Lesson::broken_question() const {
  return epoch_batches(train.lengths, 0, {.seed = 0, .batch_size = 8, .group_by_length = false})[6].front();
}

RunResult Lesson::run(const RunRequest& request) {
  DebertaForMultipleChoice network(tiny_config());
  initialise_weights(network, static_cast<std::uint64_t>(request.settings.seed));
  return run(network, request);
}

RunResult Lesson::run(DebertaForMultipleChoice& network, const RunRequest& request) {
  CpuEngine engine(network, request.settings, *request.train);
  return train_run(engine, request).value();
}

} // namespace sciexam::test
