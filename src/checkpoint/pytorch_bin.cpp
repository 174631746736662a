#include "checkpoint/pytorch_bin.hpp"

#include "checkpoint/mapped_weights.hpp"
#include "checkpoint/pickle.hpp"
#include "checkpoint/zip_directory.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"

#include <algorithm>
#include <set>

namespace sciexam {
namespace {

using Kind = PickleValue::Kind;

constexpr std::uint64_t kMaxPickleBytes = std::uint64_t{16} << 20; // DeBERTa-v3-large's has 50 kB
constexpr std::string_view kPickleName = "/data.pkl";
constexpr std::string_view kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils _rebuild_parameter";

constexpr std::pair<std::string_view, DType> kStorages[] = {
    {"torch FloatStorage", DType::f32},    {"torch HalfStorage", DType::f16}, {"torch BFloat16Storage", DType::bf16},
    {"torch DoubleStorage", DType::f64},   {"torch LongStorage", DType::i64}, {"torch IntStorage", DType::i32},
    {"torch ShortStorage", DType::i16},    {"torch CharStorage", DType::i8},  {"torch ByteStorage", DType::u8},
    {"torch BoolStorage", DType::boolean},
};
constexpr std::size_t kMaxRank = 64; // PyTorch's own limit

std::vector<std::string_view> allowed_globals() {
  std::vector<std::string_view> names = {kRebuildTensor, kRebuildParameter};
  for (const auto& [name, dtype] : kStorages)
    names.push_back(name);
  return names;
}

/// What a state dict's pickle says about one tensor, checked against the zip's entries.
class TensorReader {
public:
  TensorReader(const std::map<std::string, ZipEntry>& entries, std::string prefix, const std::filesystem::path& file)
      : entries_(entries), prefix_(std::move(prefix)), file_(file) {}

  /// True if the value rebuilds a tensor or a parameter.
  static bool is_tensor(const PickleValue& value) {
    return value.kind == Kind::call && (value.text == kRebuildTensor || value.text == kRebuildParameter);
  }

  /// The tensor and the offset of its first byte in the file.
  std::pair<TensorInfo, std::uint64_t> read(const std::string& name, const PickleValue& value) const {
    const PickleValue* tensor = &value;
    if (value.text == kRebuildParameter) { // (tensor, requires_grad, backward_hooks)
      const auto& arguments = value.items[0]->items;
      if (arguments.empty() || arguments[0]->kind != Kind::call || arguments[0]->text != kRebuildTensor)
        fail(name, "is a parameter without a tensor");
      tensor = arguments[0];
    }
    // (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata])
    const auto& arguments = tensor->items[0]->items;
    if (arguments.size() < 4)
      fail(name, "is described incompletely");
    const Storage storage = read_storage(name, *arguments[0]);
    const std::uint64_t first = integer(name, *arguments[1]);
    TensorInfo info{name, storage.dtype, {}};
    for (const PickleValue* size : integers(name, *arguments[2]))
      info.shape.push_back(size->integer);
    const std::uint64_t elements = checked_elements(info);
    require_contiguous(info, integers(name, *arguments[3]));
    if (first > storage.elements || elements > storage.elements - first)
      fail(name, "reaches beyond its storage");
    return {std::move(info), storage.offset + first * size_of(storage.dtype)};
  }

private:
  struct Storage {
    DType dtype;
    std::uint64_t offset, elements;
  };

  [[noreturn]] void fail(const std::string& name, const std::string& problem,
                         const std::string& remedy = "Take the file from its source again") const {
    throw InputError({file_}, "tensor " + name + " " + problem, remedy);
  }

  std::uint64_t integer(const std::string& name, const PickleValue& value) const {
    if (value.kind != Kind::integer || value.integer < 0)
      fail(name, "has something else where a count was expected");
    return static_cast<std::uint64_t>(value.integer);
  }

  const std::vector<const PickleValue*>& integers(const std::string& name, const PickleValue& value) const {
    if (value.kind != Kind::tuple || value.items.size() > kMaxRank)
      fail(name, "has something else where a shape was expected");
    for (const PickleValue* item : value.items)
      integer(name, *item);
    return value.items;
  }

  std::uint64_t checked_elements(const TensorInfo& info) const {
    std::uint64_t product = 1, bytes = 0;
    for (const std::int64_t size : info.shape)
      if (__builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &product))
        fail(info.name, "has more elements than a file can hold");
    if (__builtin_mul_overflow(product, size_of(info.dtype), &bytes))
      fail(info.name, "has more elements than a file can hold");
    return product;
  }

  void require_contiguous(const TensorInfo& info, const std::vector<const PickleValue*>& strides) const {
    if (strides.size() != info.shape.size())
      fail(info.name, "has strides that do not fit its shape");
    std::uint64_t expected = 1;
    const bool empty = std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end();
    for (std::size_t i = info.shape.size(); !empty && i > 0; --i) {
      if (info.shape[i - 1] != 1 && static_cast<std::uint64_t>(strides[i - 1]->integer) != expected)
        fail(info.name, "is not contiguous",
             "Save it from PyTorch again, with .contiguous() called on every tensor of the state dict");
      expected *= static_cast<std::uint64_t>(info.shape[i - 1]);
    }
  }

