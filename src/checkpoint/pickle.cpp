#include "checkpoint/pickle.hpp"

#include "support/errors.hpp"
#include "support/text/utf8.hpp"

#include <algorithm>
#include <unordered_map>

namespace sciexam::inline checkpoint {
namespace {

using Kind = PickleValue::Kind;
constexpr std::string_view kOrderedDict = "collections OrderedDict";
constexpr int kOldestProtocol = 2, kNewestProtocol = 5;

/// The bytes of a pickle, read from front to back.
class Reader {
public:
  Reader(std::span<const std::byte> bytes, const std::filesystem::path& file)
      : bytes_(bytes.first(std::min(bytes.size(), kMaxPickleBytes))), more_follows_(bytes.size() > kMaxPickleBytes),
        file_(file) {}

  std::size_t position() const { return at_; }

  [[noreturn]] void fail(const std::string& problem,
                         const std::string& remedy = "Get the file from its source again, or save the weights as "
                                                     "model.safetensors") const {
    throw InputError({file_}, "its pickle " + problem + " at byte " + std::to_string(opcode_at_), remedy);
  }

  unsigned char opcode() {
    opcode_at_ = at_;
    return static_cast<unsigned char>(take(1)[0]);
  }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_)
      fail(more_follows_ ? "is longer than 16 MB, too long for a state dict," : "ends too early");
    const auto part = bytes_.subspan(at_, count);
    at_ += count;
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

  /// A little-endian number of 1 to 8 bytes.
  std::uint64_t number(std::size_t size) {
    const std::string_view raw = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    return value;
  }

  /// Two's complement of any length, as LONG1 has it.
  std::int64_t long_integer(std::size_t size) {
    if (size > sizeof(std::int64_t))
      fail("has an integer of more than 64 bits");
    const std::uint64_t value = number(size);
    const std::size_t unused = 64 - 8 * size;
    return size == 0 ? 0 : static_cast<std::int64_t>(value << unused) >> unused;
  }

  std::string_view line() {
    const std::size_t start = at_;
    while (take(1) != "\n") {
    }
    return {reinterpret_cast<const char*>(bytes_.data()) + start, at_ - start - 1};
  }

  std::string text(std::uint64_t size) {
    const std::string_view raw = take(size);
    if (find_invalid_utf8(raw) != std::string_view::npos)
      fail("has a text that is not UTF-8");
    return std::string(raw);
  }

private:
  std::span<const std::byte> bytes_;
  bool more_follows_;
  const std::filesystem::path& file_;
  std::size_t at_ = 0, opcode_at_ = 0;
};

/// The stack machine. Each opcode costs memory in proportion to its own bytes
/// and to what it takes from the stack, so memory is bounded by some 70 times
/// the size of the pickle.
class Machine {
public:
  Machine(Reader reader, std::deque<PickleValue>& values, std::span<const std::string_view> allowed_globals)
      : reader_(reader), values_(values), allowed_(allowed_globals) {}

  /// Runs to STOP and returns the value on top.
  const PickleValue* run() {
    for (;;) {
      const unsigned char opcode = reader_.opcode();
      if (opcode == '.')
        return pop();
      if (!run_constant(opcode) && !run_container(opcode) && !run_memo(opcode) && !run_object(opcode))
        reader_.fail("uses opcode " + std::to_string(opcode) + ", which no state dict needs,");
    }
  }

  std::size_t position() const { return reader_.position(); }

private:
  // Numbers and texts, and the two opcodes of framing.
  bool run_constant(unsigned char opcode) {
    switch (opcode) {
    case 0x80: { // PROTO
      const std::uint64_t protocol = reader_.number(1);
      if (protocol < kOldestProtocol || protocol > kNewestProtocol)
        reader_.fail("has protocol " + std::to_string(protocol));
      return true;
    }
    case 0x95: // FRAME
      reader_.number(8);
      return true;
    case 'N':
      return push({Kind::none});
    case 0x88: // NEWTRUE
      return push({Kind::boolean, 1});
    case 0x89: // NEWFALSE
      return push({Kind::boolean, 0});
    case 'J': // BININT
      return push({Kind::integer, static_cast<std::int32_t>(reader_.number(4))});
    case 'K': // BININT1
      return push({Kind::integer, static_cast<std::int64_t>(reader_.number(1))});
    case 'M': // BININT2
      return push({Kind::integer, static_cast<std::int64_t>(reader_.number(2))});
    case 0x8A: // LONG1
      return push({Kind::integer, reader_.long_integer(reader_.number(1))});
    case 'G': // BINFLOAT
      reader_.number(8);
      return push({Kind::real});
    case 0x8C: // SHORT_BINUNICODE
      return push({Kind::text, 0, reader_.text(reader_.number(1))});
    case 'X': // BINUNICODE
      return push({Kind::text, 0, reader_.text(reader_.number(4))});
    case 0x8D: // BINUNICODE8
      return push({Kind::text, 0, reader_.text(reader_.number(8))});
    case 'C': // SHORT_BINBYTES
      return push({Kind::bytes, 0, std::string(reader_.take(reader_.number(1)))});
    case 'B': // BINBYTES
      return push({Kind::bytes, 0, std::string(reader_.take(reader_.number(4)))});
    default:
      return false;
    }
  }

