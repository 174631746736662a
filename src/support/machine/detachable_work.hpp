// Work that may hang, such as a read of a mount that has stalled: a thread in a page fault cannot be interrupted.
#pragma once

#include <functional>

namespace sciexam::inline support {

/// Calls work() on a thread of its own and waits until it has returned, or until give_up(), asked before and then some
/// fifty times a second, is true. Returns false if it was given up: the thread then goes on, perhaps until the process
/// ends, so `work` must own, or share the ownership of, all that it uses. Rethrows what work() throws, if it was waited
/// for.
bool finish_or_leave(std::function<void()> work, const std::function<bool()>& give_up);

} // namespace sciexam::inline support
