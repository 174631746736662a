#include "checkpoint/written_files.hpp"

#include "checkpoint/safetensors.hpp"

#include <mutex>
#include <stdexcept>

#include <minizip/zip.h>

namespace sciexam::test {

std::string little_endian(std::uint64_t value, int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

std::string safetensors_text(std::string_view json, std::size_t data_bytes) {
  return little_endian(json.size(), 8) + std::string(json) + std::string(data_bytes, '\0');
}

std::string small_safetensors(const std::vector<std::string>& names) {
  std::vector<TensorInfo> tensors;
  for (const std::string& name : names)
    tensors.push_back({name, DType::f32, {2}});
  return safetensors_header(tensors, {}) + std::string(8 * names.size(), '\0');
}

void write_zip(const std::filesystem::path& file, const std::vector<std::pair<std::string, std::string>>& entries,
               const std::set<std::string>& deflated) {
  const zipFile zip = zipOpen64(file.c_str(), APPEND_STATUS_CREATE);
  bool good = zip != nullptr;
  for (const auto& [name, content] : entries) {
    good = good &&
           zipOpenNewFileInZip64(zip, name.c_str(), nullptr, nullptr, 0, nullptr, 0, nullptr,
                                 deflated.contains(name) ? Z_DEFLATED : 0, Z_DEFAULT_COMPRESSION, 0) == ZIP_OK &&
           zipWriteInFileInZip(zip, content.data(), static_cast<unsigned>(content.size())) == ZIP_OK &&
           zipCloseFileInZip(zip) == ZIP_OK;
  }
  if (zipClose(zip, nullptr) != ZIP_OK || !good)
    throw std::runtime_error("cannot write a zip file");
}

std::string legacy_file(std::string_view object, const std::vector<LegacyStorage>& storages) {
  std::string keys = "](", data;
  for (const LegacyStorage& storage : storages) {
    keys += pickle::text(storage.key);
    data += little_endian(storage.elements, 8) + storage.data;
  }
  const std::string magic = "\x8a\nl\xfc\x9c"
                            "F\xf9 j\xa8P\x19";
  const std::string machine =
      pickle::dictionary({{"protocol_version", "M\xe9\x03"}, {"little_endian", "\x88"}, {"type_sizes", "}"}});
  return pickle::whole(magic) + pickle::whole("M\xe9\x03") + pickle::whole(machine) + std::string(object) +
         pickle::whole(keys + "e") + data;
}

std::map<std::string, std::string> read_all(WeightSource& source, int threads) {
  std::map<std::string, std::string> data;
  for (const TensorInfo& tensor : source.tensors())
    data[tensor.name].resize(tensor.bytes());
  std::mutex mutex;
  source.read([](const TensorInfo&) { return true; },
              [&](const TensorChunk& chunk) {
                const std::lock_guard lock(mutex);
                data.at(chunk.tensor.name)
                    .replace(chunk.first * size_of(chunk.tensor.dtype), chunk.bytes.size(),
                             reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
              },
              threads);
  return data;
}

namespace pickle {

std::string text(std::string_view value) {
  return "X" + little_endian(value.size(), 4) + std::string(value);
}

std::string integer(std::int32_t value) {
  return "J" + little_endian(static_cast<std::uint32_t>(value), 4);
}

std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}

std::string tuple(const std::vector<std::string>& items) {
  std::string piece = "(";
  for (const std::string& item : items)
    piece += item;
  return piece + "t";
}

std::string integers(const std::vector<std::int32_t>& values) {
  std::vector<std::string> items;
  for (const std::int32_t value : values)
    items.push_back(integer(value));
  return tuple(items);
}

std::string storage(std::string_view storage_class, std::string_view key, std::int32_t elements) {
  return tuple({text("storage"), global("torch", storage_class), text(key), text("cpu"), integer(elements)}) + "Q";
}

std::string legacy_storage(std::string_view storage_class, std::string_view key, std::int32_t elements) {
  return tuple({text("storage"), global("torch", storage_class), text(key), text("cpu"), integer(elements), "N"}) + "Q";
}

std::string tensor(const std::string& storage, std::int32_t offset, const std::vector<std::int32_t>& shape,
                   const std::vector<std::int32_t>& strides) {
  const std::string no_hooks = global("collections", "OrderedDict") + ")R";
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage, integer(offset), integers(shape), integers(strides), "\x89", no_hooks}) + "R";
}

std::string dictionary(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string piece = "}(";
  for (const auto& [key, value] : members)
    piece += text(key) + value;
  return piece + "u";
}

std::string whole(std::string_view value) {
  return "\x80\x02" + std::string(value) + ".";
}

} // namespace pickle
} // namespace sciexam::test
