TABLE = {
    "lib/parallel.cpp": [
        ("if (region.failure) std::rethrow_exception(region.failure);", ""),
        ("if (count < 0) throw", "if (count <= 0) throw"),
    ],
    "lib/storage.cpp": [
        ("around = sizeof(Block) + 64", "around = sizeof(Block)",
         "what lies behind the last element is read by whole vectors, and not used"),
        ("bytes > most - around ? most : bytes + around", "bytes + around"),
    ],
    "lib/memory_pool.cpp": [
        ("if (bytes > most_bytes) return nullptr;", ""),
        ("peak = std::max(peak, used + other.peak);", "peak = std::max(peak, other.peak);"),
        ("counts_.peak = counts_.used;", ""),
        ("cached += cache->bytes();", ""),
        ("if (shelf.full) depot_.put(shelf.full, evicted);", ""),
    ],
    "lib/depot.cpp": [
        ("if (batch->bytes > capacity_)", "if (false)"),
        ("bytes_ -= batch.bytes;", ""),
        ("while (bytes_ > bytes)", "if (bytes_ > bytes)"),
    ],
    "lib/shape.cpp": [
        ("else if (shorter[axis] != 1 && shorter[axis] != size)", "else if (shorter[axis] != size && size == 0)"),
        ("own == 1 || own == wanted", "own == wanted || wanted == 1"),
        ("if (named) throw", "if (false) throw"),
        ("if (__builtin_mul_overflow(step, std::max<std::int64_t>(shape[axis], 1), &step))",
         "if (__builtin_mul_overflow(step, shape[axis], &step))"),
        ("return none ? 0 : count;", "return count;"),
    ],
    "lib/array.cpp": [
        ("if (shape[axis] == 0) return true;", ""),
        ("from_strides[axis] != from_strides[axis + 1] * from[axis + 1]",
         "from_strides[axis] < from_strides[axis + 1] * from[axis + 1]"),
        ("step <= (extent - 1 - start) / (count - 1)", "step <= (extent - start) / (count - 1)"),
        ("step >= -(start / (count - 1))", "step >= -start"),
        ("if (start < 0 || start >= extent) return false;", "if (start < 0 || start > extent) return false;"),
        ("for (const auto extent : shape) bound *=", "for (const auto extent : shape) bound ="),
        ("values.shares_storage(*this) ? values.clone(where) : values", "values"),
        ("*this); bump_version();", "*this);"),
        ("values.shape() != shape_ || values.dtype() != dtype_", "values.shape() != shape_"),
        ("bound >= address_space / static_cast<std::int64_t>(size_of(dtype))", "false"),
    ],
    "lib/error.cpp": [
        ("if (!is_set(scope_place)) scope_place = where;", "scope_place = where;"),
    ],
    "lib/random.cpp": [
        ("std::copy_n(to, count, out + start);", "std::copy_n(to, count - 1, out + start);"),
        ("word - result <= last_start", "true || word - result <= last_start"),
        ("words.below(index + 1, index)", "words.below(index, index)"),
        ("std::abs(values[i]) > 2", "std::abs(values[i]) > 3"),
        ("values.bump_version();", ""),
        ("if (!source) ++state_.step;", "++state_.step;"),
        ("scope->note(draw);", "if (!scope->outer()) scope->note(draw);"),
        ("state.consumers = 0;", ""),
        ("return std::min(std::max(value, smallest), largest);", "return value;"),
    ],
    "lib/print.cpp": [
        ("array.size() > summary_threshold", "array.size() >= summary_threshold"),
        ("array_.shape()[axis] > 2 * edge_items", "array_.shape()[axis] >= 2 * edge_items"),
        ("line.size() + word.size() > width", "line.size() + word.size() >= width"),
        ("largest / smallest > 1000", "largest / smallest > 10000"),
        ("size >= 1e-4 && size < 1e16", "size >= 1e-4 && size < 1e15"),
    ],
    "lib/io/idx.cpp": [
        ("start[0] != 0 || start[1] != 0", "start[0] != 0 && start[1] != 0"),
        ("if (Byte extra; input.read({&extra, 1}) > 0)", "if (Byte extra; false && input.read({&extra, 1}) > 0)"),
        ("if (member_ended_) inflateReset(&zlib_);", ""),
        ("rank < 1 || rank > Shape::max_rank", "rank > Shape::max_rank"),
        ("if (header.data_bytes > available)", "if (false)"),
    ],
    "lib/kernels/broadcast.hpp": [
        ("z[i] = f(value, y[i]);", "z[i] = f(y[i], value);"),
    ],
    "lib/kernels/elementwise.cpp": [
        ("v != v ? v : static_cast<decltype(v)>((v > 0) - (v < 0))", "static_cast<decltype(v)>((v > 0) - (v < 0))"),
        ("return v < 0 ? decltype(v){0} : v;", "return v > 0 ? v : decltype(v){0};"),
        ("v > 0 ? g : v != v ? v : decltype(v){0}", "v > 0 ? g : decltype(v){0}"),
    ],
    "lib/kernels/arithmetic.cpp": [
        ("x > y || x != x ? x : y", "x > y ? x : y"),
        ("x < y || x != x ? x : y", "x < y ? x : y"),
        ("const T rest = std::fmod(x, y); return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;",
         "return std::fmod(x, y);"),
        ("x == y ? x + std::numbers::ln2_v<T> :", ""),
    ],
    "lib/kernels/activation.cpp": [
        ("if (x < -30) return times_normal_density(-tail_ratio(x), std::fmax(x, -50));", ""),
        ("0.5 * (std::erfc(z.high) - slope", "0.5 * (1 - std::erf(z.high) - slope"),
    ],
    "lib/kernels/bitwise.cpp": [
        ("x.dtype() == uint8 ? 255 : -1", "-1", "-1 is converted to the nearest bound"),
    ],
    "lib/kernels/compare.cpp": [
        ("const DType common = promote(a.dtype(), b.dtype());", "const DType common = a.dtype();"),
        ("c[i * step[0]] ?", "c[i] ?"),
        ("if (downwards) return placed.order > 0 ?", "if (downwards) return placed.order < 0 ?"),
        ("const DType dtype = promote(a.dtype(), b.dtype());", "const DType dtype = b.dtype();"),
    ],
    "lib/kernels/copy.cpp": [
        ("from.is_contiguous() && to.is_contiguous()", "to.is_contiguous()"),
    ],
    "lib/kernels/reduce.cpp": [
        ("|| value != value ? value : out[i]", "? value : out[i]"),
        ("return value == best || value != value;", "return value == best;"),
        ("const Array from = x.contiguous(); const Array out = Array::empty({}, x.dtype());",
         "const Array from = x; const Array out = Array::empty({}, x.dtype());"),
    ],
    "lib/kernels/best_of_row.hpp": [
        ("has_nan |= x[i] != x[i];", ""),
    ],
    "lib/kernels/softmax.cpp": [
        ("to[k] = from[k] - top", "to[k] = from[k]"),
    ],
    "lib/kernels/cross_entropy.cpp": [
        ("y[k] != 0 || l[k] != l[k] ?", "y[k] != 0 ?"),
        ("weight += y[k];", "weight = 1;"),
    ],
    "lib/kernels/conv.cpp": [
        ("std::fill_n(to, frame.framed_size(), T{0});", ""),
        ("h * dilation[1]) * frame.extent[2] + w * dilation[2]", "h * dilation[2]) * frame.extent[2] + w * dilation[1]"),
    ],
    "lib/kernels/pool.cpp": [
        ("(pixel[c] != pixel[c] && best[c] == best[c])", "false"),
    ],
    "lib/kernels/index.cpp": [
        ("(o * walk.extent + index[i]) * walk.inner", "(o + index[i]) * walk.inner"),
        ("static_cast<std::size_t>(o * walk.extent) * bytes", "static_cast<std::size_t>(o) * bytes"),
    ],
    "lib/kernels/scan.cpp": [
        ("a < b || (a == a && b != b)", "a < b"),
        ("|| (value != value && top == top)", ""),
        ("f(o * extent * inner + i)", "f(o * inner + i)"),
        ("(descending ? j : i) * lines.inner", "i * lines.inner"),
        ("factor[at] * value + term[at]", "factor[at] * term[at] + term[at]"),
    ],
    "lib/kernels/matmul.cpp": [
        ("{total.data<T>(), n}, total.data<T>()", "{}, total.data<T>()"),
    ],
    "lib/kernels/factorize.cpp": [
        ("factor == 0 ? 0 : factor < 0 ? -1", "factor < 0 ? -1", "0 is its own sign, but for the sign of 0"),
        ("pivots[static_cast<std::size_t>(i)] == i + 1 ? a(i, i) : -a(i, i)", "a(i, i)"),
        ("if (!(r(row, row) < 0)) continue;", "continue;"),
    ],
    "lib/kernels/update.cpp": [
        ("weight[i] -= step * gradient[i]; }); }); w.bump_version();", "weight[i] -= step * gradient[i]; }); });"),
        ("new_2(static_cast<T>(1 - step.beta_2)) {}", "new_2(1 - b2) {}"),
        ("most[i] = std::max(most[i], variance);", "most[i] = second[i];"),
        ("variance = rest < 0 ? T{0} : rest;", "variance = rest;"),
        ("weights > 0 && directions > 0 ?", "directions > 0 ?"),
        ("mixed < 0 ? T{-1} : mixed;", "T{-1};"),
    ],
}
