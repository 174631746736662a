#include "checkpoint/checkpoint.hpp"
#include "checkpoint/int8_tensors.hpp"
#include "checkpoint/parameters.hpp"
#include "checkpoint/safetensors.hpp"
#include "package/pack.hpp"
#include "package/package.hpp"
#include "package/tiny_package.hpp"
#include "package/verify.hpp"
#include "support/errors.hpp"

#include <cstring>
#include <limits>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

using Names = std::vector<std::string>;

/// Rewrites model 0's weights with `value` as the fourth element of one tensor.
void spoil(const PackRequest& request, float value) {
  write_checkpoint(request.models[0].folder, 20, [&](const std::string& tensor, std::vector<float>& values) {
    if (tensor == "pooler.dense.bias")
      values[3] = value;
  });
}

} // namespace

TEST_CASE("a package holds its models, vocabulary, one shared configuration and a manifest") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  const Manifest manifest = pack(request);
  CHECK(names_in(request.output) ==
        Names{"config.json", "manifest.json", "run_0.safetensors.zst", "run_1.safetensors.zst", "spm.model"});
  CHECK(read_file(request.output / "config.json") == read_file(request.models[0].folder / "config.json"));
  CHECK(Package::open(request.output).manifest().identity == manifest.identity);
}

TEST_CASE("a vocabulary goes into the package under its own name, and replaces one of another name") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  pack(request);
  request.vocabulary = {.name = "tokenizer.json", .bytes = "{}", .source = "tokenizer.json"};
  pack(request);
  CHECK(names_in(request.output) == Names{"config.json", "manifest.json", "run_0.safetensors.zst", "tokenizer.json"});
  const Package package = Package::open(request.output);
  CHECK(package.manifest().vocabulary.name == "tokenizer.json");
  CHECK(package.vocabulary() == "{}");
  CHECK(verify_package(request.output, 1).ok());
}

TEST_CASE("packing twice gives the same bytes") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  const std::string first = pack(request).identity;
  request.output = folder / "again";
  request.threads = 1;
  CHECK(pack(request).identity == first);
}

TEST_CASE("an int8 package holds what quantization gave, in three types") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  request.dtype = DType::i8;
  CHECK_THROWS_AS(pack(request), InternalError); // nothing that would round
  const std::filesystem::path rounded = folder / "rounded.safetensors";
  request.quantize = [&](const PackModel&, const DebertaConfig& config, WeightSource&) {
    const std::string layer = "deberta.encoder.layer.0.";
    write_safetensors(rounded,
                      tensors_with_int8(config, {layer + "attention.self", layer + "output.dense"}, DType::f16), {},
                      [](std::size_t tensor, std::size_t, std::span<std::byte> out) {
                        std::memset(out.data(), static_cast<int>(1 + tensor % 50), out.size()); // finite as f16 and f32
                      });
    return open_safetensors(rounded);
  };
  pack(request);
  const Package package = Package::open(request.output);
  CHECK(package.manifest().models[0].dtype == DType::i8);
  const std::unique_ptr<WeightSource> packed = package.open_model(0);
  CHECK(int8_groups(package.config(0), *packed).size() == 2);
  CHECK(read_all(*packed) == read_all(*open_safetensors(rounded)));
  CHECK(verify_package(request.output, 2).ok());
}

TEST_CASE("models whose configurations differ have one each") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  const std::filesystem::path config = request.models[1].folder / "config.json";
  std::string text = read_file(config);
  write_file(config, text.insert(text.rfind('}'), ", \"layer_norm_eps\": 1e-6"));
  pack(request);
  CHECK(names_in(request.output) == Names{"config_0.json", "config_1.json", "manifest.json", "run_0.safetensors.zst",
                                          "run_1.safetensors.zst", "spm.model"});
  const Package package = Package::open(request.output);
  CHECK(package.config(0).layer_norm_eps == 1e-7);
  CHECK(package.config(1).layer_norm_eps == 1e-6);
}

