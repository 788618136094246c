#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "lib/memory_pool.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

/// Several tensors in order, with names or without: what modules of several inputs and outputs take and give.
/// ```cpp
/// auto out = net({{"image", images}, {"age", ages}});
/// out["digit"]; out[1];
/// ```
/// A Tensor converts to a list of one without a name.
class XG_API Tensors {
 public:
  /// A tensor and its name; without one the name is empty.
  struct Entry {
    /// Without a name.
    template <std::derived_from<Tensor> T>
    Entry(const T& tensor) : value(tensor) {}
    /// With a name.
    Entry(std::string title, Tensor tensor) : name(std::move(title)), value(std::move(tensor)) {}

    std::string name;  ///< by which it is found; may be empty
    Tensor value;      ///< the tensor
  };

  Tensors() = default;
  /// A list of one.
  Tensors(const Tensor& tensor) { entries_.emplace_back(tensor); }
  /// These, in order. A name that is there twice is a ValueError.
  Tensors(std::initializer_list<Entry> entries, std::source_location where = std::source_location::current());
  /// These, in order. A name that is there twice is a ValueError.
  explicit Tensors(const std::vector<Entry>& entries, std::source_location where = std::source_location::current());

  /// How many there are.
  std::size_t size() const { return entries_.size(); }
  /// True if there is none.
  bool empty() const { return entries_.empty(); }
  /// The one at that place, counted from 0, or of that name. There being none is a ValueError that says what there is.
  const Tensor& operator[](const Key& key) const { return entries_[find_place("tensors", key, entries_)].value; }
  /// True if there is one of that name.
  bool contains(const std::string& name) const;
  /// The only one. If there are none or several it is a ValueError.
  const Tensor& only(std::source_location where = std::source_location::current()) const;
  /// True if every tensor has a name.
  bool named() const;
  /// Appends one.
  void push_back(Entry entry, std::source_location where = std::source_location::current());

  /// The first one, with its name.
  auto begin() const { return entries_.begin(); }
  /// Behind the last.
  auto end() const { return entries_.end(); }

 private:
  void check_new(const std::string& name, std::source_location where) const;

  std::vector<Entry, pool::Allocator<Entry>> entries_;
};

/// The names and shapes: "(image: (32, 28, 28), age: (32, 1))".
XG_API std::string shapes_of(const Tensors& tensors);

}  // namespace xg::nn
