#include "checkpoint/checkpoint.hpp"
#include "checkpoint/legacy_pytorch_bin.hpp"
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

const std::string kMatrix = "aaaabbbbccccddddeeeeffff"; // 6 f32

/// A state dict of a matrix, its second row, a half and a count.
std::string state_dict_pickle() {
  const std::string matrix = pickle::legacy_storage("FloatStorage", "94071", 6);
  return pickle::whole(pickle::dictionary(
      {{"w", pickle::tensor(matrix, 0, {2, 3}, {3, 1})},
       {"row", pickle::tensor(matrix, 3, {3}, {1})},
       {"half", pickle::tensor(pickle::legacy_storage("BFloat16Storage", "5", 2), 1, {1}, {1})},
       {"position_ids", pickle::tensor(pickle::legacy_storage("LongStorage", "6", 1), 0, {1, 1}, {1, 1})}}));
}

std::vector<LegacyStorage> state_dict_storages() {
  return {{"5", 2, "ghij"}, {"6", 1, "12345678"}, {"94071", 6, kMatrix}};
}

std::unique_ptr<WeightSource> open_text(const TemporaryFolder& folder, const std::string& bytes) {
  write_file_atomically(folder / "pytorch_model.bin", bytes);
  return open_checkpoint(folder.path());
}

void check_legacy_refused(const std::string& bytes, const std::string& message) {
  CHECK_THROWS_MATCHES(read_legacy_pytorch_bin(bytes_of(bytes), "old.bin"), InputError,
                       MessageMatches(ContainsSubstring(message)));
}

std::string with_bytes(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("a file from before PyTorch 1.6 is read, also with views of one storage") {
  const TemporaryFolder folder;
  const auto source = open_text(folder, legacy_file(state_dict_pickle(), state_dict_storages()));
  REQUIRE(source->tensors().size() == 4);
  CHECK(source->tensors()[0].shape == std::vector<std::int64_t>{2, 3});
  CHECK(source->tensors()[2].dtype == DType::bf16);
  CHECK(source->tensors()[3].dtype == DType::i64);
  const auto data = read_all(*source);
  CHECK(data.at("w") == kMatrix);
  CHECK(data.at("row") == kMatrix.substr(12));
  CHECK(data.at("half") == "ij");
  CHECK(data.at("position_ids") == "12345678");
}

TEST_CASE("a file from before PyTorch 1.6 may hold storages without a weight") {
  const std::string moment = pickle::tensor(pickle::legacy_storage("DoubleStorage", "1", 1), 0, {1}, {1});
  const std::string w = pickle::tensor(pickle::legacy_storage("FloatStorage", "2", 1), 0, {1}, {1});
  const TemporaryFolder folder;
  const auto source = open_text(
      folder, legacy_file(pickle::whole(pickle::dictionary(
                              {{"state_dict", pickle::dictionary({{"w", w}})},
                               {"optimizer", pickle::dictionary({{"state", pickle::dictionary({{"m", moment}})}})}})),
                          {{"1", 1, "12345678"}, {"2", 1, "wwww"}}));
  CHECK(read_all(*source) == std::map<std::string, std::string>{{"w", "wwww"}});
}

TEST_CASE("a file from before PyTorch 1.6 may use any pickle protocol") {
  const TemporaryFolder folder;
  std::string bytes = legacy_file(state_dict_pickle(), state_dict_storages());
  bytes = "\x80\x04\x95" + little_endian(12, 8) + bytes.substr(2);
  CHECK(is_legacy_pytorch_bin(bytes_of(bytes)));
  CHECK(read_all(*open_text(folder, bytes)).at("w") == kMatrix);
  CHECK_FALSE(is_legacy_pytorch_bin(bytes_of("\x80\x06" + bytes.substr(2))));
  CHECK_FALSE(is_legacy_pytorch_bin(bytes_of(bytes).first(23)));
}

TEST_CASE("a damaged file from before PyTorch 1.6 is refused, naming the place") {
  const std::string object = state_dict_pickle();
  const auto storages = state_dict_storages();
  const std::string whole = legacy_file(object, storages);
  check_legacy_refused(whole.substr(0, whole.size() - 1),
                       "old.bin: ends inside its storage 94071. The file is cut off");
  check_legacy_refused(whole.substr(0, whole.size() - 27), "ends inside its storage 94071");
  check_legacy_refused(with_bytes(whole, "M\xe9\x03", "M\xe8\x03"), "is of an unknown protocol");
  check_legacy_refused(
      with_bytes(whole, pickle::text("little_endian") + "\x88", pickle::text("little_endian") + "\x89"),
      "was saved on a big-endian machine");
  auto other = storages;
  other[2].elements = 5;
  check_legacy_refused(legacy_file(object, other), "has storage 94071 with 5 elements instead of 6");
  other[2].elements = UINT64_MAX;
  check_legacy_refused(legacy_file(object, other), "has storage 94071 with -1 elements");
  other = storages;
  other[1].key = "7";
  check_legacy_refused(legacy_file(object, other), "has a storage 7 of unknown type");
  check_legacy_refused(legacy_file(object, {storages[0], storages[0]}), "has its storage 5 twice");
  check_legacy_refused(legacy_file(object, {storages[2]}), "tensor half lies in storage 5, which the file lacks");
  check_legacy_refused(whole.substr(0, whole.find("](")) + "N.", "lacks the list of its storages");
  check_legacy_refused(
      legacy_file(with_bytes(object, "\x80\x02", "\x80\x02" + pickle::legacy_storage("IntStorage", "5", 2) + "0"),
                  storages),
      "describes its storage 5 in two ways");
  check_legacy_refused(legacy_file(pickle::whole(pickle::global("os", "system")), {}), "wants to import os.system");
}

TEST_CASE("no truncation or flipped bit of a file from before PyTorch 1.6 causes a read outside it") {
  const std::string whole = legacy_file(state_dict_pickle(), state_dict_storages());
  const TemporaryFolder folder;
  int refused = 0;
  const auto try_to_read = [&](const std::string& bytes) {
    try {
      read_all(*open_text(folder, bytes));
    } catch (const InputError&) {
      ++refused; // any other exception fails the test
    }
  };
  for (std::size_t length = 0; length < whole.size(); length += 3)
    try_to_read(whole.substr(0, length));
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const char bit : {'\x01', '\x40'}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ bit);
      try_to_read(damaged);
    }
  CHECK(refused > 500);
}
