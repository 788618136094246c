#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "lib/array.hpp"
#include "tests/support/cache_limit.hpp"
#include "tests/support/check_error.hpp"

using namespace xg;

namespace {

using Values = std::vector<int>;

/// 0, 1, 2, ...
Array counted(const Shape& shape, DType dtype = float32) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), 0);
  return Array::from(values, shape).astype(dtype);
}

Values elements(const Array& array) { return array.to_vector<int>(); }

}  // namespace

TEST_CASE("array: none until it is assigned") {
  Array array;
  CHECK_FALSE(array.defined());
  array = counted({2});
  CHECK(array.defined());
}

TEST_CASE("array: creation") {
  const Array full = Array::full({2, 3}, 2.5);
  CHECK(full.shape() == Shape{2, 3});
  CHECK(full.strides() == Strides{3, 1});
  CHECK(full.dtype() == float32);
  CHECK(full.rank() == 2);
  CHECK(full.size() == 6);
  CHECK(full.bytes() == 24);
  CHECK(full.is_contiguous());
  CHECK(full.to_vector<float>() == std::vector<float>(6, 2.5F));
  CHECK(Array::zeros({4}, int64).to_vector<int>() == Values{0, 0, 0, 0});
  CHECK(Array::full({2}, 1, boolean).to_vector<bool>() == std::vector<bool>{true, true});
  CHECK(Array::empty({5, 0}, float64).bytes() == 0);
  CHECK(Array::from(std::vector<std::uint8_t>{1, 2}, {2, 1}).dtype() == uint8);
  CHECK(reinterpret_cast<std::uintptr_t>(full.raw()) % 64 == 0);
}

TEST_CASE("array: the elements must fill the shape") {
  const Values three{1, 2, 3};
  CHECK_ERROR(ShapeError, Array::from(three, {2, 2}), "3 values do not fill the shape (2, 2)");
}

TEST_CASE("array: shapes too large are refused") {
  const std::int64_t large = std::int64_t{1} << 32, huge = std::int64_t{1} << 62;
  CHECK_ERROR(ShapeError, Array::empty({large, large}), "shape (4294967296, 4294967296) has too many elements");
  CHECK_ERROR(ShapeError, Array::empty({huge}, float64),
              "shape (4611686018427387904,) of float64 does not fit the address space");
  CHECK_ERROR(ShapeError, Array::zeros({std::int64_t{1} << 45}),
              "shape (35184372088832,) of float32 does not fit the address space");
  CHECK_ERROR(ShapeError, Array::full({3, -1}, 1), "negative extent in shape (3, -1)");
}

TEST_CASE("array: one rule for shapes without elements, whichever axis is empty") {
  const std::int64_t most = std::int64_t{1} << 44, large = std::int64_t{1} << 45;
  CHECK(Array::empty({0, most}).size() == 0);
  CHECK(Array::empty({most, 0}).size() == 0);
  CHECK_ERROR(ShapeError, Array::empty({0, large}),
              "shape (0, 35184372088832) of float32 does not fit the address space");
  CHECK_ERROR(ShapeError, Array::empty({large, 0}),
              "shape (35184372088832, 0) of float32 does not fit the address space");
  const Array one = Array::full({1}, 1);
  CHECK_ERROR(ShapeError, one.broadcast_to({large}),
              "shape (35184372088832,) of float32 does not fit the address space");
}

TEST_CASE("array: more memory than the system has is an error of ours, at the user's line") {
  const std::size_t used = pool::statistics().used_bytes;
  CHECK_ERROR(MemoryError, Array::full({std::int64_t{1} << 44}, 1, float32),
              "the system has no memory for 70368744177792 bytes");
  CHECK(pool::statistics().used_bytes == used);
}

