// A folder whose reads are slow, or never end, as on a mount whose server is in trouble: a FUSE file system served by
// this process.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace sciexam::test {

/// What happens to a read of a file.
enum class ReadFate { answered, delayed, stalled };

class StallingMount {
public:
  /// Mounts a copy of the files of `folder` at `place`, an empty folder, for this thread and the processes that it
  /// starts. `fate` is asked for each read, by a thread of its own: a delayed one takes `delay_ms` longer, and so do
  /// those that wait behind it. Null where this process may not do that.
  static std::unique_ptr<StallingMount> at(const std::filesystem::path& place, const std::filesystem::path& folder,
                                           std::function<ReadFate(const std::string& file)> fate, int delay_ms = 0);
  /// Reads that have stalled fail.
  ~StallingMount();

  /// Reads that have stalled so far.
  std::size_t stalled() const;
  /// They are answered, and none stalls from now on.
  void release();

private:
  class Server;
  explicit StallingMount(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

} // namespace sciexam::test
