#include "weights/pickle.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "core/error.h"
#include "weights/printable.h"

namespace daclip {
namespace {

// Checkpoints of the largest supported networks have about ten thousand values.
constexpr size_t kMaxValues = 1'000'000;
constexpr size_t kMaxOperations = 10'000'000;
constexpr size_t kMaxMarks = 1000;
constexpr size_t kMaxName = 1000;

// Opcodes (Python's pickletools) that occur in saved weights.
enum Op : uint8_t {
  kMark = '(',
  kStop = '.',
  kPop = '0',
  kPopMark = '1',
  kDup = '2',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinString = 'T',
  kShortBinString = 'U',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kEmptyTuple = ')',
  kSetItems = 'u',
  kEmptyDict = '}',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kBinUnicode8 = 0x8d,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

// Known opcodes that are refused, with their names for the message.
struct Refused {
  uint8_t op;
  const char* name;
};
constexpr Refused kRefused[] = {
    {'i', "INST"},       {'o', "OBJ"},         {'I', "INT"},          {'L', "LONG"},
    {'F', "FLOAT"},      {'S', "STRING"},      {'V', "UNICODE"},      {'g', "GET"},
    {'p', "PUT"},        {'P', "PERSID"},      {'d', "DICT"},         {'l', "LIST"},
    {0x82, "EXT1"},      {0x83, "EXT2"},       {0x84, "EXT4"},        {0x8b, "LONG4"},
    {0x8e, "BINBYTES8"}, {0x8f, "EMPTY_SET"},  {0x90, "ADDITEMS"},    {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"}, {0x96, "BYTEARRAY8"}, {0x97, "NEXT_BUFFER"}, {0x98, "READONLY_BUFFER"}};

}  // namespace

class PickleMachine {
 public:
  using Ref = Pickle::Ref;
  using Kind = Pickle::Kind;

  PickleMachine(Pickle& pickle, std::span<const uint8_t> bytes, const std::string& where,
                const Pickle::Allowed& allowed)
      : pickle_(pickle), bytes_(bytes), where_(where), allowed_(allowed) {
    pickle_.values_.emplace_back();  // reserves number 0 as "no value"
  }

  void run() {
    for (size_t operations = 0;; ++operations) {
      if (operations == kMaxOperations)
        throw LimitError(cat(where_, ": pickle of more than ", kMaxOperations, " operations"));
      start_ = at_;
      const uint8_t op = take(1)[0];
      if (op == kStop) break;
      if (!constant(op) && !container(op) && !memory(op) && !object(op)) refuse(op);
    }
    pickle_.root_ = pop();
    pickle_.size_ = at_;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw FormatError(cat(where_, ": pickle, byte ", start_, ": ", what));
  }

  [[noreturn]] void refuse(uint8_t op) const {
    for (const Refused& known : kRefused)
      if (known.op == op) fail(cat("operation ", known.name, " is refused: weights do not need it"));
    fail(cat("unknown operation ", int(op)));
  }

  std::span<const uint8_t> take(uint64_t count) {
    if (count > bytes_.size() - at_) fail("truncated");
    const std::span<const uint8_t> taken = bytes_.subspan(at_, size_t(count));
    at_ += size_t(count);
    return taken;
  }

  uint64_t take_unsigned(size_t count) {
    uint64_t value = 0;
    std::memcpy(&value, take(count).data(), count);
    return value;
  }

  std::string_view take_text(uint64_t count) {
    const std::span<const uint8_t> taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  std::string_view take_line() {
    const std::span<const uint8_t> rest = bytes_.subspan(at_, std::min(bytes_.size() - at_, kMaxName));
    const void* end = rest.empty() ? nullptr : std::memchr(rest.data(), '\n', rest.size());
    if (!end) fail("unterminated name");
    const std::string_view line = take_text(uint64_t(static_cast<const uint8_t*>(end) - rest.data()));
    take(1);
    return line;
  }

  Pickle::Value& value(Ref ref) { return pickle_.values_[ref]; }

  Pickle::Value& push(Kind kind) {
    if (pickle_.values_.size() >= kMaxValues)
      throw LimitError(cat(where_, ": pickle of more than ", kMaxValues, " values"));
    push(Ref(pickle_.values_.size()));
    Pickle::Value& made = pickle_.values_.emplace_back();
    made.kind = kind;
    return made;
  }

  void push(Ref ref) {
    if (stack_.size() >= kMaxValues) throw LimitError(cat(where_, ": pickle's stack holds more than ", kMaxValues));
    stack_.push_back(ref);
  }

  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Ref pop() {
    if (stack_.size() <= floor()) fail("pops from an empty stack");
    const Ref ref = stack_.back();
    stack_.pop_back();
    return ref;
  }

  Ref top() const {
    if (stack_.size() <= floor()) fail("reads the top of an empty stack");
    return stack_.back();
  }

  std::vector<Ref> pop_to_mark() {
    if (marks_.empty()) fail("no mark");
    const std::vector<Ref> items(stack_.begin() + std::ptrdiff_t(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  bool constant(uint8_t op) {
    switch (op) {
      case kNone: push(Kind::none); return true;
      case kNewTrue: push(Kind::boolean).number = 1; return true;
      case kNewFalse: push(Kind::boolean); return true;
      case kBinInt1: push(Kind::integer).number = int64_t(take_unsigned(1)); return true;
      case kBinInt2: push(Kind::integer).number = int64_t(take_unsigned(2)); return true;
      case kBinInt: push(Kind::integer).number = int32_t(uint32_t(take_unsigned(4))); return true;
      case kLong1: long_integer(take_unsigned(1)); return true;
      case kBinFloat: {
        uint64_t bits = 0;
        for (const uint8_t byte : take(8)) bits = bits << 8 | byte;
        push(Kind::real).real = std::bit_cast<double>(bits);
        return true;
      }
      case kShortBinString:
      case kShortBinBytes:
      case kShortBinUnicode: text(take_unsigned(1)); return true;
      case kBinString:
      case kBinBytes:
      case kBinUnicode: text(take_unsigned(4)); return true;
      case kBinUnicode8: text(take_unsigned(8)); return true;
      default: return false;
    }
  }

  void text(uint64_t size) {
    const std::string_view taken = take_text(size);
    push(Kind::text).text = taken;
  }

  // Two's complement, little-endian.
  void long_integer(size_t size) {
    const std::string_view digits = take_text(size);
    if (size > 8) {
      push(Kind::large).text = digits;
      return;
    }
    uint64_t bits = 0;
    std::memcpy(&bits, digits.data(), size);
    if (size > 0 && size < 8 && (digits.back() & 0x80)) bits |= ~uint64_t(0) << (8 * size);
    push(Kind::integer).number = int64_t(bits);
  }

  bool container(uint8_t op) {
    switch (op) {
      case kEmptyList: push(Kind::list); return true;
      case kEmptyDict: push(Kind::dict); return true;
      case kEmptyTuple: push(Kind::tuple); return true;
      case kTuple1: tuple(1); return true;
      case kTuple2: tuple(2); return true;
      case kTuple3: tuple(3); return true;
      case kTuple: {
        std::vector<Ref> items = pop_to_mark();
        push(Kind::tuple).items = std::move(items);
        return true;
      }
      case kAppend: append({pop()}); return true;
      case kAppends: append(pop_to_mark()); return true;
      case kSetItem: {
        const Ref item = pop(), key = pop();
        set_items({key, item});
        return true;
      }
      case kSetItems: set_items(pop_to_mark()); return true;
      default: return false;
    }
  }

  void tuple(size_t size) {
    std::vector<Ref> items(size);
    for (size_t i = size; i-- > 0;) items[i] = pop();
    push(Kind::tuple).items = std::move(items);
  }

  void append(const std::vector<Ref>& items) {
    Pickle::Value& list = value(top());
    if (list.kind != Kind::list) fail("appends to a value that is not a list");
    list.items.insert(list.items.end(), items.begin(), items.end());
  }

  void set_items(const std::vector<Ref>& items) {
    Pickle::Value& dict = value(top());
    if (dict.kind != Kind::dict && dict.kind != Kind::call) fail("sets entries of a value that is not a dict");
    if (items.size() % 2 != 0) fail("a key has no value");
    dict.items.insert(dict.items.end(), items.begin(), items.end());
  }

  bool memory(uint8_t op) {
    switch (op) {
      case kProto:
        if (const uint64_t version = take_unsigned(1); version < 2 || version > 5)
          fail(cat("protocol ", version, ", expected 2 to 5"));
        return true;
      case kFrame: take(8); return true;
      case kMark:
        if (marks_.size() == kMaxMarks) throw LimitError(cat(where_, ": pickle nested deeper than ", kMaxMarks));
        marks_.push_back(stack_.size());
        return true;
      case kPop:
        if (!marks_.empty() && stack_.size() == marks_.back())
          marks_.pop_back();
        else
          pop();
        return true;
      case kPopMark: pop_to_mark(); return true;
      case kDup: push(top()); return true;
      case kBinPut: memo_[uint32_t(take_unsigned(1))] = top(); return true;
      case kLongBinPut: memo_[uint32_t(take_unsigned(4))] = top(); return true;
      case kMemoize: memo_[uint32_t(memo_.size())] = top(); return true;
      case kBinGet: get(uint32_t(take_unsigned(1))); return true;
      case kLongBinGet: get(uint32_t(take_unsigned(4))); return true;
      default: return false;
    }
  }

  void get(uint32_t index) {
    const auto it = memo_.find(index);
    if (it == memo_.end()) fail(cat("no memo entry ", index));
    push(it->second);
  }

  bool object(uint8_t op) {
    switch (op) {
      case kGlobal: {
        const std::string_view module = take_line(), name = take_line();
        global(module, name);
        return true;
      }
      case kStackGlobal: {
        const Ref name = pop(), module = pop();
        if (value(name).kind != Kind::text || value(module).kind != Kind::text) fail("the name of a class is not text");
        global(value(module).text, value(name).text);
        return true;
      }
      case kReduce:
      case kNewObj: {
        const Ref arguments = pop(), function = pop();
        if (value(function).kind != Kind::global) fail("calls a value that is not a function");
        if (value(arguments).kind != Kind::tuple) fail("the arguments of a call are not a tuple");
        push(Kind::call).items = {function, arguments};
        return true;
      }
      case kBuild: {
        const Ref state = pop();
        if (value(top()).kind != Kind::call) fail("sets the state of a value that is not an object");
        value(top()).state = state;
        return true;
      }
      case kBinPersId: {
        const Ref id = pop();
        push(Kind::persistent).items = {id};
        return true;
      }
      default: return false;
    }
  }

  void global(std::string_view module, std::string_view name) {
    if (!allowed_(module, name))
      fail(cat("class ", printable(module), ".", printable(name), " is refused: weights do not need it"));
    Pickle::Value& made = push(Kind::global);
    made.module = module;
    made.text = name;
  }

  Pickle& pickle_;
  std::span<const uint8_t> bytes_;
  const std::string& where_;
  const Pickle::Allowed& allowed_;
  size_t at_ = 0, start_ = 0;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, Ref> memo_;
};

Pickle::Pickle(std::span<const uint8_t> bytes, const std::string& where, const Allowed& allowed) {
  PickleMachine(*this, bytes, where, allowed).run();
}

}  // namespace daclip
