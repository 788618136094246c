#pragma once

#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "lib/error.hpp"
#include "nn/arguments.hpp"
#include "nn/lookup.hpp"
#include "nn/spec.hpp"

namespace xg::nn {

template <class Value>
class Registry;

/// What all that can be chosen by name has in common: activations, initializers, regularizers, losses, metrics,
/// optimizers and callbacks. A choice is made from a name, which means the defaults, from a Spec, or, each kind in its
/// own way, from an object or a function; it keeps the Spec from which it can be made again. `Value` is what a choice
/// stands for.
template <class Kind, class Value>
class XG_API Choice {
 public:
  /// True for the functions that a choice can be made from, if functions can be chosen.
  template <class F>
  static constexpr bool takes = false;

  /// The one of that name. An unknown one is a ValueError that lists the known ones.
  Choice(const char* name, std::source_location where = std::source_location::current());
  /// The one of that name. An unknown one is a ValueError that lists the known ones.
  Choice(const std::string& name, std::source_location where = std::source_location::current());
  /// The one that was written down; arguments that are not given have their defaults. An unknown name or argument is a
  /// ValueError that lists the known ones.
  Choice(const Spec& spec, std::source_location where = std::source_location::current());

  /// The name, aliases resolved, and all arguments; the name `custom` for functions and objects of the user's.
  const Spec& spec() const;
  /// The name in the spec.
  const std::string& name() const { return spec().name; }
  /// Makes another known by a name: for register_choice().
  static void add(const Name& name, std::function<Kind(Arguments& given)> make);

 protected:
  Choice() = default;
  /// One that is not looked up by its name.
  Choice(Spec spec, Value value);

  Value value_ = {};  ///< what was chosen

 private:
  static Registry<Value>& registry();
  void choose(const Spec& spec, std::source_location where);

  std::shared_ptr<const Spec> spec_;  // null: nothing was chosen
};

/// A choice that is a function, and can be made from any that is called like it.
template <class Kind, class Signature>
class FunctionChoice;

/// A choice that is a function, and can be made from any that is called like it.
template <class Kind, class Result, class... Parts>
class XG_API FunctionChoice<Kind, Result(Parts...)> : public Choice<Kind, std::function<Result(Parts...)>> {
  using Base = Choice<Kind, std::function<Result(Parts...)>>;

 public:
  /// What is called.
  using Function = std::function<Result(Parts...)>;
  /// True for the functions that a choice can be made from.
  template <class F>
  static constexpr bool takes = std::is_invocable_r_v<Result, F&, Parts...> && !std::is_base_of_v<Kind, F>;

  using Base::Base;
  /// A function of the user's. Null is a ValueError.
  template <class F>
  requires takes<F> FunctionChoice(F function, std::source_location where = std::source_location::current())
      : Base({Spec::custom}, with_own_lines(given_function<Function>(Kind::kind, std::move(function), where))) {}

  /// Calls it. Errors name that line; those in a function of the user's the line in it. An undefined result is a
  /// ValueError, as is a call of none.
  Result operator()(Parts... parts, std::source_location where = std::source_location::current()) const {
    if (!this->value_) throw ValueError(concat(Kind::kind, ": none was chosen"), where);
    const CallerScope scope(where);
    Result result = this->value_(static_cast<Parts>(parts)...);
    if (!result.defined())
      throw ValueError(concat(Kind::kind, " '", this->name(), "': the function gave an undefined result"), where);
    return result;
  }

 protected:
  FunctionChoice() = default;

 private:
  static Function with_own_lines(Function function) {
    return [function = std::move(function)](Parts... parts) -> Result {
      const OwnLines own;
      return function(static_cast<Parts>(parts)...);
    };
  }
};

/// A choice that is an object of the class `Object` or of one derived from it, which says its own spec(). What the kind
/// demands of such a class, it may say in a function template `check`, called with the class.
template <class Kind, class Object>
class XG_API ObjectChoice : public Choice<Kind, std::shared_ptr<Object>> {
  using Base = Choice<Kind, std::shared_ptr<Object>>;

 public:
  using Base::Base;
  /// A shared one. Null is a ValueError.
  template <class O>
  requires std::is_base_of_v<Object, O> ObjectChoice(const std::shared_ptr<O>& object,
                                                     std::source_location where = std::source_location::current())
      : Base(spec_of(object.get(), where), object), shared_(true) {}
  /// One of its own.
  template <class O>
  requires std::is_base_of_v<Object, O> ObjectChoice(O object) : ObjectChoice(std::make_shared<O>(std::move(object))) {
    if constexpr (std::is_copy_constructible_v<O>) {
      shared_ = false;
      copy_ = [](const Object& original) -> std::shared_ptr<Object> {
        return std::make_shared<O>(static_cast<const O&>(original));
      };
    }
  }

  /// The object; null for none.
  const std::shared_ptr<Object>& get() const { return this->value_; }
  /// One for another use: a copy of an object, a new one of that name. That of a shared pointer is always the same.
  std::shared_ptr<Object> another() const {
    if (!this->value_ || shared_) return this->value_;
    return copy_ ? copy_(*this->value_) : Kind(this->spec()).get();
  }

 protected:
  ObjectChoice() = default;

 private:
  /// A class of the library names itself by a type `Named`; one that is derived from it is the user's.
  template <class O>
  static Spec spec_of(const O* object, std::source_location where) {
    if constexpr (requires { &Kind::template check<O>; }) Kind::template check<O>();
    check_given(Kind::kind, "pointer", object, where);
    if constexpr (requires { Kind::template check_class<O>(); }) Kind::template check_class<O>();
    if constexpr (requires { typename O::Named; })
      if (!std::is_same_v<O, typename O::Named>) return {Spec::custom};
    return object->spec();
  }

  bool shared_ = false;                                           // with whoever gave it
  std::shared_ptr<Object> (*copy_)(const Object& original) = {};  // null: made by its name
};

/// Makes something of the user's known by a name, from then on and in all threads: a function of the kind itself, or,
/// for what has arguments, one that makes it from them:
/// ```cpp
/// nn::register_choice<nn::Loss>("focal", [](nn::Arguments& arguments) -> nn::Loss {
///   double gamma = 2;
///   arguments("gamma", gamma);
///   return [gamma](const Tensor& y, const Tensor& p) { return mean(pow(1.0 - p, gamma) * -log(p) * y); };
/// });
/// model.compile({.optimizer = "sgd", .loss = nn::Spec{"focal", {{"gamma", 1.5}}}});
/// ```
/// Optimizers and callbacks are always made, so that each has its own. A name that is taken is a ValueError.
template <class Kind, class Made>
void register_choice(const Name& name, Made made) {
  if constexpr (Kind::template takes<Made>) {
    Kind::add(name, [choice = Kind(std::move(made), name.where)](Arguments&) { return choice; });
  } else {
    static_assert(std::is_invocable_v<Made&, Arguments&>,
                  "give a function that is called as this kind of choice is and gives what it gives, or one of "
                  "nn::Arguments& that makes the choice");
    using Maker = std::function<std::invoke_result_t<Made&, Arguments&>(Arguments&)>;
    Kind::add(name, [make = given_function<Maker>(Kind::kind, std::move(made), name.where)](Arguments& given) {
      return Kind(make(given));
    });
  }
}

}  // namespace xg::nn
