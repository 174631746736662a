#include "checkpoint/checkpoint.hpp"
#include "golden/golden.hpp"
#include "package/package.hpp"
#include "package/packed_weights.hpp"
#include "package/tiny_package.hpp"
#include "support/errors.hpp"

#include <mutex>
#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// So many words that the f32 embeddings take 12.2 MiB: four frames of data.
constexpr int kManyWords = 100000;

Tensors to_f32(const Tensors& f16) {
  Tensors tensors;
  for (const auto& [name, bytes] : f16) {
    std::vector<float> values(bytes.size() / 2);
    convert_to_f32(DType::f16, bytes, values);
    const auto all = std::as_bytes(std::span(values));
    tensors[name].assign(all.begin(), all.end());
  }
  return tensors;
}

/// Puts the plain weights in the place of the packed ones, as somebody who unpacks them does.
void unpack(const std::filesystem::path& package, const WeightsRecord& weights) {
  write_file(package / weights.plain_name(), decompress(package / weights.name));
  std::filesystem::remove(package / weights.name);
}

} // namespace

TEST_CASE("weights in f32 come out of a package bit for bit") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path(), 1, kManyWords);
  request.dtype = DType::f32;
  const Manifest manifest = pack(request);
  CHECK(manifest.models[0].weights.content.frames.size() == 5);
  const Tensors packed = read_all(*Package::open(request.output).open_model(0));
  CHECK(packed == read_all(*open_checkpoint(request.models[0].folder)));
}

TEST_CASE("weights that f16 can hold come out of an f16 package unchanged") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  const Tensors packed = read_all(*Package::open(request.output).open_model(0));
  CHECK(to_f32(packed) == read_all(*open_checkpoint(request.models[0].folder)));
}

TEST_CASE("vocabulary, configuration and template come out of a package") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path(), 2);
  request.template_options = {Template::open_book, 256};
  pack(request);
  const Package package = Package::open(request.output);
  CHECK(package.vocabulary() == "the pieces");
  CHECK(package.config(1).hidden_size == 32);
  CHECK(package.needs_context());
  CHECK(package.template_options().max_length == 256);
  CHECK(package.manifest().models[1].name == "run_1");
}

TEST_CASE("only the frames of the wanted tensors are read") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path(), 1, kManyWords);
  request.dtype = DType::f32;
  const Manifest manifest = pack(request);
  const WeightsRecord& weights = manifest.models[0].weights;
  flip_bit(request.output / weights.name, 8 * (weights.content.frames[2].offset + 1000)); // among the embeddings
  const Package package = Package::open(request.output);
  const auto source = package.open_model(0);
  std::set<std::string> seen;
  std::mutex mutex;
  const auto sink = [&](const TensorChunk& chunk) {
    const std::lock_guard lock(mutex);
    seen.insert(chunk.tensor.name);
  };
  source->read([](const TensorInfo& tensor) { return tensor.name == "classifier.weight"; }, sink, 2);
  CHECK(seen == std::set<std::string>{"classifier.weight"});
  CHECK_THROWS_MATCHES(read_all(*source), PackageError,
                       MessageMatches(ContainsSubstring("run_0.safetensors.zst: frame 2 of 5 (bytes ")));
}

TEST_CASE("no byte of a damaged frame reaches the sink") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const Manifest manifest = pack(request);
  const WeightsRecord& weights = manifest.models[0].weights;
  flip_bit(request.output / weights.name, 8 * (weights.content.frames[1].offset + 100));
  const auto source = Package::open(request.output).open_model(0);
  bool seen = false;
  CHECK_THROWS_AS(source->read([](const TensorInfo&) { return true; }, [&](const TensorChunk&) { seen = true; }, 1),
                  PackageError);
  CHECK_FALSE(seen);
}

TEST_CASE("weights that somebody unpacked are accepted, and checked as well") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const Manifest manifest = pack(request);
  const Tensors packed = read_all(*Package::open(request.output).open_model(0));
  const WeightsRecord& weights = manifest.models[0].weights;
  unpack(request.output, weights);
  CHECK(read_all(*Package::open(request.output).open_model(0)) == packed);
  flip_bit(request.output / weights.plain_name(), 8 * (weights.content.raw_size - 1));
  CHECK_THROWS_WITH(read_all(*Package::open(request.output).open_model(0)),
                    ContainsSubstring("run_0.safetensors: frame 1 of 2"));
}

TEST_CASE("a model that is damaged or missing does not keep the others from being read") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path(), 3);
  pack(request);
  std::filesystem::remove(request.output / "run_0.safetensors.zst");
  std::filesystem::resize_file(request.output / "run_1.safetensors.zst", 1000);
  const Package package = Package::open(request.output);
  CHECK_THROWS_WITH(package.open_model(0), ContainsSubstring("run_0.safetensors.zst: cannot be opened"));
  CHECK_THROWS_WITH(package.open_model(1), ContainsSubstring("is 1000 bytes long, but the manifest says"));
  CHECK_FALSE(read_all(*package.open_model(2)).empty());
}

