#include "checkpoint/safetensors.hpp"
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

SafetensorsHeader parse(const std::string& file) {
  return parse_safetensors_header(bytes_of(file), file.size(), "x.safetensors");
}

void check_refused(const std::string& file, const std::string& message) {
  CHECK_THROWS_MATCHES(parse(file), InputError, MessageMatches(ContainsSubstring(message)));
}

void check_refused_json(const std::string& json, std::size_t data_bytes, const std::string& message) {
  INFO(json);
  check_refused(safetensors_text(json, data_bytes), message);
}

} // namespace

TEST_CASE("a safetensors header gives names, types, shapes and offsets in the order of the data") {
  const std::string json = R"({"__metadata__": {"format": "pt"},
    "late": {"dtype": "I64", "shape": [1], "data_offsets": [12, 20]},
    "scalar": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},
    "empty": {"dtype": "F16", "shape": [0, 7], "data_offsets": [4, 4]},
    "early": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [4, 12]}})";
  const SafetensorsHeader header = parse(safetensors_text(json, 20));
  CHECK(header.length == 8 + json.size());
  REQUIRE(header.tensors.size() == 4);
  CHECK(header.tensors[0].name == "scalar");
  CHECK(header.tensors[1].name == "empty");
  CHECK(header.tensors[2].name == "early");
  CHECK(header.tensors[2].dtype == DType::bf16);
  CHECK(header.tensors[2].shape == std::vector<std::int64_t>{2, 2});
  CHECK(header.tensors[3].dtype == DType::i64);
  CHECK(header.offsets[3] == header.length + 12);
  CHECK(header.metadata.at("format") == "pt");
}

TEST_CASE("the header alone is enough, the data need not be there") {
  const std::string file = small_safetensors({"a", "b"});
  const std::string header = file.substr(0, file.size() - 16);
  CHECK(parse_safetensors_header(bytes_of(header), file.size(), "x").tensors.size() == 2);
}

TEST_CASE("a file that is cut off or not in the safetensors format is refused") {
  const std::string file = small_safetensors({"a", "b"});
  check_refused(file.substr(0, 5), "too short");
  check_refused(file.substr(0, 60), "ends inside its safetensors header");
  check_refused(file.substr(0, file.size() - 1), "has 15 bytes of data, but its header describes 16");
  check_refused(file + "x", "has 17 bytes of data");
  check_refused(little_endian(100'000'001, 8) + "{}", "more than 100 MB");
  check_refused(little_endian(UINT64_MAX, 8) + "{}", "more than 100 MB");
  check_refused(safetensors_text("{\"a\":", 0), "not valid JSON");
  check_refused(safetensors_text("[1]", 0), "is not an object");
  check_refused(safetensors_text("{\"\xff\": 1}", 0), "not valid JSON");
}

TEST_CASE("a tensor whose description contradicts itself is refused") {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"t": {"dtype": ")" + dtype + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
  };
  check_refused_json(one("F8_E4M3", "[4]", "[0, 4]"), 4, "\"F8_E4M3\", which is not an element type");
  check_refused_json(one("F32", "[-1]", "[0, 4]"), 4, "$.t.shape[0]: is not an integer between 0");
  check_refused_json(one("F32", "[1.5]", "[0, 4]"), 4, "$.t.shape[0]: is not an integer");
  check_refused_json(one("F32", "[4294967296, 4294967296]", "[0, 0]"), 0, "more elements than a file can hold");
  check_refused_json(one("F64", "[2305843009213693952]", "[0, 0]"), 0, "more elements than a file can hold");
  check_refused_json(one("F32", "[2]", "[0, 4]"), 4, "spans 4 bytes, but the shape and type need 8");
  check_refused_json(one("F32", "[1]", "[8, 4]"), 8, "spans -4 bytes");
  check_refused_json(one("F32", "[1]", "[-4, 0]"), 4, "data_offsets[0]: is not an integer");
  check_refused_json(one("F32", "[1]", "[0, 9223372036854775808]"), 4, "data_offsets[1]: is not an integer");
  check_refused_json(one("F32", "[1]", "[0]"), 4, "not a pair of offsets");
  check_refused_json(one("F32", "[1]", "[4, 8]"), 8, "tensor t begins at byte 4 of the data, where 0 was expected");
  check_refused_json(one("F32", "[2]", "[0, 8]"), 4, "has 4 bytes of data, but its header describes 8");
  check_refused_json(R"({"t": {"dtype": "F32", "shape": [1]}})", 4, "has no \"data_offsets\"");
  check_refused_json(R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "more": 1}})", 4,
                     "unknown member \"more\"");
  check_refused_json(R"({"__metadata__": {"format": 1}})", 0, "is not a string");
}

