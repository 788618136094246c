#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "nn/choices.hpp"

namespace xg::nn {

/// The known choices of a kind, by name: the library's and those that users add, in any thread.
template <class Value>
class Registry {
 public:
  /// Makes one from its arguments.
  using Maker = std::function<Value(Arguments& given)>;
  /// A name, and how it is made or, for an alias, what it stands for.
  using Entry = std::pair<std::string, std::variant<Maker, Spec>>;

  /// Those of a kind, as errors call it.
  Registry(const char* kind, std::vector<Entry> known) : kind_(kind), known_(std::move(known)) {}

  /// A name that is taken, or that none can have, is a ValueError.
  void add(const Name& name, Maker make) {
    if (name.text.empty()) throw ValueError("register_choice: an empty name was given", name.where);
    if (name.text == Spec::custom)
      throw ValueError("register_choice: 'custom' is the name of all that is not registered", name.where);
    const std::lock_guard lock(mutex_);
    if (std::any_of(known_.begin(), known_.end(), [&](const Entry& entry) { return entry.first == name.text; }))
      throw ValueError(concat("register_choice: the ", kind_, " '", name.text, "' is known already"), name.where);
    known_.emplace_back(name.text, std::move(make));
  }

  /// What a spec stands for, and the spec with all aliases resolved and all arguments.
  std::pair<Spec, Value> make(Spec spec, std::source_location where) const {
    if (spec.name == Spec::custom)
      throw ValueError(concat(kind_,
                              ": 'custom' is one of the user's that has no name to make it from: register it "
                              "by register_choice(), and choose it by its name"),
                       where);
    const Maker maker = resolve(spec, where);
    const CallerScope scope(where);
    Arguments given(spec);
    Value value = maker(given);
    if constexpr (requires { value.visit(given); }) value.visit(given);
    given.check_all_named();
    return {{std::move(spec.name), given.written()}, std::move(value)};
  }

 private:
  /// The maker of what the spec names. An alias in the spec becomes what it stands for.
  Maker resolve(Spec& spec, std::source_location where) const {
    const std::lock_guard lock(mutex_);
    const auto& entry = find_by_name(kind_, spec.name, known_, where);
    if (const auto* maker = std::get_if<Maker>(&entry)) return *maker;
    const Spec& meaning = std::get<Spec>(entry);
    spec.name = meaning.name;
    for (const auto& argument : meaning.arguments)
      if (!spec.find(argument.name)) spec.arguments.push_back(argument);
    return std::get<Maker>(find_by_name(kind_, spec.name, known_, where));
  }

  const char* kind_;
  mutable std::mutex mutex_;
  std::vector<Entry> known_;
};

/// A maker of something that has no arguments.
template <class Value>
auto always(Value value) {
  return [value](Arguments&) { return value; };
}

template <class Kind, class Value>
Choice<Kind, Value>::Choice(const char* name, std::source_location where) {
  choose({given_name(Kind::kind, name, where)}, where);
}

template <class Kind, class Value>
Choice<Kind, Value>::Choice(const std::string& name, std::source_location where) {
  choose({name}, where);
}

template <class Kind, class Value>
Choice<Kind, Value>::Choice(const Spec& spec, std::source_location where) {
  if constexpr (std::is_default_constructible_v<Kind>)
    if (spec == Spec{}) {
      *this = Kind();
      return;
    }
  choose(spec, where);
}

template <class Kind, class Value>
void Choice<Kind, Value>::add(const Name& name, std::function<Kind(Arguments& given)> make) {
  registry().add(name, [make = std::move(make)](Arguments& given) { return make(given).value_; });
}

template <class Kind, class Value>
Choice<Kind, Value>::Choice(Spec spec, Value value)
    : value_(std::move(value)), spec_(std::make_shared<const Spec>(std::move(spec))) {}

template <class Kind, class Value>
const Spec& Choice<Kind, Value>::spec() const {
  static const Spec none;
  return spec_ ? *spec_ : none;
}

template <class Kind, class Value>
void Choice<Kind, Value>::choose(const Spec& spec, std::source_location where) {
  auto [full, value] = registry().make(spec, where);
  spec_ = std::make_shared<const Spec>(std::move(full));
  value_ = std::move(value);
}

}  // namespace xg::nn