TEST_CASE("a damaged vocabulary or configuration is refused") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  const Package package = Package::open(request.output);
  flip_bit(request.output / "spm.model", 8 * 3);
  CHECK_THROWS_WITH(package.vocabulary(), ContainsSubstring("spm.model: does not match its sha256"));
  write_file(request.output / "config.json", "{}");
  CHECK_THROWS_WITH(package.config(0), ContainsSubstring("config.json: is 2 bytes long"));
}

TEST_CASE("a folder without a package is refused") {
  const TemporaryFolder folder;
  CHECK_THROWS_MATCHES(Package::open(folder.path()), PackageError,
                       MessageMatches(ContainsSubstring("manifest.json: cannot be opened")));
}

TEST_CASE("a package can be read from memory") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  pack(request);
  const Package on_disk = Package::open(request.output);
  std::map<std::string, std::string> texts;
  for (const std::string& name : names_in(request.output))
    texts[name] = read_file(request.output / name);
  std::map<std::string, std::span<const std::byte>> files;
  for (const auto& [name, text] : texts)
    files.emplace(name, std::as_bytes(std::span(text)));
  const Package package = Package::open(PackageFiles::in_memory("inside", files));
  CHECK(package.vocabulary() == on_disk.vocabulary());
  CHECK(read_all(*package.open_model(0)) == read_all(*on_disk.open_model(0)));
}

TEST_CASE("weights that do not fit their record are refused even if every hash matches") {
  const TemporaryFolder folder;
  const PackRequest request = tiny_request(folder.path());
  const Manifest manifest = pack(request);
  const FramedFile& content = manifest.models[0].weights.content;
  const auto open = [&](const std::string& name, const FramedFile& record, DType dtype) {
    return open_packed_weights({PackageFile(folder / name), record, FrameReader::Form::compressed}, dtype);
  };
  CHECK_THROWS_WITH(open("package/run_0.safetensors.zst", content, DType::f32),
                    ContainsSubstring("as F16, not as the F32 that the manifest says"));

  const std::string plain = decompress(request.output / "run_0.safetensors.zst");
  const auto reframe = [&](std::size_t first, std::size_t second) {
    FrameWriter writer(folder / "other.zst", 1);
    const auto bytes = std::as_bytes(std::span(plain));
    writer.add(bytes.first(first));
    writer.end_frame();
    writer.add(bytes.subspan(first, second));
    writer.end_frame();
    writer.add(bytes.subspan(first + second));
    FramedFile record = writer.finish();
    writer.commit();
    return record;
  };
  const std::size_t header = content.frames[0].raw_size;
  CHECK_THROWS_WITH(open("other.zst", reframe(header + 8, 100), DType::f16), ContainsSubstring("alone, in frame 0"));
  CHECK_THROWS_MATCHES(open("other.zst", reframe(header - 8, 100), DType::f16), PackageError,
                       MessageMatches(ContainsSubstring("no safetensors header in frame 0")));
  CHECK_THROWS_WITH(open("other.zst", reframe(header, 101), DType::f16), ContainsSubstring("ends within an element"));
  CHECK_FALSE(read_all(*open("other.zst", reframe(header, 102), DType::f16)).empty());
}

TEST_CASE("golden models come out of a package bit for bit", "[golden]") {
  int models = 0;
  for (const std::filesystem::path& model : golden::folders_with("model.fp16.safetensors")) {
    CAPTURE(model);
    ++models;
    const TemporaryFolder folder;
    PackRequest request = tiny_request(folder.path());
    request.models[0].folder = model;
    request.dtype = DType::f32;
    pack(request);
    CHECK(read_all(*Package::open(request.output).open_model(0)) ==
          read_all(*open_checkpoint(model / "model.safetensors")));
    request.dtype = DType::f16; // rounded as PyTorch rounds
    pack(request);
    CHECK(read_all(*Package::open(request.output).open_model(0)) ==
          read_all(*open_checkpoint(model / "model.fp16.safetensors")));
  }
  CHECK(models >= 1);
}

TEST_CASE("a model's file is read ahead piece by piece until it is stopped") {
  const TemporaryFolder folder;
  PackRequest request = tiny_request(folder.path(), 2, kManyWords);
  request.dtype = DType::f32;
  pack(request);
  const Package package = Package::open(request.output);
  const WeightsRecord& weights = package.manifest().models[0].weights;
  CHECK(package.stored_bytes(0) == weights.content.size);
  unpack(request.output, weights); // these weights compress to next to nothing
  const std::uint64_t bytes = package.stored_bytes(0);
  CHECK(bytes == weights.content.raw_size);
  REQUIRE(bytes > kFrameBytes);
  std::uint64_t asked = 0;
  package.read_ahead(0, [&] { return ++asked == 0; });
  CHECK(asked == (bytes + kFrameBytes - 1) / kFrameBytes);
  asked = 0;
  package.read_ahead(0, [&] { return ++asked == 1; });
  CHECK(asked == 1);
  std::filesystem::remove(request.output / package.manifest().models[1].weights.name);
  CHECK_THROWS_AS(package.read_ahead(1, [] { return false; }), PackageError);
}
