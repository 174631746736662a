// The protocol is that of linux/fuse.h: requests are read from /dev/fuse, and answered by their numbers.
#include "stalling_mount.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace sciexam::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRequestBytes = (std::size_t{1} << 20) + 4096;
constexpr std::uint64_t kForever = 1'000'000; // seconds that attributes hold

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

} // namespace

class StallingMount::Server {
public:
  struct File {
    std::string name, bytes;
  };
  static std::vector<File> read_files(const fs::path& folder) {
    std::vector<File> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      std::ifstream in(entry.path(), std::ios::binary);
      files.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(in), {}}});
    }
    return files;
  }

  Server(int device, int wake, fs::path place, std::vector<File> files,
         std::function<ReadFate(const std::string&)> fate, int delay_ms)
      : device_(device), wake_(wake), place_(std::move(place)), files_(std::move(files)), fate_(std::move(fate)),
        delay_(delay_ms), thread_([this] { serve(); }) {}

  ~Server() {
    ::umount2(place_.c_str(), MNT_DETACH);
    const std::uint64_t one = 1;
    if (::write(wake_, &one, sizeof one) > 0)
      thread_.join();
    ::close(device_); // whoever still waits for an answer gets an error
    ::close(wake_);
  }

  std::size_t stalled() const {
    const std::lock_guard lock(mutex_);
    return stalled_.size();
  }

  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    for (const Read& read : stalled_)
      answer(read);
    stalled_.clear();
  }

