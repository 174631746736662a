#include "checkpoint/safetensors.hpp"

#include "checkpoint/mapped_weights.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/json.hpp"

#include <algorithm>

namespace sciexam::inline checkpoint {
namespace {

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000; // as in the reference implementation
constexpr std::uint64_t kDataAlignment = 8;
constexpr std::string_view kMetadataKey = "__metadata__";
const std::string kRemedy = "The file is damaged or cut off: get it from its source again";

constexpr DType kDTypes[] = {DType::f32, DType::f16, DType::bf16, DType::f64, DType::i64,
                             DType::i32, DType::i16, DType::i8,   DType::u8,  DType::boolean};

/// A tensor and where its data lie according to the header, counted from the header's end.
struct Entry {
  TensorInfo tensor;
  std::uint64_t begin, end;
};

std::uint64_t read_little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

DType parse_dtype(const JsonView& view) {
  const std::string name = view.string();
  for (const DType dtype : kDTypes)
    if (name == name_of(dtype))
      return dtype;
  view.fail("is \"" + name + "\", which is not an element type that sciexam reads",
            "Save the checkpoint in F32, F16 or BF16");
}

std::vector<std::int64_t> parse_shape(const JsonView& view) {
  std::vector<std::int64_t> shape;
  std::uint64_t product = sizeof(double); // of the widest type: TensorInfo::bytes() cannot overflow either
  for (std::size_t i = 0; i < view.size(); ++i) {
    shape.push_back(view.at(i).integer(0, INT64_MAX));
    if (__builtin_mul_overflow(product, static_cast<std::uint64_t>(shape.back()), &product))
      view.fail("has more elements than a file can hold", kRemedy);
  }
  return shape;
}

Entry parse_entry(const std::string& name, const JsonView& view) {
  view.allow_only({"dtype", "shape", "data_offsets"});
  Entry entry{{name, parse_dtype(view.at("dtype")), parse_shape(view.at("shape"))}, 0, 0};
  const JsonView offsets = view.at("data_offsets");
  if (offsets.size() != 2)
    offsets.fail("is not a pair of offsets", kRemedy);
  entry.begin = static_cast<std::uint64_t>(offsets.at(std::size_t{0}).integer(0, INT64_MAX));
  entry.end = static_cast<std::uint64_t>(offsets.at(1).integer(0, INT64_MAX));
  if (entry.end < entry.begin || entry.end - entry.begin != entry.tensor.bytes())
    offsets.fail("spans " + std::to_string(static_cast<std::int64_t>(entry.end - entry.begin)) +
                     " bytes, but the shape and type need " + std::to_string(entry.tensor.bytes()),
                 kRemedy);
  return entry;
}

/// The length of the header with its length field; throws if it cannot be right.
std::uint64_t header_length(std::span<const std::byte> file_begin, std::uint64_t file_size,
                            const std::filesystem::path& name) {
  if (file_begin.size() < kLengthBytes || file_size < file_begin.size())
    throw InputError({name}, "is too short for a safetensors file", kRemedy);
  const std::uint64_t json_bytes = read_little_endian(file_begin);
  if (json_bytes > kMaxHeaderBytes)
    throw InputError({name}, "has a safetensors header of " + std::to_string(json_bytes) + " bytes, more than 100 MB",
                     kRemedy);
  if (json_bytes > file_begin.size() - kLengthBytes)
    throw InputError({name}, "ends inside its safetensors header of " + counted(json_bytes, "byte"), kRemedy);
  return kLengthBytes + json_bytes;
}

/// Puts the entries into the order of their data, which must fill all that follows the header.
SafetensorsHeader arrange(std::vector<Entry> entries, std::uint64_t length, std::uint64_t file_size,
                          const std::filesystem::path& name) {
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  SafetensorsHeader header;
  header.length = length;
  std::uint64_t expected = 0;
  for (Entry& entry : entries) {
    if (entry.begin != expected)
      throw InputError({name},
                       "tensor " + entry.tensor.name + " begins at byte " + std::to_string(entry.begin) +
                           " of the data, where " + std::to_string(expected) + " was expected: data " +
                           (entry.begin < expected ? "overlap" : "leave a hole"),
                       kRemedy);
    expected = entry.end;
    header.offsets.push_back(length + entry.begin);
    header.tensors.push_back(std::move(entry.tensor));
  }
  if (expected != file_size - length)
    throw InputError({name},
                     "has " + counted(file_size - length, "byte") + " of data, but its header describes " +
                         std::to_string(expected),
                     kRemedy);
  return header;
}

} // namespace

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file_begin, std::uint64_t file_size,
                                           const std::filesystem::path& name) {
  const std::uint64_t length = header_length(file_begin, file_size, name);
  const auto json = file_begin.subspan(kLengthBytes, length - kLengthBytes);
  const JsonDocument document({reinterpret_cast<const char*>(json.data()), json.size()}, name);
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  for (const auto& [key, view] : document.root().members()) {
    if (key == kMetadataKey) {
      for (const auto& [text_key, text] : view.members())
        metadata.emplace(text_key, text.string());
    } else {
      entries.push_back(parse_entry(key, view));
    }
  }
  SafetensorsHeader header = arrange(std::move(entries), length, file_size, name);
  header.metadata = std::move(metadata);
  return header;
}

std::unique_ptr<WeightSource> open_safetensors(const std::filesystem::path& file) {
  MappedFile mapped(file);
  SafetensorsHeader header = parse_safetensors_header(mapped.bytes(), mapped.bytes().size(), file);
  std::vector<TensorPlace> places;
  places.reserve(header.offsets.size());
  for (const std::uint64_t offset : header.offsets)
    places.push_back({offset, {}});
  return std::make_unique<MappedWeights>(std::move(mapped), std::move(header.tensors), std::move(places));
}

std::string safetensors_header(std::span<const TensorInfo> tensors,
                               const std::map<std::string, std::string>& metadata) {
  Json json = Json::object();
  if (!metadata.empty())
    json[std::string(kMetadataKey)] = metadata;
  std::uint64_t offset = 0;
  for (const TensorInfo& tensor : tensors) {
    const std::uint64_t end = offset + tensor.bytes();
    json[tensor.name] = {{"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = json.dump();
  text.resize((text.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment, ' ');
  std::string header;
  for (std::size_t i = 0; i < kLengthBytes; ++i)
    header += static_cast<char>(text.size() >> (8 * i) & 0xFF);
  return header + text;
}

void write_safetensors(
    const std::filesystem::path& file, std::span<const TensorInfo> tensors,
    const std::map<std::string, std::string>& metadata,
    const std::function<void(std::size_t index, std::size_t first, std::span<std::byte> out)>& data) {
  constexpr std::size_t kPiece = std::size_t{4} << 20;
  AtomicFile out(file);
  out.write(safetensors_header(tensors, metadata));
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    for (std::size_t first = 0; first < tensors[i].bytes(); first += bytes.size()) {
      bytes.resize(std::min(kPiece, static_cast<std::size_t>(tensors[i].bytes()) - first));
      data(i, first, bytes);
      out.write(bytes);
    }
  out.commit();
}

} // namespace sciexam::inline checkpoint
