// PTX text -> SourceModule.
#pragma once

#include "ptx_emulator/text/syntax.hpp"

#include <memory>
#include <string>

namespace sciexam::emulated {

/// Throws PtxError at what the grammar, or this interpreter, does not know.
std::unique_ptr<SourceModule> parse(std::string text);

} // namespace sciexam::emulated
