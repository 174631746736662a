#include "ptx_emulator/text/types.hpp"

#include <array>
#include <utility>

namespace sciexam::emulated {
namespace {

struct TypeFacts {
  std::string_view name;
  Type type;
  unsigned bytes;
};

constexpr std::array<TypeFacts, 17> kTypes = {{
    {"u8", Type::U8, 1},
    {"u16", Type::U16, 2},
    {"u32", Type::U32, 4},
    {"u64", Type::U64, 8},
    {"s8", Type::S8, 1},
    {"s16", Type::S16, 2},
    {"s32", Type::S32, 4},
    {"s64", Type::S64, 8},
    {"b8", Type::B8, 1},
    {"b16", Type::B16, 2},
    {"b32", Type::B32, 4},
    {"b64", Type::B64, 8},
    {"f16", Type::F16, 2},
    {"f16x2", Type::F16x2, 4},
    {"f32", Type::F32, 4},
    {"f64", Type::F64, 8},
    {"pred", Type::Pred, 0},
}};

} // namespace

std::optional<Type> type_named(std::string_view name) {
  for (const TypeFacts& facts : kTypes)
    if (facts.name == name)
      return facts.type;
  return std::nullopt;
}

std::optional<Space> space_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Space>, 7> kSpaces = {{{"global", Space::Global},
                                                                          {"shared", Space::Shared},
                                                                          {"shared::cta", Space::Shared},
                                                                          {"local", Space::Local},
                                                                          {"param", Space::Param},
                                                                          {"const", Space::Const},
                                                                          {"reg", Space::Register}}};
  for (const auto& [known, space] : kSpaces)
    if (known == name)
      return space;
  return std::nullopt;
}

unsigned bytes_of(Type type) {
  return kTypes[static_cast<std::size_t>(type)].bytes;
}

bool is_float(Type type) {
  return type == Type::F16 || type == Type::F16x2 || type == Type::F32 || type == Type::F64;
}

} // namespace sciexam::emulated
