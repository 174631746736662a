// PTX's elementary types and state spaces.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sciexam::emulated {

enum class Type : std::uint8_t { U8, U16, U32, U64, S8, S16, S32, S64, B8, B16, B32, B64, F16, F16x2, F32, F64, Pred };
enum class Space : std::uint8_t { Generic, Global, Shared, Local, Param, Const, Register };

/// "u32" -> Type::U32
std::optional<Type> type_named(std::string_view name);
std::optional<Space> space_named(std::string_view name);
/// Bytes of a value in memory; a predicate has none.
unsigned bytes_of(Type type);
bool is_float(Type type);

/// PTX that the interpreter does not take: CUDA_ERROR_INVALID_PTX. The text names the line.
class PtxError : public std::runtime_error {
public:
  PtxError(unsigned line, const std::string& problem)
      : std::runtime_error("PTX line " + std::to_string(line) + ": " + problem), line_(line) {}
  unsigned line() const { return line_; } ///< 0: none

private:
  unsigned line_;
};

} // namespace sciexam::emulated
