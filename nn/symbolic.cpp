#include <algorithm>
#include <utility>

#include "autograd/creation.hpp"
#include "autograd/grad_mode.hpp"
#include "nn/functional.hpp"
#include "nn/pass.hpp"

namespace xg::nn {
namespace {

/// A batch of one sample of zeros.
Tensors zeros_for(const std::vector<Symbolic::Entry>& entries) {
  Tensors batch;
  for (const auto& entry : entries) {
    Shape shape = entry.sample;
    shape.insert(0, 1);
    batch.push_back({entry.name, zeros(shape, entry.dtype)});
  }
  return batch;
}

Shape sample_of(const Module& module, const Tensors& outputs, const Tensor& y, std::source_location where) {
  if (y.rank() == 0 || y.shape()[0] != 1)
    throw ShapeError(concat(module.type(), ": for one sample it gives ", shapes_of(outputs),
                            ": the first axis of an output must be the samples"),
                     where);
  Shape sample = y.shape();
  sample.erase(0);
  return sample;
}

}  // namespace

/// Not by recursion: models are deep. By a list, which is taken over without memory.
Symbolic::Call::~Call() {
  std::list<Entry> open = std::move(inputs);
  while (!open.empty()) {
    const auto call = std::move(open.front().call);
    open.pop_front();
    if (call && call.use_count() == 1) open.splice(open.end(), const_cast<Call&>(*call).inputs);
  }
}

Symbolic input(const Shape& sample, const std::string& name, DType dtype, std::source_location where) {
  if (std::any_of(sample.begin(), sample.end(), [](std::int64_t extent) { return extent < 0; }))
    throw ValueError(concat("input: extents must not be negative, got ", sample), where);
  const auto call = std::make_shared<Symbolic::Call>();
  call->name = name;
  call->outputs = {sample};
  return Symbolic({{name, sample, dtype, call, 0}});
}

Symbolic join(const std::vector<Symbolic>& parts, std::source_location where) {
  std::vector<Symbolic::Entry> all;
  for (const Symbolic& part : parts)
    for (const auto& entry : part.entries()) {
      const auto is_it = [&](const auto& other) { return other.name == entry.name; };
      if (!entry.name.empty() && std::any_of(all.begin(), all.end(), is_it))
        throw ValueError(concat("join: the name '", entry.name, "' is there twice"), where);
      all.push_back(entry);
    }
  return Symbolic(std::move(all));
}

Symbolic Symbolic::operator[](const Key& key) const {
  return Symbolic({entries_[find_place("symbolic", key, entries_)]});
}

const Shape& Symbolic::shape(std::source_location where) const {
  if (size() != 1) throw ValueError(concat("symbolic: one tensor is expected, there are ", size()), where);
  return entries_.front().sample;
}

Symbolic Symbolic::through(std::shared_ptr<Module> module, const std::string& name, std::source_location where) const {
  if (!module) throw ValueError("symbolic: the module is a null pointer", where);
  if (entries_.empty()) throw ValueError(concat(module->type(), ": there is no input"), where);
  const NoGrad values_only;
  Pass pass(*module, Pass::Mode::evaluation);
  pass.rehearse();
  const Tensors outputs = (*module)(zeros_for(entries_), where);
  const auto call = std::make_shared<Call>();
  call->module = std::move(module);
  call->name = name;
  call->inputs.assign(entries_.begin(), entries_.end());
  for (const auto& [title, y] : outputs) call->outputs.push_back(sample_of(*call->module, outputs, y, where));
  pass.commit();
  std::vector<Entry> entries;
  for (const auto& [title, y] : outputs)
    entries.push_back({title, call->outputs[entries.size()], y.dtype(), call, entries.size()});
  return Symbolic(std::move(entries));
}

}  // namespace xg::nn
