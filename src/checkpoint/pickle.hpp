// A restricted reader of Python pickles, protocols 2 to 5: it builds plain
// values and executes nothing. What a pickle wants to import or call is only
// recorded, for a caller who knows what it means.
// Opcodes after Python's Lib/pickletools.py.
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

namespace sciexam {

/// One value of a pickle. Which members mean something depends on `kind`.
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
    call,       ///< text: the global that was to be called; items[0]: the tuple of its arguments
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

/// A pickle as values. They may refer to each other in any way, also in circles.
class Pickle {
public:
  /// Throws InputError (naming `file` and the byte offset) if the pickle is
  /// damaged, uses an opcode that a state dict does not need, or names a global
  /// that is none of `allowed_globals` ("module name"). collections.OrderedDict
  /// is always known and becomes a dictionary.
  Pickle(std::span<const std::byte> bytes, const std::filesystem::path& file,
         std::span<const std::string_view> allowed_globals);

  const PickleValue& root() const noexcept { return *root_; }

private:
  std::deque<PickleValue> values_; // owns all values; stays in place when the pickle moves
  const PickleValue* root_ = nullptr;
};

} // namespace sciexam
