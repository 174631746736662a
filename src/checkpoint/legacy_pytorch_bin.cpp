#include "checkpoint/legacy_pytorch_bin.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace sciexam::inline checkpoint {
namespace {

using Kind = PickleValue::Kind;

/// LONG1 of 10 bytes: MAGIC_NUMBER of torch/serialization.py, 0x1950a86a20f9469cfc6c; STOP.
constexpr std::array<unsigned char, 13> kMagic = {0x8A, 10,   0x6C, 0xFC, 0x9C, 0x46, 0xF9,
                                                  0x20, 0x6A, 0xA8, 0x50, 0x19, '.'};
constexpr std::int64_t kProtocol = 1001;

/// A file of that form, read from front to back.
class LegacyReader {
public:
  LegacyReader(std::span<const std::byte> bytes, const std::filesystem::path& file) : bytes_(bytes), file_(file) {}

  void skip(std::uint64_t count) { at_ += count; }

  Pickle pickle(std::span<const std::string_view> allowed_globals = {}) {
    Pickle value(bytes_.subspan(at_), file_, allowed_globals);
    at_ += value.size();
    return value;
  }

  /// The data of a storage that is known from the object's pickle.
  StoragePlace storage(const StorageId& id) {
    std::int64_t elements = 0;
    if (bytes_.size() - at_ < sizeof elements)
      fail_cut(id.key);
    std::memcpy(&elements, bytes_.data() + at_, sizeof elements);
    at_ += sizeof elements;
    if (elements < 0 || static_cast<std::uint64_t>(elements) != id.elements)
      throw InputError({file_},
                       "has storage " + id.key + " with " + std::to_string(elements) + " elements instead of " +
                           std::to_string(id.elements),
                       kDamaged);
    const std::size_t element = size_of(id.dtype);
    if (id.elements > (bytes_.size() - at_) / element)
      fail_cut(id.key);
    const StoragePlace place{at_, id.elements * element};
    at_ += place.bytes;
    return place;
  }

  [[noreturn]] void fail(const std::string& problem, const std::string& remedy = kDamaged) const {
    throw InputError({file_}, problem, remedy);
  }

private:
  inline static const std::string kDamaged = "The file is damaged: get it from its source again";

  [[noreturn]] void fail_cut(const std::string& key) const {
    fail("ends inside its storage " + key, "The file is cut off: get it from its source again");
  }

  std::span<const std::byte> bytes_;
  const std::filesystem::path& file_;
  std::uint64_t at_ = 0;
};

/// Bytes of the first pickle, the magic number, in any protocol of the pickle; nullopt for anything else.
std::optional<std::size_t> magic_length(std::span<const std::byte> file_begin) noexcept {
  const auto byte_at = [&](std::size_t i) { return std::to_integer<unsigned>(file_begin[i]); };
  constexpr std::size_t kProto = 2, kFrame = 9; // their opcodes with operands
  if (file_begin.size() < kProto + kFrame + kMagic.size() || byte_at(0) != 0x80 || byte_at(1) < 2 || byte_at(1) > 5)
    return std::nullopt;
  const std::size_t at = byte_at(kProto) == 0x95 ? kProto + kFrame : kProto;
  for (std::size_t i = 0; i < kMagic.size(); ++i)
    if (byte_at(at + i) != kMagic[i])
      return std::nullopt;
  return at + kMagic.size();
}

void check_machine(LegacyReader& reader) {
  const Pickle protocol = reader.pickle();
  if (protocol.root().kind != Kind::integer || protocol.root().integer != kProtocol)
    reader.fail("is of an unknown protocol of torch.save");
  const Pickle machine = reader.pickle(); // {"protocol_version": 1001, "little_endian": True, "type_sizes": {...}}
  const PickleValue* little_endian = machine.root().find("little_endian");
  if (little_endian != nullptr && little_endian->integer == 0)
    reader.fail("was saved on a big-endian machine", "Save it again on a little-endian one");
}

/// The storages that a pickle refers to, also for what is not a weight: all of them lie in the file.
std::map<std::string, StorageId> storage_ids(const Pickle& object, const LegacyReader& reader) {
  std::map<std::string, StorageId> ids;
  for (const PickleValue& value : object.values())
    if (const std::optional<StorageId> id = read_storage_id(value)) {
      const auto [known, fresh] = ids.emplace(id->key, *id);
      if (!fresh && (known->second.dtype != id->dtype || known->second.elements != id->elements))
        reader.fail("describes its storage " + id->key + " in two ways");
    }
  return ids;
}

/// Places of all storages, in the order of their keys.
Storages read_storages(LegacyReader& reader, const std::map<std::string, StorageId>& ids) {
  const Pickle keys = reader.pickle();
  if (keys.root().kind != Kind::list)
    reader.fail("lacks the list of its storages");
  Storages storages{"storage "};
  for (const PickleValue* key : keys.root().items) {
    const auto id = key->kind == Kind::text ? ids.find(key->text) : ids.end();
    if (id == ids.end())
      reader.fail("has a storage " + key->text + " of unknown type");
    if (!storages.by_key.emplace(key->text, reader.storage(id->second)).second)
      reader.fail("has its storage " + key->text + " twice");
  }
  return storages;
}

} // namespace

bool is_legacy_pytorch_bin(std::span<const std::byte> file_begin) noexcept {
  return magic_length(file_begin).has_value();
}

StateDict read_legacy_pytorch_bin(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  LegacyReader reader(bytes, file);
  reader.skip(magic_length(bytes).value());
  check_machine(reader);
  const Pickle object = reader.pickle(state_dict_globals());
  const Storages storages = read_storages(reader, storage_ids(object, reader));
  return read_state_dict(object.root(), storages, file);
}

} // namespace sciexam::inline checkpoint