  // Tuples, lists, sets and dictionaries.
  bool run_container(unsigned char opcode) {
    switch (opcode) {
    case '(':
      return push({Kind::mark});
    case ')':
      return push({Kind::tuple});
    case ']':
    case 0x8F: // EMPTY_SET
      return push({Kind::list});
    case '}':
      return push({Kind::dictionary});
    case 't':
      return push({Kind::tuple, 0, {}, pop_to_mark()});
    case 0x85: // TUPLE1, TUPLE2, TUPLE3
    case 0x86:
    case 0x87:
      return push({Kind::tuple, 0, {}, pop_many(opcode - 0x84U)});
    case 'a': // APPEND
      return extend(Kind::list, pop_many(1));
    case 'e':  // APPENDS
    case 0x90: // ADDITEMS
      return extend(Kind::list, pop_to_mark());
    case 's': // SETITEM
      return extend(Kind::dictionary, pop_many(2));
    case 'u': // SETITEMS
      return extend(Kind::dictionary, pop_to_mark());
    case '0':
      pop();
      return true;
    default:
      return false;
    }
  }

  bool run_memo(unsigned char opcode) {
    switch (opcode) {
    case 'q': // BINPUT
      return put(reader_.number(1));
    case 'r': // LONG_BINPUT
      return put(reader_.number(4));
    case 0x94: // MEMOIZE
      return put(memo_.size());
    case 'h': // BINGET
      return get(reader_.number(1));
    case 'j': // LONG_BINGET
      return get(reader_.number(4));
    default:
      return false;
    }
  }

  // Imports, calls and persistent ids: checked and recorded, never carried out.
  bool run_object(unsigned char opcode) {
    switch (opcode) {
    case 'c': { // GLOBAL
      const std::string_view module = reader_.line(), name = reader_.line();
      return push_global(module, name);
    }
    case 0x93: { // STACK_GLOBAL
      const auto names = pop_many(2);
      if (names[0]->kind != Kind::text || names[1]->kind != Kind::text)
        reader_.fail("names a global by something that is not text");
      return push_global(names[0]->text, names[1]->text);
    }
    case 'R':    // REDUCE
    case 0x81: { // NEWOBJ
      const auto parts = pop_many(2);
      if (parts[0]->kind != Kind::global || parts[1]->kind != Kind::tuple)
        reader_.fail("calls something that is not a global");
      if (parts[0]->text != kOrderedDict)
        return push({Kind::call, 0, parts[0]->text, {parts[1]}});
      if (!parts[1]->items.empty())
        reader_.fail("fills an OrderedDict in a way that PyTorch does not");
      return push({Kind::dictionary});
    }
    case 'b': // BUILD: attributes, such as an OrderedDict's _metadata, have no weights
      pop();
      if (top()->kind != Kind::dictionary && top()->kind != Kind::call)
        reader_.fail("sets attributes of something that is not a dictionary");
      return true;
    case 'Q': // BINPERSID
      return push({Kind::persistent, 0, {}, pop_many(1)});
    default:
      return false;
    }
  }

  bool push_global(std::string_view module, std::string_view name) {
    std::string global = std::string(module) + " " + std::string(name);
    if (find_invalid_utf8(global) != std::string_view::npos)
      reader_.fail("has a text that is not UTF-8");
    if (global != kOrderedDict && std::find(allowed_.begin(), allowed_.end(), global) == allowed_.end()) {
      std::replace(global.begin(), global.end(), ' ', '.');
      reader_.fail("wants to import " + global.substr(0, 200) + ", which sciexam does not do for safety,",
                   "Load the checkpoint in PyTorch where you trust it, and save its state dict alone, as "
                   "model.safetensors");
    }
    return push({Kind::global, 0, std::move(global)});
  }

  bool push(PickleValue value) {
    values_.push_back(std::move(value));
    stack_.push_back(&values_.back());
    return true;
  }

  PickleValue* top() {
    if (stack_.empty() || stack_.back()->kind == Kind::mark)
      reader_.fail("takes from an empty stack");
    return stack_.back();
  }

  const PickleValue* pop() {
    const PickleValue* value = top();
    stack_.pop_back();
    return value;
  }

  std::vector<const PickleValue*> pop_many(std::size_t count) {
    std::vector<const PickleValue*> items(count);
    for (std::size_t i = count; i > 0; --i)
      items[i - 1] = pop();
    return items;
  }

  std::vector<const PickleValue*> pop_to_mark() {
    const auto is_mark = [](const PickleValue* value) { return value->kind == Kind::mark; };
    const auto mark = std::find_if(stack_.rbegin(), stack_.rend(), is_mark);
    if (mark == stack_.rend())
      reader_.fail("lacks a mark");
    std::vector<const PickleValue*> items(mark.base(), stack_.end());
    stack_.erase(mark.base() - 1, stack_.end());
    return items;
  }

  bool extend(Kind kind, const std::vector<const PickleValue*>& items) {
    PickleValue* container = top();
    if (container->kind == Kind::call)
      return true;
    if (container->kind != kind || (kind == Kind::dictionary && items.size() % 2 != 0))
      reader_.fail("adds items to something that does not take them");
    container->items.insert(container->items.end(), items.begin(), items.end());
    return true;
  }

  bool put(std::uint64_t key) {
    memo_[key] = top();
    return true;
  }

  bool get(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end())
      reader_.fail("refers to the unknown value " + std::to_string(key));
    stack_.push_back(found->second);
    return true;
  }

  Reader reader_;
  std::deque<PickleValue>& values_;
  std::span<const std::string_view> allowed_;
  std::vector<PickleValue*> stack_;
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

} // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != Kind::dictionary)
    return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i]->kind == Kind::text && items[i]->text == key)
      return items[i + 1];
  return nullptr;
}

Pickle::Pickle(std::span<const std::byte> bytes, const std::filesystem::path& file,
               std::span<const std::string_view> allowed_globals) {
  Machine machine(Reader(bytes, file), values_, allowed_globals);
  root_ = machine.run();
  size_ = machine.position();
}

} // namespace sciexam::inline checkpoint
