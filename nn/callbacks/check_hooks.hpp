#pragma once

#include <cstdint>
#include <type_traits>

namespace xg::nn {

class Logs;
struct TrainingRun;

namespace detail {

/// True for a member function with these parameters, of whatever class.
template <class Member, class... Parameters>
constexpr bool takes = false;
template <class Class, class... Parameters>
constexpr bool takes<void (Class::*)(Parameters...), Parameters...> = true;
template <class Class, class... Parameters>
constexpr bool takes<void (Class::*)(Parameters...) noexcept, Parameters...> = true;

/// An argument for any parameter.
struct Anything {
  /// The parameter itself.
  template <class T>
  operator T&() const;
};

/// True for a function that some number of arguments fits.
template <class F>
constexpr bool callable =
    std::is_invocable_v<F> || std::is_invocable_v<F, Anything> || std::is_invocable_v<F, Anything, Anything> ||
    std::is_invocable_v<F, Anything, Anything, Anything> ||
    std::is_invocable_v<F, Anything, Anything, Anything, Anything>;

// Whether what C calls by a hook's name is that hook, or overrides it. Another function of the name hides the hook,
// which then is never called. What is private cannot be looked at, and is taken for an override; what can be called,
// but has no address, is overloaded or a template.
#define XG_HOOK(hook, ...)                                                                                        \
  template <class C>                                                                                              \
  constexpr bool has_##hook = [] {                                                                                \
    if constexpr (requires { &C::hook; })                                                                         \
      return takes<decltype(&C::hook), __VA_ARGS__>;                                                              \
    else                                                                                                          \
      return !callable<decltype([](auto&&... arguments) requires requires(C & c) { c.hook(arguments...); } {})>;  \
  }();                                                                                                            \
  template <class C>                                                                                              \
  constexpr void check_##hook() {                                                                                 \
    static_assert(has_##hook<C>, "this callback's " #hook                                                         \
                                 " hides the hook of that name, which would never be called: "                    \
                                 "declare one function of that name, void " #hook "(" #__VA_ARGS__ ") override"); \
  }

XG_HOOK(on_train_begin, nn::TrainingRun&)
XG_HOOK(on_train_end, nn::TrainingRun&)
XG_HOOK(on_epoch_begin, nn::TrainingRun&, int)
XG_HOOK(on_epoch_end, nn::TrainingRun&, int, const nn::Logs&)
XG_HOOK(on_batch_begin, nn::TrainingRun&, std::int64_t)
XG_HOOK(on_batch_end, nn::TrainingRun&, std::int64_t, std::int64_t, const nn::Logs&)

#undef XG_HOOK

/// Does not compile for a callback that has a function by the name of a hook, but with other parameters.
template <class C>
constexpr void check_hooks() {
  check_on_train_begin<C>();
  check_on_train_end<C>();
  check_on_epoch_begin<C>();
  check_on_epoch_end<C>();
  check_on_batch_begin<C>();
  check_on_batch_end<C>();
}

}  // namespace detail
}  // namespace xg::nn
