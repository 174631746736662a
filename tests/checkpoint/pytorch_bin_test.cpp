#include "checkpoint/pytorch_bin.hpp"
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

using Entries = std::vector<std::pair<std::string, std::string>>;

const std::string kData(48, '\7'); // 12 f32

Entries archive(const std::string& value) {
  return {{"archive/data.pkl", pickle::whole(value)}, {"archive/data/0", kData}, {"archive/version", "3\n"}};
}

std::unique_ptr<WeightSource> open(const TemporaryFolder& folder, const Entries& entries,
                                   const std::set<std::string>& deflated = {}) {
  write_zip(folder / "x.bin", entries, deflated);
  return open_pytorch_bin(folder / "x.bin");
}

/// A state dict of the one tensor "w" is refused.
void check_tensor_refused(const std::string& tensor, const std::string& message) {
  const TemporaryFolder folder;
  CHECK_THROWS_MATCHES(open(folder, archive(pickle::dictionary({{"w", tensor}}))), InputError,
                       MessageMatches(ContainsSubstring(message)));
}

const std::string kStorage = pickle::storage("FloatStorage", "0", 12);

} // namespace

TEST_CASE("tensors of a state dict are read from their storages, also shared ones") {
  const TemporaryFolder folder;
  std::string numbers;
  for (int i = 0; i < 48; ++i)
    numbers += static_cast<char>(i);
  const auto source = open(
      folder,
      {{"archive/data.pkl",
        pickle::whole(pickle::dictionary({{"w", pickle::tensor(kStorage, 0, {3, 4}, {4, 1})},
                                          {"row", pickle::tensor(kStorage, 4, {1, 4}, {99, 1})},
                                          {"steps", pickle::integer(7)},
                                          {"half", pickle::tensor(pickle::storage("HalfStorage", "h", 2), 1, {}, {})},
                                          {"none", pickle::tensor(kStorage, 12, {0, 3}, {1, 1})}}))},
       {"archive/data/0", numbers},
       {"archive/data/h", "abcd"},
       {"archive/byteorder", "little"}});
  REQUIRE(source->tensors().size() == 4);
  CHECK(source->tensors()[0].shape == std::vector<std::int64_t>{3, 4});
  CHECK(source->tensors()[2].dtype == DType::f16);
  const auto data = read_all(*source);
  CHECK(data.at("w") == numbers);
  CHECK(data.at("row") == numbers.substr(16, 16));
  CHECK(data.at("half") == "cd");
  CHECK(data.at("none").empty());
}

TEST_CASE("a tensor is read row by row, whatever the order of elements in its storage") {
  const TemporaryFolder folder;
  std::string numbers, turned; // 12 f32 as a matrix of 4 rows, and its transpose
  for (int i = 0; i < 12; ++i)
    numbers += little_endian(static_cast<std::uint64_t>(i), 4);
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 4; ++column)
      turned += little_endian(static_cast<std::uint64_t>(column * 3 + row), 4);
  Entries entries = archive(pickle::dictionary({{"turned", pickle::tensor(kStorage, 0, {3, 4}, {1, 3})},
                                                {"column", pickle::tensor(kStorage, 2, {4}, {3})},
                                                {"cube", pickle::tensor(kStorage, 0, {2, 1, 2}, {1, 77, 6})},
                                                {"same", pickle::tensor(kStorage, 1, {2, 2}, {0, 1})}}));
  entries[1].second = numbers;
  const auto data = read_all(*open(folder, entries));
  const auto values = [](const std::vector<int>& all) {
    std::string bytes;
    for (const int value : all)
      bytes += little_endian(static_cast<std::uint64_t>(value), 4);
    return bytes;
  };
  CHECK(data.at("turned") == turned);
  CHECK(data.at("column") == values({2, 5, 8, 11}));
  CHECK(data.at("cube") == values({0, 6, 1, 7}));
  CHECK(data.at("same") == values({1, 2, 1, 2}));
}

TEST_CASE("a transposed tensor of many chunks is read like its twin") {
  constexpr int kRows = 1500, kColumns = 1701; // 5 MB of f16
  std::string twin, turned(std::size_t{2} * kRows * kColumns, '\0');
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t column = 0; column < kColumns; ++column) {
      const std::string value = little_endian((row * 31 + column * 7) % 65521, 2);
      twin += value;
      turned.replace(2 * (column * kRows + row), 2, value);
    }
  const TemporaryFolder folder;
  const std::string storage = pickle::storage("HalfStorage", "0", kRows * kColumns);
  Entries entries = archive(pickle::dictionary({{"w", pickle::tensor(storage, 0, {kRows, kColumns}, {1, kRows})}}));
  entries[1].second = turned;
  CHECK(read_all(*open(folder, entries), 2).at("w") == twin);
}

TEST_CASE("parameters, and a state dict inside a training checkpoint, are read") {
  const TemporaryFolder folder;
  const std::string parameter = pickle::global("torch._utils", "_rebuild_parameter") +
                                pickle::tuple({pickle::tensor(kStorage, 0, {12}, {1}), "\x88", "}"}) + "R";
  const auto source =
      open(folder, archive(pickle::dictionary(
                       {{"epoch", pickle::integer(1)}, {"state_dict", pickle::dictionary({{"w", parameter}})}})));
  REQUIRE(source->tensors().size() == 1);
  CHECK(source->tensors()[0].name == "w");
  CHECK(read_all(*source).at("w") == kData);
}

