#include "catch_beside_torch.hpp"
#include "checkpoint/parameters.hpp"
#include "model/tiny_networks.hpp"
#include "support/machine/memory.hpp"
#include "train/job/disk_check.hpp"

using namespace sciexam;

TEST_CASE("a run keeps its weights and, while it trains, a state of what it trains") {
  const DebertaConfig config = test::tiny_config();
  std::uint64_t all = 0, layers = 0;
  for (const TensorInfo& tensor : parameters_of(config)) {
    all += tensor.elements();
    layers += tensor.name.starts_with("deberta.encoder.layer.") ? tensor.elements() : 0;
  }
  TrainingSettings settings;
  const RunDisk run = run_disk("run", config, settings);
  CHECK(run.weights == 4 * all);
  CHECK(run.state == 3 * 4 * all); // weights and two moments
  settings.ema_decay = 0.9;
  CHECK(run_disk("run", config, settings).state == 4 * 4 * all);
  settings.freeze_embeddings = settings.freeze_relative_embeddings = true;
  CHECK(run_disk("run", config, settings).state < 4 * 4 * all);
  CHECK(run_disk("run", config, settings).state >= 4 * 4 * layers);
}

TEST_CASE("the disk holds all results and what the runs that train side by side need besides") {
  const std::vector<RunDisk> runs = {{"a", 10, 30}, {"b", 10, 30}, {"c", 20, 60}};
  // 40 of results; c, alone or beside one of the others, writes its weights once more and has a state.
  CHECK(disk_need(runs, 1).least == 40 + 80);
  CHECK(disk_need(runs, 2).least == 40 + 80 + 40);
  CHECK(disk_need(runs, 9).least == 40 + 80 + 40 + 40);
  CHECK(disk_need(runs, 2).careful == disk_need(runs, 2).least + 60);
}

TEST_CASE("three runs of DeBERTa-v3-large on two GPUs fit into the 20 GB of a notebook's output") {
  const std::vector<RunDisk> runs(3, run_disk("run", test::large_shape(), {}));
  // As docs/gpu_training.md and the training notebook say.
  CHECK(format_memory(disk_need(runs, 1).least) == "12.2 GB");
  CHECK(format_memory(disk_need(runs, 1).careful) == "17.4 GB");
  CHECK(format_memory(disk_need(runs, 2).least) == "19.1 GB");
  CHECK(format_memory(disk_need(runs, 2).careful) == "24.4 GB");
}
