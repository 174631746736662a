#include "ptx_emulator/machine/block.hpp"

#include <algorithm>

namespace sciexam::emulated {
namespace {

constexpr std::uint64_t kTurn = 4096; ///< instructions before the next warp has its turn

std::string text_of(const Dimensions& d) {
  return "(" + std::to_string(d[0]) + "," + std::to_string(d[1]) + "," + std::to_string(d[2]) + ")";
}

Dimensions unravel(std::uint64_t number, const Dimensions& extent) {
  const std::uint64_t rows = number / extent[0];
  return {static_cast<unsigned>(number % extent[0]), static_cast<unsigned>(rows % extent[1]),
          static_cast<unsigned>(rows / extent[1])};
}

} // namespace

Block::Block(const Launch& launch, BlocksShare& share) : launch_(launch), share_(share) {
  for (unsigned k = 0; k < (launch.threads() + kLanes - 1) / kLanes; ++k)
    warps_.push_back(std::make_unique<Warp>(*this, k));
  local_.resize(warps_.size() * kLanes * program().local.bytes);
}

Dimensions Block::thread_position(unsigned thread) const {
  return unravel(thread, launch_.block);
}

void Block::run(std::uint64_t number) {
  number_ = number;
  position_ = unravel(number, launch_.grid);
  shared_.reset(program(), launch_.dynamic_shared, warps());
  local_states_.clear();
  for (std::size_t thread = 0; thread < warps_.size() * kLanes; ++thread)
    local_states_.insert(local_states_.end(), program().local.owned.begin(), program().local.owned.end());
  barriers_ = {};
  ++counters_.blocks;
  counters_.threads += launch_.threads();
  running_ = nullptr;
  for (const auto& warp : warps_)
    warp->start();
  std::uint64_t spent = 0;
  while (live_warps() > 0) {
    bool progress = false;
    for (const auto& warp : warps_)
      if (warp->state() == Warp::State::Running) {
        running_ = warp.get();
        spent += warp->run(kTurn);
        progress = true;
      }
    running_ = nullptr;
    if (!progress)
      report_deadlock();
    if (spent > launch_.most_instructions)
      throw Finding(cuda::kLaunchFailed, "does not end");
  }
}

unsigned Block::live_warps() const {
  return static_cast<unsigned>(
      std::count_if(warps_.begin(), warps_.end(), [](const auto& warp) { return warp->state() != Warp::State::Done; }));
}

void Block::report_deadlock() const {
  std::string waiting;
  for (const auto& warp : warps_)
    if (warp->state() == Warp::State::Waiting)
      waiting += " warp " + std::to_string(warp->index()) + " at line " + std::to_string(warp->line());
  throw Finding(cuda::kLaunchFailed, "deadlock: all wait at barriers:" + waiting);
}

void Block::touch(unsigned lane, std::uint64_t address, unsigned bytes, Use use) {
  const auto conflict = share_.touched.touch(number_, address, bytes, use);
  if (!conflict)
    return;
  const auto verb = [](Use of) { return of == Use::Read ? " reads" : " writes"; };
  throw Finding(cuda::kLaunchFailed,
                "race: block " + text_of(unravel(conflict->block, launch_.grid)) + verb(conflict->use) +
                    " device memory at " + std::to_string(conflict->address) + ", which this block" + verb(use),
                lane);
}

std::string Block::place(const Finding& finding) const {
  std::string place = "block " + text_of(position_);
  if (running_ == nullptr)
    return place;
  if (finding.lane())
    place += " thread " + text_of(thread_position(running_->index() * kLanes + *finding.lane()));
  else
    place += " warp " + std::to_string(running_->index());
  place += ", PTX line " + std::to_string(running_->line());
  const auto& lines = program().source->lines;
  if (running_->line() == 0 || running_->line() > lines.size())
    return place;
  std::string_view text = lines[running_->line() - 1];
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return place + " `" + std::string(text) + "`";
}

const Allocation* Block::allocation(std::uint64_t address, unsigned bytes) {
  for (const Allocation* known : recent_)
    if (known != nullptr && known->holds(address, bytes))
      return known;
  const Allocation* const found = launch_.memory->find(address, bytes);
  if (found != nullptr)
    recent_[oldest_++ % recent_.size()] = found;
  return found;
}

void Block::arrive(Warp& warp, unsigned number, unsigned threads, bool waits) {
  Barrier& barrier = barriers_[number];
  const unsigned wanted = threads / kLanes;
  if (barrier.arrived > 0 && barrier.wanted != wanted)
    throw Finding(cuda::kLaunchFailed,
                  "barrier " + std::to_string(number) + " is used with different numbers of threads");
  barrier.wanted = wanted;
  ++barrier.arrived;
  shared_.races().arrive(warp.index(), number);
  if (waits) {
    barrier.waiting.push_back(&warp);
    warp.wait();
  }
  release_if_complete(number);
}

void Block::release_if_complete(unsigned number) {
  Barrier& barrier = barriers_[number];
  if (barrier.arrived == 0 || barrier.arrived < (barrier.wanted != 0 ? barrier.wanted : live_warps()))
    return;
  for (Warp* warp : barrier.waiting) {
    shared_.races().leave(warp->index(), number);
    warp->wake();
  }
  barrier = {};
}

void Block::warp_ended() {
  for (unsigned number = 0; number < barriers_.size(); ++number)
    if (barriers_[number].wanted == 0)
      release_if_complete(number);
}

} // namespace sciexam::emulated