  /// persistent id: ("storage", storage class, key, location, number of elements)
  Storage read_storage(const std::string& name, const PickleValue& value) const {
    const PickleValue* id = value.kind == Kind::persistent ? value.items[0] : nullptr;
    if (id == nullptr || id->kind != Kind::tuple || id->items.size() != 5 || id->items[0]->text != "storage" ||
        id->items[1]->kind != Kind::global || id->items[2]->kind != Kind::text)
      fail(name, "has no storage");
    const auto* type = std::find_if(std::begin(kStorages), std::end(kStorages),
                                    [&](const auto& storage) { return storage.first == id->items[1]->text; });
    if (type == std::end(kStorages))
      fail(name, "has no storage");
    const DType dtype = type->second;
    const std::string entry_name = prefix_ + "/data/" + id->items[2]->text;
    const auto found = entries_.find(entry_name);
    if (found == entries_.end())
      fail(name, "lies in " + entry_name + ", which the file lacks");
    if (!found->second.stored)
      fail(name, "lies in " + entry_name + ", which is compressed",
           "Save it again by torch.save, which does not compress");
    const std::uint64_t elements = integer(name, *id->items[4]);
    if (elements > found->second.size / size_of(dtype))
      fail(name, "lies in " + entry_name + ", which is shorter than its storage");
    return {dtype, found->second.offset, elements};
  }

  const std::map<std::string, ZipEntry>& entries_;
  std::string prefix_;
  const std::filesystem::path& file_;
};

/// The dictionary of tensors: the pickle itself, or the member that training scripts put it into.
const PickleValue& state_dict(const PickleValue& root, const std::filesystem::path& file) {
  for (const std::string_view key : {"state_dict", "model_state_dict", "model"})
    if (const PickleValue* inner = root.find(key); inner != nullptr && inner->kind == Kind::dictionary)
      return *inner;
  if (root.kind != Kind::dictionary)
    throw InputError({file}, "does not hold a state dict", "Save model.state_dict() alone");
  return root;
}

/// The content of a small stored entry.
std::string_view stored_text(std::span<const std::byte> bytes, const ZipEntry& entry,
                             const std::filesystem::path& file) {
  if (!entry.stored)
    throw InputError({file}, "is a compressed zip file", "Save it again by torch.save, which does not compress");
  const auto part = bytes.subspan(entry.offset, entry.size);
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

/// The folder inside the zip that holds data.pkl.
std::string archive_prefix(const std::map<std::string, ZipEntry>& entries, const std::filesystem::path& file) {
  for (const auto& [name, entry] : entries)
    if (name.ends_with(kPickleName) && name.find('/') == name.size() - kPickleName.size())
      return name.substr(0, name.size() - kPickleName.size());
  throw InputError({file}, "is a zip file, but not one of torch.save: it has no data.pkl",
                   "Give a pytorch_model.bin or a model.safetensors");
}

} // namespace

bool is_old_pytorch_form(std::span<const std::byte> file_begin) noexcept {
  // PROTO 2, LONG1 of 10 bytes: MAGIC_NUMBER of torch/serialization.py, 0x1950a86a20f9469cfc6c.
  constexpr unsigned char kMagic[] = {0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19};
  return file_begin.size() >= sizeof kMagic &&
         std::equal(std::begin(kMagic), std::end(kMagic), file_begin.begin(),
                    [](unsigned char expected, std::byte found) { return std::byte{expected} == found; });
}

std::unique_ptr<WeightSource> open_pytorch_bin(const std::filesystem::path& file) {
  MappedFile mapped(file);
  const auto bytes = mapped.bytes();
  if (is_old_pytorch_form(bytes))
    throw InputError({file}, "is in the form that PyTorch wrote before version 1.6",
                     "Convert it in a current PyTorch: torch.save(torch.load(\"" + file.filename().string() +
                         "\"), \"new.bin\"), or save it as model.safetensors");
  const auto entries = read_zip_directory(bytes, file);
  const std::string prefix = archive_prefix(entries, file);
  if (const auto order = entries.find(prefix + "/byteorder");
      order != entries.end() && stored_text(bytes, order->second, file) != "little")
    throw InputError({file}, "was saved on a big-endian machine", "Save it again on a little-endian one");
  const ZipEntry& pickle_entry = entries.at(prefix + std::string(kPickleName));
  const std::string_view text = stored_text(bytes, pickle_entry, file);
  if (text.size() > kMaxPickleBytes)
    throw InputError({file}, "has a data.pkl of " + std::to_string(text.size()) + " bytes, too long for a state dict",
                     "Save model.state_dict() alone");
  const Pickle pickle(std::as_bytes(std::span(text)), file, allowed_globals());

  const TensorReader reader(entries, prefix, file);
  const PickleValue& dictionary = state_dict(pickle.root(), file);
  std::vector<TensorInfo> tensors;
  std::vector<std::uint64_t> offsets;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
    const PickleValue &key = *dictionary.items[i], &value = *dictionary.items[i + 1];
    if (!TensorReader::is_tensor(value))
      continue; // counters and settings that stand beside the weights
    if (key.kind != Kind::text || !names.insert(key.text).second)
      throw InputError({file}, "has a tensor without a name of its own (" + key.text + ")",
                       "Save model.state_dict() alone");
    auto [info, offset] = reader.read(key.text, value);
    tensors.push_back(std::move(info));
    offsets.push_back(offset);
  }
  if (tensors.empty())
    throw InputError({file}, "holds no tensors", "Save model.state_dict() alone");
  return std::make_unique<MappedWeights>(std::move(mapped), std::move(tensors), std::move(offsets));
}

} // namespace sciexam
