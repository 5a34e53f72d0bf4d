#include "catalogue.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "common/usage_error.hpp"

namespace catalog {
namespace {

using json = nlohmann::ordered_json;  // keeps the order of keys in the file

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw example::usage_error("cannot read " + file.string() + ": " + why +
                             "; --catalogues names a folder with the JSON files of iso-codes");
}

json read_file(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) refuse(file, std::generic_category().message(errno));
  json document = json::parse(stream, nullptr, false);
  if (document.is_discarded()) refuse(file, "it is not JSON");
  return document;
}

record to_record(const json& source) {
  record r{.text = source.dump(), .searchable = {}};
  for (const json& value : source) r.searchable.append(value.get<std::string>()).push_back(value_end);
  fold_ascii(r.searchable);
  return r;
}

}  // namespace

void fold_ascii(std::span<char> text) noexcept {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
}

catalogue::catalogue(std::string route, const std::filesystem::path& file, const std::string& key,
                     std::span<const std::string_view> code_fields)
    : route_(std::move(route)) {
  try {
    const json document = read_file(file);
    for (const json& source : document.at(key)) {
      for (const std::string_view field : code_fields) {
        std::string code = source.value(field, "");
        fold_ascii(code);
        if (!code.empty()) by_code_.emplace(std::move(code), records_.size());  // the first record keeps it
      }
      records_.push_back(to_record(source));
    }
  } catch (const json::exception&) {
    refuse(file, "it has no list \"" + key + "\" of records whose values are strings");
  }
}

const record* catalogue::by_code(std::string_view folded) const {
  const auto found = by_code_.find(folded);
  return found != by_code_.end() ? &records_[found->second] : nullptr;
}

std::vector<catalogue> load_catalogues(const std::filesystem::path& folder) {
  struct source {
    const char* route;
    const char* file;
    const char* key;
    std::vector<std::string_view> code_fields;
  };
  const std::array sources{
      source{"languages", "iso_639-3.json", "639-3", {"alpha_3", "alpha_2", "bibliographic"}},
      source{"languages-639-2", "iso_639-2.json", "639-2", {"alpha_3", "alpha_2", "bibliographic"}},
      source{"countries", "iso_3166-1.json", "3166-1", {"alpha_2", "alpha_3", "numeric"}},
      source{"subdivisions", "iso_3166-2.json", "3166-2", {"code"}},
      source{"currencies", "iso_4217.json", "4217", {"alpha_3", "numeric"}},
      source{"scripts", "iso_15924.json", "15924", {"alpha_4", "numeric"}},
  };
  std::vector<catalogue> catalogues;
  for (const source& s : sources) catalogues.emplace_back(s.route, folder / s.file, s.key, s.code_fields);
  return catalogues;
}

}  // namespace catalog
