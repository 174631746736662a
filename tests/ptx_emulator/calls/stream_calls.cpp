// Calls about streams and events. Work is done when it is given, so that waiting for it takes no time, and what was
// recorded has happened.
#include "ptx_emulator/calls/stream_calls.hpp"

#include "ptx_emulator/calls/machine.hpp"

#include <unistd.h>

namespace sciexam::emulated {

cuda::Result wait_for_work() {
  bool hung = false;
  const cuda::Result result = guarded([&](Machine&) { hung = context().hung; });
  while (hung)
    ::pause();
  return result;
}

void require_stream(cuda::ContextObject& context, cuda::Stream stream) {
  require(stream == nullptr || context.streams.count(stream) == 1, cuda::kInvalidHandle);
}

} // namespace sciexam::emulated

using namespace sciexam::cuda;
using sciexam::emulated::context;
using sciexam::emulated::guarded;
using sciexam::emulated::Machine;
using sciexam::emulated::require;
using sciexam::emulated::require_stream;
using sciexam::emulated::wait_for_work;

namespace {

EventObject& require_event(Event event) {
  require(context().events.count(event) == 1, kInvalidHandle);
  return *event;
}

Result wait_after(Result checked) {
  return checked != kSuccess ? checked : wait_for_work();
}

} // namespace

extern "C" {

Result cuCtxSynchronize() {
  return wait_for_work();
}

Result cuStreamCreate(Stream* stream, unsigned) {
  return guarded([&](Machine&) {
    auto made = std::make_unique<StreamObject>(StreamObject{&context()});
    *stream = made.get();
    context().streams.emplace(*stream, std::move(made));
  });
}

Result cuStreamDestroy_v2(Stream stream) {
  return guarded([&](Machine&) { require(context().streams.erase(stream) == 1, kInvalidHandle); });
}

Result cuStreamSynchronize(Stream stream) {
  return wait_after(guarded([&](Machine&) { require_stream(context(), stream); }));
}

Result cuStreamQuery(Stream stream) {
  return guarded([&](Machine&) {
    require_stream(context(), stream);
    require(!context().hung, kNotReady);
  });
}

Result cuStreamWaitEvent(Stream stream, Event event, unsigned) {
  return guarded([&](Machine&) {
    require_stream(context(), stream);
    require_event(event);
  });
}

Result cuEventCreate(Event* event, unsigned flags) {
  return guarded([&](Machine&) {
    auto made =
        std::make_unique<EventObject>(EventObject{.context = &context(), .timed = (flags & kEventDisableTiming) == 0});
    *event = made.get();
    context().events.emplace(*event, std::move(made));
  });
}

Result cuEventDestroy_v2(Event event) {
  return guarded([&](Machine&) { require(context().events.erase(event) == 1, kInvalidHandle); });
}

Result cuEventRecord(Event event, Stream stream) {
  return guarded([&](Machine&) {
    require_stream(context(), stream);
    EventObject& known = require_event(event);
    known.recorded = true;
    known.time = std::chrono::steady_clock::now();
  });
}

Result cuEventSynchronize(Event event) {
  return wait_after(guarded([&](Machine&) { require_event(event); }));
}

Result cuEventQuery(Event event) {
  return guarded([&](Machine&) { require(!(require_event(event).recorded && context().hung), kNotReady); });
}

Result cuEventElapsedTime(float* milliseconds, Event start, Event end) {
  return guarded([&](Machine&) {
    const EventObject &from = require_event(start), &to = require_event(end);
    require(from.timed && to.timed && from.recorded && to.recorded, kInvalidHandle);
    require(!context().hung, kNotReady);
    *milliseconds = std::chrono::duration<float, std::milli>(to.time - from.time).count();
  });
}

} // extern "C"
