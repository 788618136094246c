#include "autograd/saved.hpp"

#include <utility>

#include "lib/thread_local.hpp"

namespace xg {
namespace {

XG_THREAD_LOCAL detail::SavedList* list_here = nullptr;

}  // namespace

Saved::Saved(const Saved& other) : tensor_(other.tensor_), version_(other.version_) {
  if (list_here) list_here->tensors_.push_back(tensor_);
}

detail::SavedList::SavedList() : outer_(std::exchange(list_here, this)) {}

detail::SavedList::~SavedList() { list_here = outer_; }

}  // namespace xg
