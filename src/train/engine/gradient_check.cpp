#include "train/engine/gradient_check.hpp"

#include "support/text/numbers.hpp"
#include "train/engine/gradient_pass.hpp"
#include "train/inputs/batch_order.hpp"
#include "train/optimizer/row_gradients.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

namespace sciexam::inline train {
namespace {

/// A parameter's gradient on the CPU; zeros where it has none.
std::vector<float> gradient_of(const TrainedParameter& parameter, const RowGradients& rows) {
  std::vector<float> values(static_cast<std::size_t>(parameter.tensor.numel()));
  if (parameter.in_rows) {
    const auto width = static_cast<std::size_t>(parameter.tensor.size(1));
    for (std::size_t i = 0; i < rows.rows().size(); ++i)
      std::copy(rows.values(i).begin(), rows.values(i).end(),
                values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows.rows()[i]) * width));
  } else if (parameter.tensor.grad().defined()) {
    const at::Tensor plain = parameter.tensor.grad().contiguous();
    std::copy_n(plain.const_data_ptr<float>(), values.size(), values.begin());
  }
  return values;
}

struct Difference {
  double apart = 0, size = 0, elements = 0; ///< sums of squares
};

} // namespace

GradientErrors compare_gradients(DeviceEngine& device, const DebertaForMultipleChoice& network,
                                 const TrainingSettings& settings, const TrainingSet& train) {
  const std::vector<TrainedParameter> parameters = trained_parameters(network, settings);
  RowGradients rows(network.config().embedding_size);
  TrainingSettings exact = settings;
  exact.bf16 = false; // f32 is what is compared with, whatever the CPU would train in
  // Room is kept for what is trained, which a short run's other questions may exceed.
  const QuestionBatch question = {BatchOrder(train, settings).batch_of(0).front()};
  accumulate_gradients(network, exact, train, question, 0, 0, rows);
  device.add_gradients(question, 0, 0);
  (void)device.gradient_norm(); // repeats what overflows
  std::vector<Difference> differences;
  Difference all;
  for (const TrainedParameter& parameter : parameters) {
    const std::vector<float> expected = gradient_of(parameter, rows), found = device.gradient(parameter.name);
    Difference& own = differences.emplace_back();
    own.elements = static_cast<double>(expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double apart = static_cast<double>(found[i]) - expected[i];
      own.apart += apart * apart;
      own.size += static_cast<double>(expected[i]) * expected[i];
    }
    all.apart += own.apart;
    all.size += own.size;
    all.elements += own.elements;
    parameter.tensor.mutable_grad() = at::Tensor();
  }
  device.drop_gradients();
  GradientErrors errors{.all = std::sqrt(all.apart / all.size)};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double usual = 1e-2 * all.size * differences[i].elements / all.elements; // of a tensor so large
    const double error = std::sqrt(differences[i].apart / std::max(differences[i].size, usual));
    errors.tensors.push_back({parameters[i].name, error});
  }
  std::stable_sort(errors.tensors.begin(), errors.tensors.end(), [](const auto& a, const auto& b) {
    return std::isnan(a.error) ? !std::isnan(b.error) : a.error > b.error;
  });
  return errors;
}

std::string GradientErrors::summary() const {
  return printed("%.1e in all; of single tensors: median %.1e, 99 %% %.1e, most %.1e (%s)", all,
                 tensors[tensors.size() / 2].error, tensors[tensors.size() / 100].error, worst(),
                 tensors.front().name.c_str());
}

std::string GradientErrors::worst_tensors(std::size_t count) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, tensors.size()); ++i)
    text += (i == 0 ? "" : ", ") + tensors[i].name + printed(" %.1e", tensors[i].error);
  return text;
}

} // namespace sciexam::inline train