TEST_CASE("array: one that was moved from is like one that was never assigned") {
  Array array = counted({2, 3}, int64).transposed();
  const Array taken = std::move(array);
  CHECK(taken.shape() == Shape{3, 2});
  CHECK(elements(taken) == Values{0, 3, 1, 4, 2, 5});
  CHECK_FALSE(array.defined());
  CHECK(array.size() == 0);
  CHECK(array.bytes() == 0);
  CHECK(array.shape() == Shape{});
  CHECK(array.strides() == Strides{});
  CHECK(array.dtype() == float32);
  CHECK(array.is_contiguous());
  array = counted({2});
  Array other = counted({3});
  other = std::move(array);
  CHECK_FALSE(array.defined());
  CHECK(array.size() == 0);
  CHECK(elements(other) == Values{0, 1});
  Array& same = other;
  other = std::move(same);
  CHECK(elements(other) == Values{0, 1});
}

TEST_CASE("array: an undefined one has no elements to ask for") {
  Array none, some = counted({2});
  const char* const text = "the array is undefined: assign it a value first";
  CHECK_ERROR(ValueError, none.raw(), text);
  CHECK_ERROR(ValueError, none.data<float>(), text);
  CHECK_ERROR(ValueError, none.data<int>(), text);
  CHECK_ERROR(ValueError, none.item<float>(), text);
  CHECK_ERROR(ValueError, none.to_vector<float>(), text);
  CHECK_ERROR(ValueError, none.clone(), text);
  CHECK_ERROR(ValueError, none.contiguous(), text);
  CHECK_ERROR(ValueError, none.astype(float32), text);
  CHECK_ERROR(ValueError, none.astype(int64), text);
  CHECK_ERROR(ValueError, none.permute({}), text);
  CHECK_ERROR(ValueError, none.slice(0, 0, 1, 1), text);
  CHECK_ERROR(ValueError, none.broadcast_to({2}), text);
  CHECK_ERROR(ValueError, none.expand_dims(0), text);
  CHECK_ERROR(ValueError, none.squeeze(0), text);
  CHECK_ERROR(ValueError, none.reshape({}), text);
  CHECK_ERROR(ValueError, none.reshape({1}), text);
  CHECK_ERROR(ValueError, none.transposed(), text);
  CHECK_ERROR(ValueError, none.assign(some), text);
  CHECK_ERROR(ValueError, some.assign(none), text);
  CHECK_ERROR(ValueError, none.version(), text);
  CHECK_ERROR(ValueError, none.bump_version(), text);
  CHECK_ERROR(ValueError, none.is_unique(), text);
  CHECK_ERROR(ValueError, none.storage_id(), text);
  CHECK_ERROR(ValueError, none.storage_bytes(), text);
  CHECK_FALSE(none.shares_storage(some));
  CHECK(to_string(none) == "undefined");
}

TEST_CASE("array: views stay inside the elements") {
  const Array array = counted({3, 4});
  CHECK_ERROR(ShapeError, array.slice(0, 1, 3, 1), "slice: 3 steps of 1 from 1 leave axis 0 of shape (3, 4)");
  CHECK_ERROR(ShapeError, array.slice(1, 3, 3, -2), "slice: 3 steps of -2 from 3 leave axis 1 of shape (3, 4)");
  CHECK_ERROR(ShapeError, array.slice(1, -1, 1, 1), "slice: 1 steps of 1 from -1 leave axis 1 of shape (3, 4)");
  CHECK_ERROR(ShapeError, array.slice(1, 0, -1, 1), "slice: -1 steps of 1 from 0 leave axis 1 of shape (3, 4)");
  CHECK_ERROR(ShapeError, array.slice(2, 0, 1, 1), "axis 2 is out of range for shape (3, 4)");
  CHECK_ERROR(ShapeError, array.reshape({13}), "reshape: the 12 elements of shape (3, 4) do not fill (13,)");
  CHECK_ERROR(ShapeError, array.broadcast_to({4}), "shape (3, 4) does not broadcast to (4,)");
  CHECK_ERROR(ShapeError, array.permute({0, 0}), "permute: not every axis of shape (3, 4) is named once");
  CHECK_ERROR(ShapeError, array.permute({0}), "permute: not every axis of shape (3, 4) is named once");
  CHECK_ERROR(ShapeError, array.squeeze(0), "squeeze: axis 0 of shape (3, 4) has extent 3, not 1");
  CHECK_ERROR(ShapeError, counted({3}).transposed(), "transposed: a matrix expected, or several, got shape (3,)");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  CHECK(elements(array.slice(0, 1, 1, most)) == Values{4, 5, 6, 7});
  CHECK(elements(array.slice(0, most, 0, most)).empty());
  CHECK_ERROR(ShapeError, array.slice(0, 0, 2, most),
              "slice: 2 steps of 9223372036854775807 from 0 leave axis 0 of shape (3, 4)");
}

