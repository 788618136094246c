#include "autograd/observer.hpp"

#include <utility>

namespace xg::detail {
namespace {

thread_local Observer* first_here = nullptr;

}  // namespace

std::atomic<int> observers{0};

Observer::Observer() : outer_(std::exchange(first_here, this)) { observers.fetch_add(1, std::memory_order_relaxed); }

Observer::~Observer() {
  first_here = outer_;
  observers.fetch_sub(1, std::memory_order_relaxed);
}

Observer* Observer::first() { return first_here; }

void Run::start() const {
  for (Observer* each = first_here; each; each = each->next()) each->start();
}

void Run::finish() const {
  for (Observer* each = first_here; each; each = each->next()) each->finish();
}

void Run::tell(const char* op, const Array& value, Node* node, std::initializer_list<const Array*> operands) const {
  for (const Array* operand : operands)
    for (Observer* each = first_here; each; each = each->next()) each->operand(*operand);
  for (Observer* each = first_here; each; each = each->next()) each->output(op, where_, value, node);
}

}  // namespace xg::detail
