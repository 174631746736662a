#include "checkpoint/weight_files.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

void write_files(const std::filesystem::path& folder, const std::vector<std::string>& names) {
  std::filesystem::create_directories(folder);
  for (const std::string& name : names)
    write_file_atomically(folder / name, "x");
}

void check_folder_refused(const TemporaryFolder& folder, const std::string& message) {
  CHECK_THROWS_MATCHES(find_weight_files(folder.path()), UsageError, MessageMatches(ContainsSubstring(message)));
}

} // namespace

TEST_CASE("unused files beside the weights are named in one line") {
  const TemporaryFolder folder;
  write_files(folder.path(), {"model.safetensors", "config.json", "spm.model", "training.json", "README.md"});
  CHECK(describe_unused(find_weight_files(folder.path()), {}).empty());
  write_files(folder.path(), {"optimizer.pt", "rng_state.pth"});
  CHECK(describe_unused(find_weight_files(folder.path()), {}) ==
        "the weights are those of model.safetensors; not used: optimizer.pt, rng_state.pth");
  write_files(folder.path(), {"pytorch_model.bin"});
  CHECK(describe_unused(find_weight_files(folder.path()), {}) ==
        "the weights are those of model.safetensors, which transformers prefers too; not used: optimizer.pt, "
        "pytorch_model.bin, rng_state.pth");
  write_files(folder.path(), {"adapter_config.json", "adapter_model.safetensors"});
  CHECK_THAT(describe_unused(find_weight_files(folder.path()), {}),
             ContainsSubstring("(an adapter that is not merged into the weights)"));
}

TEST_CASE("the shards of an index are used") {
  const TemporaryFolder folder;
  write_files(folder.path(),
              {"model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"});
  const WeightFiles files = find_weight_files(folder.path());
  CHECK(files.chosen == folder / "model.safetensors.index.json");
  CHECK(describe_unused(files, {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}).empty());
  CHECK(describe_unused(files, {"model-00001-of-00002.safetensors"}) ==
        "the weights are those of model.safetensors.index.json; not used: model-00002-of-00002.safetensors");
}

TEST_CASE("a folder without weights is refused, naming what is there instead") {
  const TemporaryFolder folder;
  check_folder_refused(folder, "has no weights. Give a folder with model.safetensors");
  write_files(folder.path(), {"config.json", "optimizer.pt"});
  check_folder_refused(folder, "has no weights that sciexam reads, but optimizer.pt. Give a folder");
  write_files(folder / "checkpoint-100", {"model.safetensors"});
  write_files(folder / "checkpoint-200", {"pytorch_model.bin"});
  write_files(folder / "runs", {"events"});
  check_folder_refused(folder,
                       "has no weights, but folders with weights: checkpoint-100, checkpoint-200. Give one of them");
  write_files(folder.path(), {"model.fp16.safetensors"});
  check_folder_refused(folder, "has no model.safetensors or pytorch_model.bin, but model.fp16.safetensors. Rename");
  write_files(folder.path(), {"model-00001-of-00002.safetensors"});
  check_folder_refused(folder, "without their index. Download model.safetensors.index.json");
  write_files(folder.path(), {"adapter_config.json", "adapter_model.safetensors"});
  check_folder_refused(folder, "holds an adapter of PEFT (adapter_config.json, adapter_model.safetensors");
}

TEST_CASE("weights of another library are named") {
  const TemporaryFolder folder;
  write_files(folder.path(), {"tf_model.h5", "flax_model.msgpack"});
  check_folder_refused(folder, "has no weights that sciexam reads, but flax_model.msgpack, tf_model.h5");
}