TEST_CASE("array: typed access checks the dtype") {
  const Array array = counted({2});
  CHECK(array.data<float>()[1] == 1);
  CHECK_ERROR(DTypeError, array.data<std::int64_t>(), "the array holds float32, not int64: convert with astype");
}

TEST_CASE("array: item") {
  CHECK(Array::full({}, 2.5).item<double>() == 2.5);
  CHECK(Array::full({1, 1}, 3, int64).item<float>() == 3);
  CHECK(counted({2, 3}).slice(0, 1, 1, 1).slice(1, 2, 1, 1).item<int>() == 5);
  CHECK_ERROR(ShapeError, counted({2, 3}).item<float>(), "item: one element expected, got shape (2, 3)");
  CHECK_ERROR(ShapeError, counted({0}).item<float>(), "item: one element expected, got shape (0,)");
}

TEST_CASE("array: copies share, clones do not") {
  const Array array = counted({2, 3});
  Array shared = array, cloned = array.clone();
  CHECK(shared.shares_storage(array));
  CHECK_FALSE(cloned.shares_storage(array));
  CHECK_FALSE(array.is_unique());
  CHECK(cloned.is_unique());
  shared.data<float>()[0] = 7;
  CHECK(array.data<float>()[0] == 7);
  CHECK(cloned.data<float>()[0] == 0);
}

TEST_CASE("array: a clone is contiguous") {
  const Array array = counted({2, 3, 4}).permute({2, 0, 1});
  CHECK_FALSE(array.is_contiguous());
  const Array cloned = array.clone();
  CHECK(cloned.is_contiguous());
  CHECK(cloned.shape() == Shape{4, 2, 3});
  CHECK(elements(cloned) == elements(array));
}

TEST_CASE("array: contiguous copies only where it must") {
  const Array array = counted({2, 3});
  CHECK(array.contiguous().shares_storage(array));
  CHECK(array.slice(0, 1, 1, 1).contiguous().shares_storage(array));
  CHECK_FALSE(array.transposed().contiguous().shares_storage(array));
  CHECK(array.transposed().contiguous().is_contiguous());
}

TEST_CASE("array: transposes and permutations are views") {
  const Array array = counted({2, 3});
  const Array transposed = array.transposed();
  CHECK(transposed.shares_storage(array));
  CHECK(transposed.shape() == Shape{3, 2});
  CHECK(elements(transposed) == Values{0, 3, 1, 4, 2, 5});
  CHECK(transposed.transposed().is_contiguous());
  const Array permuted = counted({2, 3, 2}).permute({1, 2, 0});
  CHECK(permuted.shape() == Shape{3, 2, 2});
  CHECK(elements(permuted) == Values{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11});
}