TEST_CASE("data that overlap or leave holes, and duplicate names, are refused") {
  const auto two = [](const std::string& name, const std::string& offsets) {
    return R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, ")" + name +
           R"(": {"dtype": "F32", "shape": [2], "data_offsets": )" + offsets + "}}";
  };
  CHECK(parse(safetensors_text(two("b", "[8, 16]"), 16)).tensors.size() == 2);
  check_refused_json(two("b", "[4, 12]"), 12,
                     "tensor b begins at byte 4 of the data, where 8 was expected: data overlap");
  check_refused_json(two("b", "[0, 8]"), 8, "data overlap");
  check_refused_json(two("b", "[12, 20]"), 20, "data leave a hole");
  check_refused_json(two("a", "[8, 16]"), 16, "has the key \"a\" twice");
}

TEST_CASE("a file of very many names is refused before it takes minutes") {
  std::string json = "{";
  for (int i = 0; i <= 16384; ++i)
    json += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  check_refused(safetensors_text(json + "}", 0), "an object of more than 16384 members");
}

TEST_CASE("what is written is read back, in chunks that cover every element once") {
  const TemporaryFolder folder;
  const std::int64_t large = 3'000'001; // 12 MB: several chunks and a rest
  const std::vector<TensorInfo> tensors = {{"small", DType::f16, {3}},
                                           {"large", DType::f32, {large}},
                                           {"none", DType::f32, {0}},
                                           {"\"quoted\"\n", DType::u8, {1}}};
  write_safetensors(folder / "x.safetensors", tensors, {{"format", "pt"}},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      REQUIRE(first + out.size() <= tensors[index].bytes());
                      for (std::size_t i = 0; i < out.size(); ++i)
                        out[i] = static_cast<std::byte>(((first + i) * 7 + index) % 251);
                    });
  const auto source = open_safetensors(folder / "x.safetensors");
  CHECK(source->description() == (folder / "x.safetensors").string());
  REQUIRE(source->tensors().size() == tensors.size());
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    CHECK(source->tensors()[t].name == tensors[t].name);
    CHECK(source->tensors()[t].shape == tensors[t].shape);
  }
  std::size_t seen = 0;
  source->read([](const TensorInfo& tensor) { return tensor.name == "large"; },
               [&](const TensorChunk& chunk) { seen += chunk.bytes.size(); }, 1);
  CHECK(seen == 4 * static_cast<std::size_t>(large));
  const auto data = read_all(*source);
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const std::string& bytes = data.at(tensors[t].name);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      wrong += static_cast<unsigned char>(bytes[i]) != (i * 7 + t) % 251;
    CHECK(wrong == 0);
  }
}

TEST_CASE("a written header ends at a multiple of eight bytes") {
  for (const char* name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"})
    CHECK(safetensors_header(std::vector<TensorInfo>{{name, DType::f32, {1}}}, {}).size() % 8 == 0);
}

TEST_CASE("a safetensors file that is not there is named") {
  CHECK_THROWS_MATCHES(open_safetensors("/nowhere/model.safetensors"), UsageError,
                       MessageMatches(ContainsSubstring("/nowhere/model.safetensors")));
}
