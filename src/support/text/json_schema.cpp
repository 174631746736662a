#include "support/text/json_schema.hpp"

#include "support/errors.hpp"
#include "support/text/json.hpp"

#include <string>
#include <vector>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace sciexam::inline support {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// "<root>", "[runs]", "[0]" -> "$.runs[0]".
std::string path_text(const std::vector<std::string>& context) {
  std::string path = "$";
  for (const std::string& step : context) {
    if (step.size() < 2 || step.front() != '[')
      continue;
    const std::string name = step.substr(1, step.size() - 2);
    const bool is_index = name.find_first_not_of("0123456789") == std::string::npos;
    path += is_index ? "[" + name + "]" : "." + name;
  }
  return path;
}

/// The most deeply nested error: the outer ones only say that something inside is wrong.
valijson::ValidationResults::Error deepest(const valijson::ValidationResults& results) {
  valijson::ValidationResults::Error found = *results.begin();
  for (const valijson::ValidationResults::Error& error : results)
    if (error.context.size() > found.context.size())
      found = error;
  return found;
}

std::string as_sentence(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' '))
    text.pop_back();
  return text;
}

} // namespace

void check_json_schema(std::string_view text, const std::filesystem::path& file, std::string_view schema_text) {
  // The validator's adapter is written for nlohmann::json, which sorts members; ours keeps their order.
  const nlohmann::json document = JsonDocument(text, file).root().json();
  valijson::Schema schema;
  const nlohmann::json schema_json = nlohmann::json::parse(schema_text, nullptr, false);
  if (schema_json.is_discarded())
    throw InternalError("the schema of " + file.string() + " is not JSON");
  valijson::SchemaParser parser;
  parser.populateSchema(Adapter(schema_json), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  if (validator.validate(schema, Adapter(document), &results))
    return;
  const auto error = deepest(results);
  throw InputError({file, 0, path_text(error.context)}, "does not fit the schema: " + as_sentence(error.description),
                   "Correct it; weights_manifest/schema.json describes every member");
}

} // namespace sciexam::inline support
