#include <doctest/doctest.h>

#include <optional>

#include "autograd/creation.hpp"
#include "autograd/ops/arithmetic.hpp"
#include "autograd/ops/reduction.hpp"
#include "nn/layers/dense.hpp"
#include "nn/layers/dropout.hpp"
#include "nn/sequential.hpp"
#include "tests/nn/support.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;
using nn::Dense;

namespace {

Dense layer() { return Dense({.units = 1, .input_dim = 2, .kernel_initializer = "ones"}); }

const Tensor x = ones({3, 2});

/// A backward hook that notes the module it was called for.
struct Noted {
  nn::Module* module = nullptr;
  int calls = 0;
  nn::Module::BackwardHook hook() {
    return [this](nn::Module& seen, const Tensor& gradient) {
      module = &seen;
      ++calls;
      return gradient * 10.0;
    };
  }
};

}  // namespace

TEST_CASE("module hooks: a backward hook of a module that moved since is called for the one it moved to") {
  Noted noted;
  Dense dense = layer();
  dense.register_backward_hook(noted.hook());
  const Tensor first = dense(x);
  std::optional<Dense> moved(std::move(dense));
  sum(first).backward();
  CHECK(noted.module == &*moved);
  CHECK(numbers((*moved)["kernel"].grad()) == Numbers{30, 30});
  const Tensor second = (*moved)(x);
  Dense assigned = layer();
  assigned = std::move(*moved);
  moved.reset();
  sum(second).backward();
  CHECK(noted.module == &assigned);
  CHECK(noted.calls == 2);
  // The hooks go where the module goes.
  sum(assigned(x)).backward();
  CHECK(noted.calls == 3);
}

TEST_CASE("module hooks: a module that is added to another takes its hooks along") {
  Noted noted;
  Dense dense = layer();
  dense.register_backward_hook(noted.hook());
  nn::Sequential model;
  Dense& added = model.add(std::move(dense));
  sum(model(x)).backward();
  CHECK(noted.module == &added);
}

TEST_CASE("module hooks: a backward hook is not called for a module that is gone or was replaced") {
  Noted noted;
  std::optional<Dense> dense(layer());
  dense->register_backward_hook(noted.hook());
  Tensor input = ones({3, 2}).set_requires_grad();
  const Tensor gone = (*dense)(input);
  dense.reset();
  sum(gone).backward();
  CHECK(noted.calls == 0);
  CHECK(numbers(input.grad()) == numbers(ones({3, 2})));
  dense.emplace(layer());
  dense->register_backward_hook(noted.hook());
  const Tensor replaced = (*dense)(x);
  *dense = layer();
  sum(replaced).backward();
  CHECK(noted.calls == 0);
  sum((*dense)(x)).backward();
  CHECK(noted.calls == 0);
}

TEST_CASE("module hooks: removed ones are not called, also if the pass was made before") {
  Noted first, second;
  int passes = 0;
  Dense dense = layer();
  HookHandle forward = dense.register_forward_hook([&](nn::Module&, const Tensor&, const Tensor& y) {
    ++passes;
    return y * 2.0;
  });
  HookHandle backward = dense.register_backward_hook(first.hook());
  dense.register_backward_hook(second.hook());
  const Tensor y = dense(x);
  CHECK(numbers(y) == Numbers{4, 4, 4});
  backward.remove();
  forward.remove();
  sum(y).backward();
  CHECK(first.calls == 0);
  CHECK(second.calls == 1);
  CHECK(numbers(dense(x)) == Numbers{2, 2, 2});
  CHECK(passes == 1);
  // Once more, after the module, or without a hook: nothing happens.
  backward.remove();
  dense = layer();
  forward.remove();
  HookHandle().remove();
}

TEST_CASE("module hooks: a removed hook is freed, and may remove itself") {
  const auto captured = std::make_shared<int>(0);
  Dense dense = layer();
  HookHandle handle;
  handle = dense.register_forward_hook([&handle, captured](nn::Module&, const Tensor&, const Tensor&) {
    handle.remove();
    ++*captured;
    return Tensor();
  });
  CHECK(captured.use_count() == 2);
  dense(x);
  dense(x);
  CHECK(*captured == 1);
  CHECK(captured.use_count() == 1);
}

TEST_CASE("module hooks: a forward hook may add another, which the next pass calls") {
  Dense dense = layer();
  int outer = 0, inner = 0;
  dense.register_forward_hook([&](nn::Module& module, const Tensor&, const Tensor&) {
    ++outer;
    module.register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
      ++inner;
      return Tensor();
    });
    return Tensor();
  });
  dense(x);
  CHECK(inner == 0);
  dense(x);
  CHECK(outer == 2);
  CHECK(inner == 1);
}

TEST_CASE("module hooks: null functions are refused") {
  Dense dense = layer();
  CHECK_ERROR(ValueError, dense.register_forward_hook(nullptr), "register_forward_hook: a null function was given");
  CHECK_ERROR(ValueError, dense.register_backward_hook({}), "register_backward_hook: a null function was given");
  CHECK(numbers(dense(x)) == Numbers{2, 2, 2});
}

TEST_CASE("module hooks: of a module that passes its input on, they see the gradient of its output alone") {
  nn::Dropout identity(0.5);
  identity.eval();
  Numbers seen;
  identity.register_backward_hook([&](nn::Module&, const Tensor& gradient) {
    seen = numbers(gradient);
    return Tensor();
  });
  Tensor leaf = ones({2}).set_requires_grad();
  for (int pass = 0; pass < 2; ++pass) {
    leaf.zero_grad();
    (sum(identity(leaf)) + sum(leaf * 4.0)).backward();
    CHECK(seen == Numbers{1, 1});
    CHECK(numbers(leaf.grad()) == Numbers{5, 5});
  }
}

TEST_CASE("module hooks: one that moves its module in the middle of a pass, and those behind it") {
  std::vector<nn::Sequential> nets;
  nets.push_back(nn::Sequential{layer(), Dense({.units = 1, .input_dim = 1, .kernel_initializer = "ones"})});
  bool grown = false;
  std::vector<const nn::Module*> seen;
  auto& first = *nets[0].children()[0].second;
  first.register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
    if (!std::exchange(grown, true)) nets.resize(nets.capacity() + 1);
    return Tensor();
  });
  nets[0].register_forward_hook([&](nn::Module& net, const Tensor&, const Tensor& y) {
    seen.push_back(&net);
    return y * 3.0;
  });
  CHECK(numbers(nets[0](x)) == Numbers{6, 6, 6});
  REQUIRE(grown);
  CHECK(seen == std::vector<const nn::Module*>{&nets[0]});
  CHECK(numbers(nets[0](x)) == Numbers{6, 6, 6});
}

TEST_CASE("module hooks: one that ends its module, or all of the model") {
  std::optional<nn::Sequential> net(nn::Sequential{layer(), Dense({.units = 1})});
  int behind = 0;
  net->register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
    net.reset();
    return Tensor();
  });
  net->register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
    ++behind;
    return Tensor();
  });
  const Tensor wide = ones({3, 2});
  net->pop();
  CHECK(numbers((*net)(wide)) == Numbers{2, 2, 2});
  CHECK_FALSE(net.has_value());
  CHECK(behind == 0);

  net.emplace(nn::Sequential{layer()});
  net->children()[0].second->register_forward_hook([&](nn::Module&, const Tensor&, const Tensor&) {
    net.reset();
    return Tensor();
  });
  CHECK_ERROR(ValueError, (*net)(wide), "Sequential: a hook ended the model in its own pass");
}
