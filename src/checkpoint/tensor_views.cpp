#include "checkpoint/tensor_views.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline checkpoint {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kRebuildTensor = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter = "torch._utils _rebuild_parameter";
constexpr std::size_t kMaxRank = 64; // PyTorch's own limit

constexpr std::array<std::pair<std::string_view, DType>, 10> kStorageClasses = {
    {{"torch FloatStorage", DType::f32},
     {"torch HalfStorage", DType::f16},
     {"torch BFloat16Storage", DType::bf16},
     {"torch DoubleStorage", DType::f64},
     {"torch LongStorage", DType::i64},
     {"torch IntStorage", DType::i32},
     {"torch ShortStorage", DType::i16},
     {"torch CharStorage", DType::i8},
     {"torch ByteStorage", DType::u8},
     {"torch BoolStorage", DType::boolean}}};

/// Reads one tensor; all that is wrong with it is reported under its name.
class ViewReader {
public:
  ViewReader(const std::string& name, const Storages& storages, const std::filesystem::path& file)
      : name_(name), storages_(storages), file_(file) {}

  std::pair<TensorInfo, TensorPlace> read(const PickleValue& value) const {
    // (storage, storage_offset, size, stride, requires_grad, backward_hooks[, metadata])
    const auto& arguments = tensor_call(value).items[0]->items;
    if (arguments.size() < 4)
      fail("is described incompletely");
    const std::optional<StorageId> id = read_storage_id(*arguments[0]);
    if (!id)
      fail("has no storage");
    const StoragePlace& storage = find_storage(*id);
    const std::uint64_t first = count(*arguments[1]);
    const TensorInfo info{name_, id->dtype, counts(*arguments[2])};
    std::vector<std::int64_t> strides = counts(*arguments[3]);
    if (strides.size() != info.shape.size())
      fail("has strides that do not fit its shape");
    require_inside(info, strides, first, id->elements);
    if (is_row_major(info.shape, strides))
      strides.clear();
    return {info, {storage.offset + first * size_of(id->dtype), std::move(strides)}};
  }

private:
  [[noreturn]] void fail(const std::string& problem,
                         const std::string& remedy = "Get the file from its source again") const {
    throw InputError({file_}, "tensor " + name_ + " " + problem, remedy);
  }

  const PickleValue& tensor_call(const PickleValue& value) const {
    if (value.text != kRebuildParameter)
      return value;
    const auto& arguments = value.items[0]->items; // (tensor, requires_grad, backward_hooks)
    if (arguments.empty() || arguments[0]->kind != Kind::call || arguments[0]->text != kRebuildTensor)
      fail("is a parameter without a tensor");
    return *arguments[0];
  }

  std::uint64_t count(const PickleValue& value) const {
    if (value.kind != Kind::integer || value.integer < 0)
      fail("has something else where a count was expected");
    return static_cast<std::uint64_t>(value.integer);
  }

  std::vector<std::int64_t> counts(const PickleValue& value) const {
    if (value.kind != Kind::tuple || value.items.size() > kMaxRank)
      fail("has something else where a shape was expected");
    std::vector<std::int64_t> numbers;
    for (const PickleValue* item : value.items)
      numbers.push_back(static_cast<std::int64_t>(count(*item)));
    return numbers;
  }

  const StoragePlace& find_storage(const StorageId& id) const {
    const std::string place = storages_.prefix + id.key;
    const auto found = storages_.by_key.find(id.key);
    if (found == storages_.by_key.end())
      fail("lies in " + place + ", which the file lacks");
    if (found->second.compressed)
      fail("lies in " + place + ", which is compressed", std::string(kUncompressed));
    if (id.elements > found->second.bytes / size_of(id.dtype))
      fail("lies in " + place + ", which is shorter than its storage");
    return found->second;
  }

  /// No element may lie beyond the storage, nor may a view repeat elements so that it outgrows the file.
  void require_inside(const TensorInfo& info, const std::vector<std::int64_t>& strides, std::uint64_t first,
                      std::uint64_t stored) const {
    std::uint64_t elements = 1, last = 0;
    bool overflows = false;
    for (std::size_t i = 0; i < info.shape.size(); ++i) {
      const auto size = static_cast<std::uint64_t>(info.shape[i]);
      std::uint64_t reach = 0;
      overflows |= __builtin_mul_overflow(elements, size, &elements);
      if (size > 1)
        overflows |= __builtin_mul_overflow(size - 1, static_cast<std::uint64_t>(strides[i]), &reach);
      overflows |= __builtin_add_overflow(last, reach, &last);
    }
    const bool empty = std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end();
    if (overflows || first > stored || (!empty && (elements > stored || last >= stored - first)))
      fail("reaches beyond its storage of " + counted(stored, "element"));
  }

  static bool is_row_major(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& strides) {
    if (std::find(shape.begin(), shape.end(), 0) != shape.end())
      return true;
    std::int64_t expected = 1; // cannot overflow: all elements lie in a file
    for (std::size_t i = shape.size(); i > 0; --i) {
      if (shape[i - 1] != 1 && strides[i - 1] != expected)
        return false;
      expected *= shape[i - 1];
    }
    return true;
  }

  const std::string& name_;
  const Storages& storages_;
  const std::filesystem::path& file_;
};

} // namespace

std::optional<StorageId> read_storage_id(const PickleValue& value) {
  const PickleValue* id = value.kind == Kind::persistent ? value.items[0] : nullptr;
  if (id == nullptr || id->kind != Kind::tuple || id->items.size() < 5 || id->items.size() > 6 ||
      id->items[0]->kind != Kind::text || id->items[0]->text != "storage" || id->items[1]->kind != Kind::global ||
      id->items[2]->kind != Kind::text || id->items[4]->kind != Kind::integer || id->items[4]->integer < 0)
    return std::nullopt;
  if (id->items.size() == 6 && id->items[5]->kind != Kind::none) // a view of another storage, from before PyTorch 0.4
    return std::nullopt;
  const auto* const type = std::find_if(kStorageClasses.begin(), kStorageClasses.end(),
                                        [&](const auto& storage) { return storage.first == id->items[1]->text; });
  if (type == kStorageClasses.end())
    return std::nullopt;
  return StorageId{type->second, id->items[2]->text, static_cast<std::uint64_t>(id->items[4]->integer)};
}

const std::vector<std::string_view>& tensor_globals() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all = {kRebuildTensor, kRebuildParameter};
    for (const auto& [name, dtype] : kStorageClasses)
      all.push_back(name);
    return all;
  }();
  return names;
}

bool is_tensor(const PickleValue& value) {
  return value.kind == Kind::call && (value.text == kRebuildTensor || value.text == kRebuildParameter);
}

std::pair<TensorInfo, TensorPlace> read_tensor_view(const std::string& name, const PickleValue& value,
                                                    const Storages& storages, const std::filesystem::path& file) {
  return ViewReader(name, storages, file).read(value);
}

} // namespace sciexam::inline checkpoint
