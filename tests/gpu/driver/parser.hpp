// PTX text -> SourceModule.
#pragma once

#include <memory>
#include <string>

#include "syntax.hpp"

namespace sciexam::emulated {

/// Throws PtxError at what the grammar, or this interpreter, does not know.
std::unique_ptr<SourceModule> parse(std::string text);

} // namespace sciexam::emulated