TEST_CASE("a tensor that does not fit its storage is refused by name") {
  using pickle::storage;
  using pickle::tensor;
  check_tensor_refused(tensor(kStorage, 1, {12}, {1}), "tensor w reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, 13, {0}, {1}), "tensor w reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, -1, {1}, {1}), "where a count was expected");
  check_tensor_refused(tensor(kStorage, 0, {-1}, {1}), "where a count was expected");
  check_tensor_refused(tensor(kStorage, 0, {1 << 30, 1 << 30, 1 << 30}, {1, 1, 1}), "reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, 0, {1 << 30, 1 << 30, 1 << 30, 0}, {1, 1, 1, 1}), "reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, 0, {13}, {0}), "reaches beyond its storage of 12 elements");
  check_tensor_refused(tensor(kStorage, 0, {3, 4}, {1}), "strides that do not fit");
  check_tensor_refused(tensor(kStorage, 1, {3, 4}, {1, 3}), "reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, 0, {3, 3}, {1, 5}), "reaches beyond its storage");
  check_tensor_refused(tensor(kStorage, 0, {2, 2}, {1 << 30, 1 << 30}), "reaches beyond its storage");
  check_tensor_refused(tensor(storage("FloatStorage", "0", 13), 0, {1}, {1}), "shorter than its storage");
  check_tensor_refused(tensor(storage("FloatStorage", "0", -1), 0, {1}, {1}), "has no storage");
  check_tensor_refused(tensor(storage("FloatStorage", "9", 12), 0, {1}, {1}), "archive/data/9, which the file lacks");
  check_tensor_refused(tensor(storage("_utils._rebuild_tensor_v2", "0", 1), 0, {1}, {1}), "wants to import");
  check_tensor_refused(tensor(pickle::text("0"), 0, {1}, {1}), "has no storage");
  check_tensor_refused(tensor(pickle::tuple({pickle::text("storage")}) + "Q", 0, {1}, {1}), "has no storage");
  check_tensor_refused(pickle::global("torch._utils", "_rebuild_tensor_v2") + ")R", "described incompletely");
  check_tensor_refused(pickle::global("torch._utils", "_rebuild_parameter") + ")R", "a parameter without a tensor");
  const std::vector<std::int32_t> many(65, 1);
  check_tensor_refused(tensor(kStorage, 0, many, many), "where a shape was expected");
}

TEST_CASE("a file that holds anything but a state dict is refused") {
  const TemporaryFolder folder;
  const auto check = [&](const Entries& entries, const std::string& message,
                         const std::set<std::string>& deflated = {}) {
    CHECK_THROWS_MATCHES(open(folder, entries, deflated), InputError, MessageMatches(ContainsSubstring(message)));
  };
  const std::string good = pickle::dictionary({{"w", pickle::tensor(kStorage, 0, {12}, {1})}});
  check(archive(pickle::integer(1)), "does not hold a state dict");
  check(archive("}"), "holds no tensors");
  check(archive("}(" + pickle::integer(1) + pickle::tensor(kStorage, 0, {1}, {1}) + "u"), "without a name");
  check(archive(pickle::dictionary(
            {{"w", pickle::tensor(kStorage, 0, {1}, {1})}, {"w", pickle::tensor(kStorage, 1, {1}, {1})}})),
        "without a name of its own (w)");
  check(archive(pickle::dictionary({{"w", pickle::global("__main__", "Model")}})), "wants to import __main__.Model");
  check({{"word/document.xml", ""}}, "has no data.pkl");
  check(archive(good), "is a compressed zip file", {"archive/data.pkl"});
  check(archive(good), "tensor w lies in archive/data/0, which is compressed. Unpack it", {"archive/data/0"});
  Entries big_endian = archive(good);
  big_endian.emplace_back("archive/byteorder", "big");
  check(big_endian, "big-endian");
  check({{"a/data.pkl", std::string((16 << 20) + 1, '\x88')}}, "longer than 16 MB, too long for a state dict");
  Entries doubled = archive(good);
  doubled.push_back(doubled[1]);
  check(doubled, "two zip entries named archive/data/0");
}

TEST_CASE("a zip file that is cut off or damaged is refused, never read outside its bytes") {
  const TemporaryFolder folder;
  open(folder, archive(pickle::dictionary({{"w", pickle::tensor(kStorage, 0, {12}, {1})}})));
  const std::string whole = read_text_file(folder / "x.bin");
  int refused = 0;
  for (std::size_t length = 4; length < whole.size(); length += 17) {
    write_file_atomically(folder / "cut.bin", whole.substr(0, length));
    try {
      read_all(*open_pytorch_bin(folder / "cut.bin"));
    } catch (const InputError&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    write_file_atomically(folder / "damaged.bin", damaged);
    try {
      read_all(*open_pytorch_bin(folder / "damaged.bin"));
    } catch (const InputError&) {
      ++refused; // any other exception fails the test
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("a zip entry longer than the file is refused") {
  const TemporaryFolder folder;
  open(folder, archive(pickle::dictionary({{"w", pickle::tensor(kStorage, 0, {12}, {1})}})));
  std::string bytes = read_text_file(folder / "x.bin");
  const std::string sizes = little_endian(kData.size(), 4) + little_endian(kData.size(), 4);
  const std::string longer = little_endian(1 << 24, 4) + little_endian(1 << 24, 4);
  int places = 0; // the entry's own header and the directory
  for (std::size_t at = bytes.find(sizes); at != std::string::npos; at = bytes.find(sizes, at)) {
    bytes.replace(at, sizes.size(), longer);
    ++places;
  }
  CHECK(places == 2);
  write_file_atomically(folder / "x.bin", bytes);
  CHECK_THROWS_MATCHES(open_pytorch_bin(folder / "x.bin"), InputError,
                       MessageMatches(ContainsSubstring("ends inside its zip entry archive/data/0")));
}
