#include "support/errors.hpp"
#include "train/manifest/manifest.hpp"
#include "train/manifest/settings.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using Catch::Matchers::ContainsSubstring;

namespace {

const SettingField& field(std::string_view name) {
  for (const SettingField& any : setting_fields())
    if (any.name == name)
      return any;
  throw std::runtime_error("no such setting");
}

} // namespace

TEST_CASE("every setting can be set from the text that it is shown as") {
  TrainingSettings changed;
  changed.num_train_epochs = 1.5;
  changed.group_by_length = true;
  changed.seed = 42;
  changed.lr_scheduler_type = "cosine";
  changed.adam_epsilon = 1e-6;
  const Json json = to_json(changed);
  TrainingSettings again;
  for (const SettingField& any : setting_fields()) {
    const Json& value = json.at(std::string(any.name));
    set_from_text(again, any, value.is_string() ? value.get<std::string>() : value.dump());
  }
  CHECK(to_json(again) == json);
}

TEST_CASE("settings go through JSON unchanged") {
  TrainingSettings changed;
  changed.learning_rate = 3e-5;
  changed.freeze_layers = 18;
  changed.optim = "adamw_hf";
  const JsonDocument document(to_json(changed).dump(), "settings");
  TrainingSettings again;
  set_from_json(again, document.root());
  CHECK(to_json(again) == to_json(changed));
}

TEST_CASE("a setting out of range or of the wrong kind is refused by its name") {
  TrainingSettings settings;
  CHECK_THROWS_WITH(set_from_text(settings, field("batch_size"), "0"), ContainsSubstring("batch_size"));
  CHECK_THROWS_WITH(set_from_text(settings, field("batch_size"), "2.5"), ContainsSubstring("whole number"));
  CHECK_THROWS_WITH(set_from_text(settings, field("learning_rate"), "fast"), ContainsSubstring("learning_rate"));
  CHECK_THROWS_WITH(set_from_text(settings, field("learning_rate"), "1e-5x"), ContainsSubstring("1e-5x"));
  CHECK_THROWS_WITH(set_from_text(settings, field("lr_scheduler_type"), "step"), ContainsSubstring("cosine"));
  CHECK_THROWS_WITH(set_from_text(settings, field("group_by_length"), "maybe"), ContainsSubstring("true or false"));
}

TEST_CASE("an unknown setting in JSON is refused with its path") {
  const JsonDocument document(R"({"learning_rat": 1})", "m.json");
  TrainingSettings settings;
  CHECK_THROWS_WITH(set_from_json(settings, document.root()), ContainsSubstring("$.learning_rat"));
}

TEST_CASE("early stopping requires the best weights to be kept") {
  TrainingSettings settings;
  settings.early_stopping_patience = 3;
  settings.load_best_model_at_end = false;
  CHECK_THROWS_AS(check_settings(settings), UsageError);
}

TEST_CASE("the schema knows every setting and no other") {
  const Json schema = Json::parse(manifest_schema());
  std::set<std::string> in_schema, in_program;
  for (const auto& [name, value] : schema["definitions"]["settings"]["properties"].items())
    in_schema.insert(name);
  for (const SettingField& any : setting_fields())
    in_program.emplace(any.name);
  CHECK(in_schema == in_program);
}
