#include "autograd/grad_mode.hpp"

#include <utility>

#include "lib/thread_local.hpp"

namespace xg {
namespace {

XG_THREAD_LOCAL bool enabled_here = true;

}  // namespace

bool grad_enabled() { return enabled_here; }

GradMode::GradMode(bool enabled) : outer_(std::exchange(enabled_here, enabled)) {}

GradMode::~GradMode() { enabled_here = outer_; }

}  // namespace xg
