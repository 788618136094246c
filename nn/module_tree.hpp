#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "lib/memory_pool.hpp"
#include "nn/module.hpp"

namespace xg::nn {

/// Whoever declares anything, or walks through what was declared: a thread may build a part of what another looks at.
inline std::mutex declaring;

/// The modules below others that were met already. Only one that somebody else holds too can be met twice.
class Met {
 public:
  /// False the second time.
  bool is_new(const std::shared_ptr<Module>& child) {
    return child.use_count() == 1 || several_times_.insert(child.get()).second;
  }

 private:
  std::set<const Module*, std::less<>, pool::Allocator<const Module*>> several_times_;
};

/// A module and all below it, each once, parents before their children. A loop: modules may be nested deeply.
template <class M>
std::vector<M*, pool::Allocator<M*>> tree(M& root) {
  std::vector<M*, pool::Allocator<M*>> found, waiting{&root};
  Met met;
  const std::lock_guard lock(declaring);
  while (!waiting.empty()) {
    M* const next = waiting.back();
    waiting.pop_back();
    found.push_back(next);
    const auto& children = next->children();
    for (auto child = children.rbegin(); child != children.rend(); ++child)
      if (met.is_new(child->second)) waiting.push_back(child->second.get());
  }
  return found;
}

}  // namespace xg::nn
