#include "train/job/predictions.hpp"

#include "exam/csv.hpp"
#include "support/files/files.hpp"
#include "support/text/numbers.hpp"

#include <cstdio>

namespace sciexam::inline train {

void write_predictions(const std::filesystem::path& file, std::span<const Predictions> predictions) {
  AtomicFile out(file);
  out.write("run,place,answer,A,B,C,D,E\n");
  for (const Predictions& run : predictions)
    for (std::size_t i = 0; i < run.questions.size(); ++i) {
      std::string line = csv_cell(run.run) + "," + csv_cell(run.questions.places[i]) + "," +
                         static_cast<char>('A' + *run.questions.questions[i].answer);
      for (const double probability : softmax(run.logits[i]))
        line += printed(",%.9g", probability);
      out.write(line + "\n");
    }
  out.commit();
}

} // namespace sciexam::inline train