TEST_CASE("array: slices are views") {
  const Array array = counted({3, 4});
  CHECK(elements(array.slice(0, 1, 2, 1)) == Values{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(elements(array.slice(1, 1, 2, 2)) == Values{1, 3, 5, 7, 9, 11});
  CHECK(elements(array.slice(1, 3, 4, -1)) == Values{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8});
  CHECK(elements(array.slice(0, 2, 2, -2).slice(1, 0, 1, 1)) == Values{8, 0});
  CHECK(array.slice(0, 1, 2, 1).shares_storage(array));
  CHECK(array.slice(0, 1, 2, 1).is_contiguous());
  CHECK_FALSE(array.slice(1, 0, 2, 1).is_contiguous());
  const Array none = array.slice(0, 3, 0, 1);
  CHECK(none.shape() == Shape{0, 4});
  CHECK(elements(none).empty());
}

TEST_CASE("array: broadcasting repeats elements without copying them") {
  const Array column = counted({3, 1});
  const Array broadcast = column.broadcast_to({2, 3, 2});
  CHECK(broadcast.shares_storage(column));
  CHECK(broadcast.strides() == Strides{0, 1, 0});
  CHECK(elements(broadcast) == Values{0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2});
  CHECK(elements(Array::full({}, 4).broadcast_to({2, 2})) == Values{4, 4, 4, 4});
  CHECK(counted({1}).broadcast_to({0}).size() == 0);
  CHECK(elements(counted({2, 3}).transposed().slice(0, 1, 1, 1).broadcast_to({2, 2})) == Values{1, 4, 1, 4});
}

TEST_CASE("array: axes of extent 1 come and go") {
  const Array array = counted({2, 3}).transposed();
  const Array wide = array.expand_dims(1);
  CHECK(wide.shape() == Shape{3, 1, 2});
  CHECK(elements(wide) == elements(array));
  CHECK(wide.squeeze(1).shape() == Shape{3, 2});
  CHECK(wide.squeeze(1).shares_storage(array));
  CHECK(Array::full({}, 1).expand_dims(0).shape() == Shape{1});
}

TEST_CASE("array: reshape is a view where the strides allow it") {
  const auto check = [](const Array& array, const Shape& shape, bool view) {
    CAPTURE(array.shape());
    CAPTURE(shape);
    const Array reshaped = array.reshape(shape);
    CHECK(reshaped.shape() == shape);
    CHECK(reshaped.shares_storage(array) == view);
    CHECK(elements(reshaped) == elements(array));
  };
  const Array array = counted({4, 6});
  check(array, {24}, true);
  check(array, {2, 2, 3, 2}, true);
  check(array, {4, 1, 6}, true);
  check(array.slice(0, 1, 2, 1), {12}, true);
  check(array.slice(0, 0, 2, 2), {2, 2, 3}, true);  // every row splits, but rows do not merge
  check(array.slice(0, 0, 2, 2), {12}, false);
  check(array.slice(1, 0, 3, 2), {12}, true);
  check(array.slice(1, 0, 2, 1), {8}, false);
  check(array.slice(1, 0, 2, 1), {2, 2, 2}, true);
  check(array.slice(1, 5, 6, -1), {4, 2, 3}, true);
  check(array.slice(1, 5, 6, -1), {24}, false);
  check(array.slice(0, 3, 4, -1).slice(1, 5, 6, -1), {24}, true);
  check(array.transposed(), {24}, false);
  check(array.transposed(), {2, 3, 4}, true);
  check(array.transposed(), {6, 2, 2}, true);
  check(array.transposed(), {6, 1, 4, 1}, true);
  check(array.transposed(), {3, 8}, false);
  check(counted({2, 3, 4}).permute({1, 0, 2}), {3, 8}, false);
  check(counted({2, 3, 4}).permute({2, 0, 1}), {4, 6}, true);
  check(counted({3, 1}).broadcast_to({3, 4}), {3, 2, 2}, true);
  check(counted({3, 1}).broadcast_to({3, 4}), {12}, false);
}

TEST_CASE("array: reshape without elements, and of one element") {
  CHECK(counted({0, 3}).reshape({3, 0, 2}).shape() == Shape{3, 0, 2});
  CHECK(counted({4, 3}).transposed().slice(0, 0, 0, 1).reshape({0}).shape() == Shape{0});
  CHECK(counted({1, 1}).reshape({}).item<int>() == 0);
  CHECK(Array::full({}, 5).reshape({1, 1, 1}).item<int>() == 5);
}

TEST_CASE("array: conversion to another dtype") {
  const Array array = Array::from(std::vector<double>{-1.9, 0, 0.5, 300}, {2, 2});
  CHECK(array.astype(float64).shares_storage(array));
  CHECK(array.astype(int64).to_vector<std::int64_t>() == std::vector<std::int64_t>{-1, 0, 0, 300});
  CHECK(array.astype(boolean).to_vector<bool>() == std::vector<bool>{true, false, true, true});
  CHECK(array.transposed().astype(float32).to_vector<float>() == std::vector<float>{-1.9F, 0.5F, 0, 300});
  CHECK(array.transposed().astype(float32).is_contiguous());
  CHECK(counted({3}, uint8).astype(float32).to_vector<float>() == std::vector<float>{0, 1, 2});
  for (const DType from : {boolean, uint8, int32, int64, float32, float64})
    for (const DType to : {boolean, uint8, int32, int64, float32, float64})
      CHECK(elements(counted({2}, from).astype(to)) == Values{0, 1});
}

TEST_CASE("array: to_vector walks any strides in row-major order") {
  CHECK(counted({2, 3}).transposed().to_vector<double>() == std::vector<double>{0, 3, 1, 4, 2, 5});
  CHECK(counted({0, 3}).to_vector<float>().empty());
  CHECK(Array::full({}, 1, boolean).to_vector<int>() == Values{1});
}

TEST_CASE("array: assign writes in place and raises the version") {
  Array array = counted({2, 3});
  const Array view = array.transposed();
  CHECK(array.version() == 0);
  array.assign(Array::full({2, 3}, 5));
  CHECK(array.version() == 1);
  CHECK(view.version() == 1);
  CHECK(elements(view) == Values(6, 5));
  Array column = array.slice(1, 1, 1, 1);
  column.assign(Array::full({2, 1}, 8));
  CHECK(elements(array) == Values{5, 8, 5, 5, 8, 5});
  CHECK(array.version() == 2);
  array.bump_version();
  CHECK(column.version() == 3);
}

TEST_CASE("array: assign from a view of itself") {
  Array array = counted({3, 3});
  array.assign(array.transposed());
  CHECK(elements(array) == Values{0, 3, 6, 1, 4, 7, 2, 5, 8});
  array.slice(0, 1, 2, 1).assign(array.slice(0, 0, 2, 1));
  CHECK(elements(array) == Values{0, 3, 6, 0, 3, 6, 1, 4, 7});
}

TEST_CASE("array: assign refuses another shape or dtype and changes nothing") {
  Array array = counted({2, 2});
  CHECK_ERROR(ShapeError, array.assign(counted({2, 1})),
              "assign: float32 values of shape (2, 1) do not fit float32 elements of shape (2, 2)");
  CHECK_ERROR(ShapeError, array.assign(counted({2, 2}, int64)),
              "assign: int64 values of shape (2, 2) do not fit float32 elements of shape (2, 2)");
  CHECK(elements(array) == Values{0, 1, 2, 3});
  CHECK(array.version() == 0);
}

TEST_CASE("storage: counts its owners") {
  Storage storage(100);
  CHECK(storage.bytes() == 100);
  CHECK(storage.unique());
  {
    const Storage second = storage;
    CHECK(second == storage);
    CHECK_FALSE(storage.unique());
  }
  CHECK(storage.unique());
  const Storage moved = std::move(storage);
  CHECK(moved.unique());
  CHECK(moved != Storage(100));
}

TEST_CASE("storage: may be shared between threads") {
  const Array array = counted({100});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([array] {
      for (int repeat = 0; repeat < 1000; ++repeat) {
        const Array copy = array;
        const Array other = Array::full({repeat % 50 + 1}, repeat), more = copy;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(array.is_unique());
}

TEST_CASE("pool: freed blocks are used again") {
  const CacheLimit limit(64 * mebibyte);
  const void* first = nullptr;
  {
    const Array array = Array::empty({1000});
    first = array.raw();
  }
  const auto before = pool::statistics();
  CHECK(before.cached_bytes > 0);
  const Array again = Array::empty({1000});
  CHECK(again.raw() == first);
  const auto after = pool::statistics();
  CHECK(after.allocations == before.allocations + 1);
  CHECK(after.system_allocations == before.system_allocations);
  CHECK(after.cached_bytes == 0);
}

TEST_CASE("pool: a loop that has warmed up takes nothing from the system") {
  const CacheLimit limit(64 * mebibyte);
  const auto work = [] {
    const Array a = counted({64, 10}), b = a.transposed().clone();
    CHECK(b.astype(float64).reshape({640}).size() == 640);
  };
  work();
  const auto before = pool::statistics().system_allocations;
  for (int i = 0; i < 10; ++i) work();
  CHECK(pool::statistics().system_allocations == before);
}

TEST_CASE("pool: statistics follow what is used") {
  const CacheLimit limit(64 * mebibyte);
  pool::reset_peak();
  const auto before = pool::statistics();
  CHECK(before.peak_bytes == before.used_bytes);
  {
    const Array array = Array::empty({1 << 20});
    const auto during = pool::statistics();
    CHECK(during.used_bytes >= before.used_bytes + 4 * mebibyte);
    CHECK(during.used_bytes < before.used_bytes + 6 * mebibyte);  // a size class wastes less than a quarter
  }
  const auto after = pool::statistics();
  CHECK(after.used_bytes == before.used_bytes);
  CHECK(after.peak_bytes >= before.used_bytes + 4 * mebibyte);
  CHECK(after.cached_bytes >= before.cached_bytes + 4 * mebibyte);
  pool::reset_peak();
  CHECK(pool::statistics().peak_bytes == after.used_bytes);
  pool::empty_cache();
  CHECK(pool::statistics().cached_bytes == 0);
}

TEST_CASE("pool: the cache is bounded") {
  const CacheLimit limit(2 * mebibyte);
  std::vector<Array> arrays;
  for (int i = 0; i < 8; ++i) arrays.push_back(Array::empty({static_cast<std::int64_t>(mebibyte / 8)}));
  arrays.clear();
  CHECK(pool::statistics().cached_bytes > mebibyte);
  CHECK(pool::statistics().cached_bytes <= 2 * mebibyte);
  Array::empty({static_cast<std::int64_t>(mebibyte)});
  CHECK(pool::statistics().cached_bytes <= 2 * mebibyte);
  pool::set_cache_limit(mebibyte / 4);
  CHECK(pool::statistics().cached_bytes <= mebibyte / 4);
  pool::set_cache_limit(0);
  Array::empty({10});
  CHECK(pool::statistics().cached_bytes == 0);
}

TEST_CASE("pool: every size gets a block that holds it, aligned to 64 bytes") {
  const CacheLimit limit(64 * mebibyte);
  for (std::size_t bytes : {0, 1, 63, 64, 65, 511, 512, 513, 640, 641, 1023, 1024, 1025, 4097, 100000, 1 << 20}) {
    auto* block = static_cast<unsigned char*>(pool::allocate(bytes));
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    std::fill_n(block, bytes, static_cast<unsigned char>(0xAB));
    pool::release(block, bytes);
  }
  CHECK_ERROR(MemoryError, pool::allocate(std::numeric_limits<std::size_t>::max()),
              "the system has no memory for 18446744073709551615 bytes");
}

TEST_CASE("pool: works as an allocator of containers") {
  std::vector<double, pool::Allocator<double>> values(1000, 1.5);
  values.resize(5000, 2.5);
  CHECK(values.front() == 1.5);
  CHECK(values.back() == 2.5);
}
