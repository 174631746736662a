// Waiting for a device, which may be one that hangs.
#pragma once

#include "machine.hpp"

namespace sciexam::emulated {

/// Returns at once, or never if the current context's device hangs: others go on meanwhile.
gpu::Result wait_for_work();

/// Throws CallError unless the stream is the context's; null is its own.
void require_stream(gpu::ContextObject& context, gpu::Stream stream);

} // namespace sciexam::emulated