private:
  struct Read {
    std::uint64_t request, file, offset, size;
  };

  void reply(std::uint64_t request, std::string_view body, int error = 0) const {
    fuse_out_header header = {};
    header.len = static_cast<std::uint32_t>(sizeof header + body.size());
    header.error = -error;
    header.unique = request;
    iovec parts[2] = {{&header, sizeof header}, {const_cast<char*>(body.data()), body.size()}};
    if (::writev(device_, parts, 2) < 0)
      return; // nobody waits for it any more
  }

  void answer(const Read& read) const {
    const std::string_view bytes = files_[read.file].bytes;
    reply(read.request, bytes.substr(std::min<std::size_t>(read.offset, bytes.size()), read.size));
  }

  /// Node 1 is the folder, the files follow.
  fuse_attr attributes(std::uint64_t node) const {
    fuse_attr attr = {};
    attr.ino = node;
    attr.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0555 : S_IFREG | 0444;
    attr.nlink = 1;
    attr.blksize = 4096;
    if (node != FUSE_ROOT_ID)
      attr.size = files_[node - 2].bytes.size();
    return attr;
  }

  void look_up(const fuse_in_header& in, const char* name) const {
    for (std::size_t i = 0; i < files_.size(); ++i)
      if (files_[i].name == name) {
        fuse_entry_out out = {};
        out.nodeid = i + 2;
        out.entry_valid = out.attr_valid = kForever;
        out.attr = attributes(out.nodeid);
        return reply(in.unique, bytes_of(out));
      }
    reply(in.unique, {}, ENOENT);
  }

  void list(const fuse_in_header& in, const fuse_read_in& read) const {
    std::string out;
    for (std::size_t i = read.offset; i < files_.size(); ++i) {
      fuse_dirent entry = {};
      entry.ino = i + 2;
      entry.off = i + 1;
      entry.namelen = static_cast<std::uint32_t>(files_[i].name.size());
      entry.type = S_IFREG >> 12;
      std::string record(reinterpret_cast<const char*>(&entry), FUSE_NAME_OFFSET);
      record += files_[i].name;
      record.resize(FUSE_DIRENT_ALIGN(record.size()));
      if (out.size() + record.size() > read.size)
        break;
      out += record;
    }
    reply(in.unique, out);
  }

  void read(const fuse_in_header& in, const fuse_read_in& asked) {
    const Read read = {in.unique, in.nodeid - 2, asked.offset, asked.size};
    const ReadFate fate = fate_(files_[read.file].name);
    if (fate == ReadFate::delayed)
      std::this_thread::sleep_for(std::chrono::milliseconds(delay_));
    const std::lock_guard lock(mutex_);
    if (fate == ReadFate::stalled && !released_)
      stalled_.push_back(read);
    else
      answer(read);
  }

  void greet(const fuse_in_header& in, const fuse_init_in& asked) const {
    fuse_init_out out = {};
    out.major = FUSE_KERNEL_VERSION;
    out.minor = std::min<std::uint32_t>(asked.minor, FUSE_KERNEL_MINOR_VERSION);
    out.max_readahead = asked.max_readahead;
    out.flags = FUSE_ASYNC_READ; // as usual: without it a process that waits for a read cannot even be killed
    out.max_write = 4096;
    reply(in.unique, bytes_of(out));
  }

  void handle(const char* request) {
    fuse_in_header in = {};
    std::memcpy(&in, request, sizeof in);
    const char* const argument = request + sizeof in;
    switch (in.opcode) {
    case FUSE_INIT:
      return greet(in, *reinterpret_cast<const fuse_init_in*>(argument));
    case FUSE_LOOKUP:
      return look_up(in, argument);
    case FUSE_GETATTR: {
      fuse_attr_out out = {};
      out.attr_valid = kForever;
      out.attr = attributes(in.nodeid);
      return reply(in.unique, bytes_of(out));
    }
    case FUSE_OPEN:
    case FUSE_OPENDIR:
      return reply(in.unique, bytes_of(fuse_open_out{}));
    case FUSE_READ:
      return read(in, *reinterpret_cast<const fuse_read_in*>(argument));
    case FUSE_READDIR:
      return list(in, *reinterpret_cast<const fuse_read_in*>(argument));
    case FUSE_STATFS:
      return reply(in.unique, bytes_of(fuse_statfs_out{}));
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_ACCESS:
    case FUSE_DESTROY:
      return reply(in.unique, {});
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return; // need no answer
    default:
      return reply(in.unique, {}, ENOSYS);
    }
  }

  void serve() {
    std::vector<char> request(kRequestBytes);
    for (;;) {
      pollfd waited[2] = {{device_, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (::poll(waited, 2, -1) < 0 && errno == EINTR)
        continue;
      if (waited[1].revents != 0)
        return;
      const ssize_t size = ::read(device_, request.data(), request.size());
      if (size < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
        continue;
      if (size < 0)
        return; // unmounted
      handle(request.data());
    }
  }

  int device_, wake_;
  fs::path place_;
  std::vector<File> files_;
  std::function<ReadFate(const std::string&)> fate_;
  int delay_;
  mutable std::mutex mutex_; // guards what follows
  std::vector<Read> stalled_;
  bool released_ = false;
  std::thread thread_; // begins when everything else is there
};

StallingMount::StallingMount(std::unique_ptr<Server> server) : server_(std::move(server)) {}
StallingMount::~StallingMount() = default;

std::size_t StallingMount::stalled() const {
  return server_->stalled();
}

void StallingMount::release() {
  server_->release();
}

std::unique_ptr<StallingMount> StallingMount::at(const fs::path& place, const fs::path& folder,
                                                 std::function<ReadFate(const std::string& file)> fate, int delay_ms) {
  std::vector<Server::File> files = Server::read_files(folder);
  // In a namespace of this thread's own: nothing is left behind, whatever happens.
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return nullptr;
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (device < 0)
    return nullptr;
  const std::string options = "fd=" + std::to_string(device) +
                              ",rootmode=40000,user_id=" + std::to_string(::geteuid()) +
                              ",group_id=" + std::to_string(::getegid()) + ",allow_other";
  if (::mount("stalling", place.c_str(), "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    ::close(device);
    return nullptr;
  }
  return std::unique_ptr<StallingMount>(new StallingMount(
      std::make_unique<Server>(device, ::eventfd(0, EFD_CLOEXEC), place, std::move(files), std::move(fate), delay_ms)));
}

} // namespace sciexam::test
