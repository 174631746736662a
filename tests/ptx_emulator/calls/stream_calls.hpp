// Waiting for a device, which may be one that hangs.
#pragma once

#include "ptx_emulator/calls/machine.hpp"

namespace sciexam::emulated {

/// Returns at once, or never if the current context's device hangs: others go on meanwhile.
cuda::Result wait_for_work();

/// Throws CallError unless the stream is the context's; null is its own.
void require_stream(cuda::ContextObject& context, cuda::Stream stream);

} // namespace sciexam::emulated
