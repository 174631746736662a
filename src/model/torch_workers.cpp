#include "model/torch_workers.hpp"

#include <atomic>
#include <cstddef>
#include <vector>

#include <ATen/Parallel.h>

namespace sciexam::inline model {
namespace {

/// The next of the tasks up to `end`. On a cache line of its own, which only thieves fetch from another core.
struct alignas(64) TaskPart {
  std::atomic<std::int64_t> next = 0;
  std::int64_t end = 0;
};

std::vector<TaskPart> parts_of(std::int64_t tasks, int count) {
  std::vector<TaskPart> parts(static_cast<std::size_t>(count));
  std::int64_t first = 0;
  for (int i = 0; i < count; ++i) {
    TaskPart& part = parts[static_cast<std::size_t>(i)];
    part.next = first;
    part.end = first = tasks * (i + 1) / count;
  }
  return parts;
}

} // namespace

Workers torch_workers() {
  const int count = at::get_num_threads();
  return {count, [count](std::int64_t tasks, const std::function<void(int, std::int64_t)>& task) {
            std::vector<TaskPart> parts = parts_of(tasks, count);
            at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
              for (std::int64_t worker = begin; worker < end; ++worker)
                for (std::int64_t other = worker; other < worker + count; ++other) {
                  TaskPart& part = parts[static_cast<std::size_t>(other % count)];
                  for (std::int64_t i = part.next++; i < part.end; i = part.next++)
                    task(static_cast<int>(worker), i);
                }
            });
          }};
}

} // namespace sciexam::inline model
