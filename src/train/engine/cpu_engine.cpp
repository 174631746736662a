#include "train/engine/cpu_engine.hpp"

#include "inference/answering.hpp"
#include "model/answering_reference.hpp"
#include "model/weights.hpp"

#include <cstring>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

namespace sciexam::inline train {
namespace {

/// Elements first / 4 .. (first + size) / 4 of a contiguous tensor of f32, as a view.
at::Tensor part_of(const at::Tensor& tensor, std::size_t first, std::size_t size) {
  return tensor.detach().flatten().narrow(0, static_cast<std::int64_t>(first / sizeof(float)),
                                          static_cast<std::int64_t>(size / sizeof(float)));
}

} // namespace

CpuEngine::CpuEngine(DebertaForMultipleChoice& network, const TrainingSettings& settings, const TrainingSet& train)
    : network_(network), settings_(settings), train_(train),
      optimizer_(trained_parameters(network, settings), settings), rows_(network.config().embedding_size),
      average_(optimizer_.parameters(), settings.ema_decay), state_(all_state()) {
  for (const StateTensor& tensor : state_)
    state_by_name_.emplace(tensor.name, tensor.tensor);
}

BatchLoss CpuEngine::add_gradients(const QuestionBatch& batch, std::uint32_t step, std::uint32_t pass) {
  return accumulate_gradients(network_, settings_, train_, batch, step, pass, rows_);
}

double CpuEngine::gradient_norm() const {
  return optimizer_.gradient_norm(rows_);
}

void CpuEngine::step(double learning_rate, double gradient_scale) {
  optimizer_.step(learning_rate, gradient_scale, rows_);
  optimizer_.clear_gradients();
  rows_.clear();
  average_.follow();
}

void CpuEngine::perturb() {
  perturbation_.emplace(optimizer_, settings_);
}

void CpuEngine::restore() {
  perturbation_.reset();
}

void CpuEngine::swap_average() {
  average_.swap();
}

std::vector<OptionLogits> CpuEngine::logits(const TrainingSet& set, const std::string& label) {
  return logits_of(network_, set, label);
}

void CpuEngine::save_weights(const std::filesystem::path& file) const {
  sciexam::save_weights(network_, file, DType::f32);
}

std::vector<CpuEngine::StateTensor> CpuEngine::all_state() const {
  std::vector<StateTensor> all;
  for (std::size_t i = 0; i < optimizer_.parameters().size(); ++i) {
    const std::string& name = optimizer_.parameters()[i].name;
    all.push_back({"parameter/" + name, optimizer_.parameters()[i].tensor});
    all.push_back({"exp_avg/" + name, optimizer_.moments()[i].exp_avg});
    all.push_back({"exp_avg_sq/" + name, optimizer_.moments()[i].exp_avg_sq});
    if (!average_.tensors().empty())
      all.push_back({"average/" + name, average_.tensors()[i]});
  }
  return all;
}

std::vector<TensorInfo> CpuEngine::state_tensors() const {
  std::vector<TensorInfo> infos;
  infos.reserve(state_.size());
  for (const StateTensor& tensor : state_)
    infos.push_back({tensor.name, DType::f32, tensor.tensor.sizes().vec()});
  return infos;
}

void CpuEngine::read_state(const std::string& name, std::size_t first, std::span<std::byte> out) const {
  const at::Tensor values = part_of(state_by_name_.at(name), first, out.size()).cpu();
  std::memcpy(out.data(), values.const_data_ptr(), out.size());
}

void CpuEngine::write_state(const std::string& name, std::size_t first, std::span<const std::byte> bytes) {
  const at::NoGradGuard no_grad;
  const at::Tensor to = part_of(state_by_name_.at(name), first, bytes.size());
  if (to.is_cpu()) {
    std::memcpy(to.mutable_data_ptr(), bytes.data(), bytes.size());
    return;
  }
  const at::Tensor values = at::empty(to.sizes(), at::TensorOptions(at::kFloat));
  std::memcpy(values.mutable_data_ptr(), bytes.data(), bytes.size());
  to.copy_(values);
}

void CpuEngine::resume(std::int64_t steps) {
  optimizer_.resume(steps);
}

std::vector<OptionLogits> logits_of(const DebertaForMultipleChoice& network, const TrainingSet& set,
                                    const std::string& label) {
  AnsweringReference answering(network);
  return answer_all(answering, set.encoded, label);
}

} // namespace sciexam::inline train
