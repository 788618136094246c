#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "lib/export.hpp"

namespace xg {

namespace detail {

/// What a HookHandle takes away.
class Removable {
 public:
  Removable() = default;
  virtual ~Removable() = default;
  Removable(const Removable&) = delete;
  Removable& operator=(const Removable&) = delete;
  virtual void remove() noexcept = 0;
};

}  // namespace detail

/// Takes a registered hook away again. It may be dropped: the hook stays then.
class XG_API HookHandle {
 public:
  /// Of no hook.
  HookHandle() = default;
  /// Of that hook.
  explicit HookHandle(std::weak_ptr<detail::Removable> hook) : hook_(std::move(hook)) {}
  /// The hook is not called again, and what it captured is freed. A hook may remove itself. Does nothing if it is gone.
  void remove() noexcept {
    if (const auto hook = hook_.lock()) hook->remove();
  }

 private:
  std::weak_ptr<detail::Removable> hook_;
};

/// Hooks of one kind in the order they were registered.
template <class Hook>
class HookList {
 public:
  /// A new last one.
  HookHandle add(Hook hook) {
    std::erase_if(hooks_, [](const auto& each) { return !each->hook; });
    hooks_.push_back(std::make_shared<Entry>(std::move(hook)));
    return HookHandle(hooks_.back());
  }
  /// True if none was ever added.
  bool empty() const { return hooks_.empty(); }
  /// Calls `visit(hook)` for each. The list may change meanwhile: what is added waits for the next time, what is
  /// removed is not called any more.
  template <class Visit>
  void each(Visit visit) const {
    const auto now = hooks_;
    for (const auto& entry : now)
      if (const auto hook = entry->hook) visit(*hook);
  }

 private:
  struct Entry final : detail::Removable {
    explicit Entry(Hook given) : hook(std::make_shared<const Hook>(std::move(given))) {}
    void remove() noexcept override { hook.reset(); }
    std::shared_ptr<const Hook> hook;
  };

  std::vector<std::shared_ptr<Entry>> hooks_;
};

}  // namespace xg
