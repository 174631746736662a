#include "checkpoint/checkpoint.hpp"
#include "checkpoint/written_files.hpp"
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

std::vector<std::string> names(const WeightSource& source) {
  std::vector<std::string> all;
  for (const TensorInfo& tensor : source.tensors())
    all.push_back(tensor.name);
  return all;
}

void write_bin(const std::filesystem::path& file, const std::string& name) {
  const std::string tensor = pickle::tensor(pickle::storage("FloatStorage", "0", 1), 0, {1}, {1});
  write_zip(file, {{"a/data.pkl", pickle::whole(pickle::dictionary({{name, tensor}}))}, {"a/data/0", "1234"}});
}

std::string index_text(const std::string& weight_map) {
  return R"({"metadata": {"total_size": 16}, "weight_map": )" + weight_map + "}";
}

} // namespace

TEST_CASE("a folder's weights are found in the order of preference") {
  const TemporaryFolder folder;
  CHECK_THROWS_MATCHES(open_checkpoint(folder.path()), UsageError, MessageMatches(ContainsSubstring("has no weights")));
  write_bin(folder / "shard.bin", "from_bin_index");
  write_file_atomically(folder / "pytorch_model.bin.index.json", index_text(R"({"from_bin_index": "shard.bin"})"));
  CHECK(names(*open_checkpoint(folder.path())) == std::vector<std::string>{"from_bin_index"});
  write_bin(folder / "pytorch_model.bin", "from_bin");
  CHECK(names(*open_checkpoint(folder.path())) == std::vector<std::string>{"from_bin"});
  write_file_atomically(folder / "shard.safetensors", small_safetensors({"from_index"}));
  write_file_atomically(folder / "model.safetensors.index.json", index_text(R"({"from_index": "shard.safetensors"})"));
  CHECK(names(*open_checkpoint(folder.path())) == std::vector<std::string>{"from_index"});
  write_file_atomically(folder / "model.safetensors", small_safetensors({"from_safetensors"}));
  const auto source = open_checkpoint(folder.path());
  CHECK(names(*source) == std::vector<std::string>{"from_safetensors"});
  REQUIRE(source->notes().size() == 1);
  CHECK_THAT(source->notes()[0], ContainsSubstring("model.safetensors, which transformers prefers too; not used: "
                                                   "model.safetensors.index.json, pytorch_model.bin"));
  CHECK(open_checkpoint(folder / "pytorch_model.bin")->notes().empty());
}

TEST_CASE("a single file is recognised by its content") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "weights", small_safetensors({"a"}));
  CHECK(names(*open_checkpoint(folder / "weights")) == std::vector<std::string>{"a"});
  write_bin(folder / "other", "b");
  CHECK(names(*open_checkpoint(folder / "other")) == std::vector<std::string>{"b"});
  const auto check = [&](const std::string& content, const std::string& message) {
    write_file_atomically(folder / "x", content);
    CHECK_THROWS_MATCHES(open_checkpoint(folder / "x"), InputError, MessageMatches(ContainsSubstring(message)));
  };
  check("", "is empty");
  check("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer");
  check("something else", "neither a safetensors file nor a checkpoint of PyTorch");
  CHECK_THROWS_AS(open_checkpoint(folder / "missing"), UsageError);
}

TEST_CASE("shards are read as one source") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "1.safetensors", small_safetensors({"a", "b"}));
  write_file_atomically(folder / "2.safetensors", small_safetensors({"c"}));
  write_file_atomically(folder / "model.safetensors.index.json",
                        index_text(R"({"a": "1.safetensors", "c": "2.safetensors", "b": "1.safetensors"})"));
  const auto source = open_checkpoint(folder.path());
  CHECK(names(*source) == std::vector<std::string>{"a", "b", "c"});
  CHECK(source->notes().empty());
  CHECK(source->description() == (folder / "model.safetensors.index.json").string());
  CHECK(read_all(*source).at("c") == std::string(8, '\0'));
  CHECK(names(*open_checkpoint(folder / "model.safetensors.index.json")).size() == 3);
}

TEST_CASE("an index that its shards contradict is refused by file and tensor") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "1.safetensors", small_safetensors({"a", "b"}));
  write_file_atomically(folder / "2.safetensors", small_safetensors({"b"}));
  const auto check = [&](const std::string& text, const std::string& message) {
    write_file_atomically(folder / "model.safetensors.index.json", text);
    CHECK_THROWS_MATCHES(open_checkpoint(folder.path()), InputError, MessageMatches(ContainsSubstring(message)));
  };
  check(index_text(R"({"a": "1.safetensors", "x": "1.safetensors"})"), "1.safetensors: lacks tensor x");
  check(index_text(R"({"a": "1.safetensors", "b": "2.safetensors"})"), "tensor b is also in");
  check(index_text(R"({"a": "3.safetensors"})"), "names the shard 3.safetensors, which is not beside it");
  check(index_text(R"({"a": "../1.safetensors"})"), "not the name of a file beside the index");
  check(index_text(R"({"a": "/etc/passwd"})"), "not the name of a file beside the index");
  check(index_text(R"({"a": ".."})"), "not the name of a file beside the index");
  check(index_text(R"({"a": ""})"), "not the name of a file beside the index");
  check(index_text(R"({"a": "1.safetensors\u0000"})"), "not the name of a file beside the index");
  check(index_text(R"({"a": 1})"), "is not a string");
  check(index_text("{}"), "names no shard");
  check("{}", "has no \"weight_map\"");
}
