// Calls the public operations with random arguments, differentiates what they give, and expects a value or an xg::Error
// every time. Memory errors are the sanitizers' part.
//
//   fuzz_ops [CALLS [FIRST_SEED [OPERATION]]]

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "tests/fuzz/ops.hpp"
#include "xgrad.hpp"

using namespace xg;
using namespace xg::testing;

namespace {

constexpr unsigned most_seconds = 60;
constexpr std::int64_t most_elements = 20'000;

/// What is being tried, for those who find it hanging or crashed.
char now[200];

extern "C" void tell_and_end(int) {
  const char text[] = "fuzz: hangs: ";
  static_cast<void>(!write(2, text, sizeof text - 1));
  static_cast<void>(!write(2, now, std::strlen(now)));
  static_cast<void>(!write(2, "\n", 1));
  _exit(1);
}

/// Reads every element, and runs gradients of first and second order.
void use(const Tensor& y, Source& source) {
  if (!y.defined() || y.size() > most_elements) return;
  if (y.size() < 300) to_string(y);
  y.to_vector<double>();
  if (!y.requires_grad()) return;
  if (source.once_in(2)) {
    const Tensor loss = sum(source.once_in(2) ? y : square(y));
    loss.backward({.retain_graph = source.once_in(2)});
    for (const Tensor& leaf : source.leaves())
      if (leaf.grad().defined()) leaf.grad().to_vector<double>();
    return;
  }
  const auto first = grad({sum(square(y))}, source.leaves(), {.create_graph = true, .allow_unused = true});
  for (const Tensor& slope : first)
    if (slope.defined() && slope.requires_grad())
      for (const Tensor& second : grad({sum(slope)}, source.leaves(), {.retain_graph = true, .allow_unused = true}))
        if (second.defined()) second.to_vector<double>();
}

/// True if the call gave a value.
bool gives_value(const FuzzedOp& op, std::uint64_t seed) {
  Source source(seed);
  try {
    for (const Tensor& y : op.call(source)) use(y, source);
    return true;
  } catch (const Error& error) {
    if (std::string(error.what()).empty()) throw std::logic_error("an error without text");
    return false;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto argument = [&](int index, const char* otherwise) { return index < count ? arguments[index] : otherwise; };
  const std::uint64_t calls = std::stoull(argument(1, "100000")), first = std::stoull(argument(2, "0"));
  const std::string only = argument(3, "");
  std::signal(SIGALRM, tell_and_end);
  std::uint64_t values = 0, failures = 0;
  const auto& ops = fuzzed_ops();
  for (std::uint64_t seed = first; seed < first + calls; ++seed) {
    const FuzzedOp& op = ops[seed % ops.size()];
    if (!only.empty() && op.name != only) continue;
    std::snprintf(now, sizeof now, "%s, seed %llu", op.name.c_str(), static_cast<unsigned long long>(seed));
    alarm(most_seconds);
    try {
      values += gives_value(op, seed);
    } catch (const std::exception& error) {
      std::cerr << "fuzz: " << now << ": " << error.what() << '\n';
      ++failures;
    }
  }
  alarm(0);
  std::cout << "fuzz: " << calls << " calls of " << ops.size() << " operations, " << values << " gave values, "
            << failures << " failed\n";
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