TEST_CASE("tensors that the network does not have are left out, and named once") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  request.models.resize(1);
  std::vector<std::string> notes;
  request.note = [&](const std::string& note) { notes.push_back(note); };
  const std::filesystem::path model = request.models[0].folder;
  std::vector<TensorInfo> tensors = parameters_of(read_deberta_config(model / "config.json"));
  tensors.push_back({"lm_predictions.lm_head.bias", DType::f32, {7}});
  write_safetensors(model / "model.safetensors", tensors, {},
                    [](std::size_t, std::size_t, std::span<std::byte> out) { std::memset(out.data(), 0, out.size()); });
  pack(request);
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Catch::Matchers::ContainsSubstring("lm_predictions.lm_head.bias"));
  tensors.pop_back();
  const auto source = Package::open(request.output).open_model(0);
  REQUIRE(source->tensors().size() == tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    CHECK(source->tensors()[i].name == tensors[i].name);
}

TEST_CASE("names with a prefix give the same package as plain ones, and a line about it") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  const std::string identity = pack(request).identity;
  std::vector<std::string> notes;
  request.note = [&](const std::string& note) { notes.push_back(note); };
  const std::filesystem::path model = request.models[0].folder;
  const auto plain = open_checkpoint(model);
  const Tensors data = read_all(*plain);
  std::vector<TensorInfo> tensors = plain->tensors();
  for (TensorInfo& tensor : tensors)
    tensor.name = "module." + tensor.name;
  write_safetensors(folder / "prefixed.safetensors", tensors, {},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      std::memcpy(out.data(), data.at(plain->tensors()[index].name).data() + first, out.size());
                    });
  std::filesystem::rename(folder / "prefixed.safetensors", model / "model.safetensors");
  write_file(model / "optimizer.pt", "x");
  CHECK(pack(request).identity == identity);
  REQUIRE(notes.size() == 2);
  CHECK(notes[0] == model.string() + ": the weights are those of model.safetensors; not used: optimizer.pt");
  CHECK(notes[1] == model.string() + ": tensor names are read without \"module.\"");
}

TEST_CASE("a folder that holds an adapter is refused as one, though it has no config.json") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const std::filesystem::path model = request.models[0].folder;
  std::filesystem::remove(model / "config.json");
  std::filesystem::rename(model / "model.safetensors", model / "adapter_model.safetensors");
  write_file(model / "adapter_config.json", "{}");
  CHECK_THROWS_MATCHES(pack(request), UsageError, MessageMatches(ContainsSubstring("holds an adapter of PEFT")));
}

TEST_CASE("the training record beside the weights goes into the manifest") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  write_file(request.models[1].folder / "training.json", R"({"seed": 42, "metrics": {"map_at_3": 0.75}})");
  const Manifest manifest = pack(request);
  CHECK(manifest.models[0].training.is_null());
  CHECK(manifest.models[1].training.at("metrics").at("map_at_3") == 0.75);
  write_file(request.models[1].folder / "training.json", "[1]");
  CHECK_THROWS_AS(pack(request), InputError);
}

TEST_CASE("the probe is computed from the packed weights") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  spoil(request, 0.1F);
  request.probe = [](const DebertaConfig& config, WeightSource& weights) {
    const std::vector<std::byte> bias = read_all(weights).at("pooler.dense.bias");
    std::vector<float> values(static_cast<std::size_t>(config.hidden_size));
    convert_to_f32(DType::f16, bias, values);
    return std::vector<Probe>{{{1, 5, 2}, values[3]}};
  };
  pack(request);
  const Manifest manifest = Package::open(request.output).manifest();
  REQUIRE(manifest.models[0].probe.size() == 1);
  CHECK(manifest.models[0].probe[0].logit == 0.0999755859375); // 0.1 in f16
  CHECK(manifest.models[0].probe[0].ids == std::vector<std::int32_t>{1, 5, 2});
  request.probe = [](const DebertaConfig&, WeightSource&) { return std::vector<Probe>{{{1}, NAN}}; };
  CHECK_THROWS_WITH(pack(request), ContainsSubstring("gives a logit that is not a finite number"));
}

TEST_CASE("a value beyond f16's range is refused by its tensor's name, and packed as f32") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  spoil(request, 65519.0F); // the largest that rounds to 65504
  pack(request);
  spoil(request, 65520.0F);
  CHECK_THROWS_MATCHES(pack(request), InputError,
                       MessageMatches(ContainsSubstring("tensor pooler.dense.bias holds 65520.000000 at element 3") &&
                                      ContainsSubstring("f16 cannot hold")));
  request.dtype = DType::f32;
  pack(request);
}

