// A restricted reader of Python pickles, protocols 2 to 5: it builds plain values and executes nothing. What a pickle
// imports or calls is only recorded, for a caller that knows what it means. Opcodes as in Python's Lib/pickletools.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline checkpoint {

/// One value of a pickle. `kind` says which members are used.
struct PickleValue {
  enum class Kind {
    none,
    boolean,    ///< integer: 0 or 1
    integer,    ///< integer
    real,       ///< its value is not kept
    text,       ///< text, UTF-8
    bytes,      ///< text
    tuple,      ///< items
    list,       ///< items
    dictionary, ///< items: key, value, key, value, ...
    global,     ///< text: "module name"
    call,       ///< text: the global that was to be called; items[0]: the tuple of its arguments. State and items that
                ///< were to be added to the result are not kept.
    persistent, ///< items[0]: the persistent id
    mark,       ///< only inside the reader
  };

  Kind kind = Kind::none;
  std::int64_t integer = 0;
  std::string text = {};
  std::vector<const PickleValue*> items = {};

  /// The value of a dictionary's text key; null if it has none.
  const PickleValue* find(std::string_view key) const;
};

inline constexpr std::size_t kMaxPickleBytes = std::size_t{16} << 20; // DeBERTa-v3-large's has 50 kB

/// A pickle as values. They may refer to each other in any way, even in cycles.
class Pickle {
public:
  /// Reads up to the pickle's end; more may follow. Throws InputError (naming `file` and the byte offset) if it is
  /// damaged or longer than kMaxPickleBytes, uses an opcode that a state dict does not need, or names a global that is
  /// not among `allowed_globals` ("module name"). collections.OrderedDict is always known and becomes a dictionary.
  Pickle(std::span<const std::byte> bytes, const std::filesystem::path& file,
         std::span<const std::string_view> allowed_globals);

  const PickleValue& root() const noexcept { return *root_; }
  /// All values, also those that the root does not hold.
  const std::deque<PickleValue>& values() const noexcept { return values_; }
  /// Bytes from the first opcode to STOP.
  std::size_t size() const noexcept { return size_; }

private:
  std::deque<PickleValue> values_; // owns all values; stays in place when the pickle moves
  const PickleValue* root_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace sciexam::inline checkpoint
