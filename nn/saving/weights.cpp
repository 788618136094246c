#include "nn/saving/weights.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "lib/io/safetensors.hpp"
#include "nn/module.hpp"
#include "nn/replace_buffer.hpp"

namespace xg::nn {
namespace {

using Entry = SafetensorsFile::Entry;

void check_extension(const char* call, const std::string& path, std::source_location where) {
  if (!path.ends_with(".safetensors"))
    throw ValueError(concat(call, ": '", path, "' does not end in .safetensors, the format of weights"), where);
}

/// A parameter or buffer, and what the file has for it.
struct Target {
  Tensor value;
  bool is_buffer;
  const Entry* found = nullptr;

  /// A state is that of a batch, of as many samples as it had.
  bool is_other_batch() const {
    const Shape &here = value.shape(), &there = found->shape;
    if (!is_buffer || here.rank() != there.rank() || here.rank() < 2 || here == there) return false;
    return std::equal(here.begin() + 1, here.end(), there.begin() + 1);
  }
  bool fits() const {
    const bool same_kind =
        value.dtype() == found->dtype || (is_floating(value.dtype()) && is_floating(found->dtype));
    return same_kind && (value.shape() == found->shape || is_other_batch());
  }
};

/// By path, in their order.
class Targets {
 public:
  explicit Targets(Module& module) {
    const auto add = [&](const auto& list, bool are_buffers) {
      for (const auto& named : list) {
        places_.emplace(named.name, all_.size());
        all_.emplace_back(named.name, Target{named.value, are_buffers});
      }
    };
    add(module.parameters(), false);
    add(module.buffers(), true);
  }

  bool empty() const { return all_.empty(); }
  std::vector<std::pair<std::string, Target>>& all() { return all_; }
  Target* find(const std::string& name) {
    const auto found = places_.find(name);
    return found == places_.end() ? nullptr : &all_[found->second].second;
  }

 private:
  std::vector<std::pair<std::string, Target>> all_;
  std::map<std::string, std::size_t> places_;
};

/// Finds what the file has for each, and tells what is left over.
LoadReport match(Targets& targets, const SafetensorsFile& file, const std::string& path, const LoadOptions& options,
                 std::source_location where) {
  LoadReport report;
  for (const Entry& entry : file.entries()) {
    const std::string name = options.rename ? options.rename(entry.name) : entry.name;
    if (name.empty()) continue;
    Target* const target = targets.find(name);
    if (!target)
      report.unexpected.push_back(name);
    else if (target->found)
      throw ValueError(concat("load_weights: ", path, ": '", target->found->name, "' and '", entry.name,
                              "' in the file both became '", name, "'"),
                       where);
    else
      target->found = &entry;
  }
  for (auto& [name, target] : targets.all()) {
    if (!target.found) {
      report.missing.push_back(name);
    } else if (!target.fits()) {
      report.mismatched.push_back(concat(name, " (", target.found->dtype, ' ', target.found->shape, " in the file, ",
                                         target.value.dtype(), ' ', target.value.shape(), " here)"));
      target.found = nullptr;
    }
  }
  return report;
}

std::string listed(const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = concat("\n  ", names.size(), ' ', what, ": ");
  for (const std::string& name : names) text += (&name == &names.front() ? "" : ", ") + name;
  return text;
}

/// The first layer that has still to learn the shape of its input.
std::string not_built(const Module& module) {
  for (const auto& [name, child] : module.children())
    if (!child->built()) return name;
  return {};
}

void check_all_came(const LoadReport& report, const Module& module, const std::string& path,
                    std::source_location where) {
  const std::string list = listed("missing in the file", report.missing) +
                           listed("unexpected in the file", report.unexpected) +
                           listed("of another shape or dtype", report.mismatched);
  if (list.empty()) return;
  const std::string open = not_built(module);
  throw ValueError(
      concat("load_weights: ", path, " does not fit the model:", list, "\n  ",
             open.empty() ? "rename maps the names of the file, strict = false loads what fits"
                          : concat('\'', open, "' is not built yet: build_for() with the shape of a sample comes first")),
      where);
}

/// All that can fail first: what needs other elements than those in the file.
void take_over(Module& module, Targets& targets, const SafetensorsFile& file, std::source_location where) {
  std::vector<std::optional<Array>> made;
  for (auto& [name, target] : targets.all()) {
    const bool as_it_is = !target.found || (target.value.array().is_contiguous() && !target.is_other_batch() &&
                                            target.value.dtype() == target.found->dtype);
    made.push_back(as_it_is ? std::nullopt
                            : std::optional(file.read(*target.found, where).astype(target.value.dtype(), where)));
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    Target& target = targets.all()[i].second;
    if (!target.found) continue;
    Array elements = target.value.array();
    if (!made[i])
      file.read_into(*target.found, elements, where);
    else if (target.is_other_batch())
      replace_buffer(module, target.value, *made[i]);
    else
      elements.assign(*made[i], where);
  }
}

}  // namespace

void save_weights(const Module& module, const std::string& path, std::source_location where) {
  check_extension("save_weights", path, where);
  NamedArrays content;
  for (const auto& list : {module.parameters(), module.buffers()})
    for (const auto& named : list) content.arrays.emplace_back(named.name, named.value.array());
  if (content.arrays.empty())
    throw ValueError(concat("save_weights: ", path, ": the ", module.type(),
                            " has no weights yet: build_for() with the shape of a sample, or a first pass, makes them"),
                     where);
  write_safetensors(path, content, where);
}

LoadReport load_weights(Module& module, const std::string& path, const LoadOptions& options,
                        std::source_location where) {
  check_extension("load_weights", path, where);
  const SafetensorsFile file(path, where);
  Targets targets(module);
  LoadReport report = match(targets, file, path, options, where);
  if (options.strict) check_all_came(report, module, path, where);
  take_over(module, targets, file, where);
  return report;
}

}  // namespace xg::nn