TEST_CASE("a value that is not finite is refused in every precision") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path());
  for (const DType dtype : {DType::f16, DType::f32})
    for (const float value : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      request.dtype = dtype;
      spoil(request, value);
      CHECK_THROWS_MATCHES(
          pack(request), InputError,
          MessageMatches(ContainsSubstring("tensor pooler.dense.bias") && ContainsSubstring("no network can use")));
    }
}

TEST_CASE("a checkpoint without a parameter of the network is refused by its name") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const std::filesystem::path model = request.models[0].folder;
  std::vector<TensorInfo> tensors = parameters_of(read_deberta_config(model / "config.json"));
  std::erase_if(tensors, [](const TensorInfo& tensor) { return tensor.name == "classifier.bias"; });
  write_safetensors(model / "model.safetensors", tensors, {}, [](std::size_t, std::size_t, std::span<std::byte>) {});
  CHECK_THROWS_MATCHES(pack(request), InputError, MessageMatches(ContainsSubstring("classifier.bias")));
  CHECK_FALSE(std::filesystem::exists(request.output));
}

TEST_CASE("a folder that holds something else is not packed into") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  std::filesystem::create_directory(request.output);
  write_file(request.output / "thesis.txt", "important");
  CHECK_THROWS_MATCHES(pack(request), UsageError,
                       MessageMatches(ContainsSubstring("package: is not empty and holds no package")));
  write_file(request.output / "manifest.json", "{}");
  CHECK_THROWS_MATCHES(pack(request), UsageError, MessageMatches(ContainsSubstring("a damaged package")));
  CHECK(names_in(request.output) == Names{"manifest.json", "thesis.txt"});
}

TEST_CASE("a file where the package's folder should be is refused") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  write_file(request.output, "a file");
  CHECK_THROWS_MATCHES(pack(request), UsageError, MessageMatches(ContainsSubstring("cannot be created")));
}

TEST_CASE("a package is replaced whole, and what only the old one had is removed") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path(), 3);
  pack(request);
  write_file(request.output / "run_0.safetensors", decompress(request.output / "run_0.safetensors.zst"));
  write_file(request.output / "dataset-metadata.json", "{}");
  request.models.resize(1);
  spoil(request, 0.25F);
  pack(request);
  CHECK(names_in(request.output) ==
        Names{"config.json", "dataset-metadata.json", "manifest.json", "run_0.safetensors.zst", "spm.model"});
  CHECK(verify_package(request.output, 2).ok());
}

TEST_CASE("packing that fails leaves the old package as it was") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 2);
  const std::string identity = pack(request).identity;
  const Names names = names_in(request.output);
  write_checkpoint(request.models[1].folder, 20,
                   [&](const std::string&, std::vector<float>& values) { values.back() = 1e6F; });
  CHECK_THROWS_AS(pack(request), InputError);
  CHECK(names_in(request.output) == names);
  CHECK(verify_package(request.output, 2).ok());
  CHECK(Package::open(request.output).manifest().identity == identity);
}

TEST_CASE("requests that make no sense are refused") {
  const TemporaryFolder folder;
  const PackRequest good = tiny_request(folder.path(), 2);
  const auto refused = [&](const auto& change) {
    PackRequest request = good;
    change(request);
    CHECK_THROWS_AS(pack(request), UsageError);
  };
  refused([](PackRequest& request) { request.models.clear(); });
  refused([](PackRequest& request) { request.title = "\xff"; });
  refused([](PackRequest& request) { request.models[1].name = "\xc3"; });
  refused([](PackRequest& request) { request.models[1].weight = -1; });
  refused([](PackRequest& request) { request.models[1].weight = NAN; });
  refused([](PackRequest& request) { request.models[0].weight = request.models[1].weight = 0; });
  refused([](PackRequest& request) { request.template_options.max_length = -1; });
  refused([](PackRequest& request) { request.template_options.max_length = 2; });
  refused([](PackRequest& request) { request.models[0].folder = "/does/not/exist"; });
  CHECK_FALSE(std::filesystem::exists(good.output));
}
