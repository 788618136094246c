TABLE = {
    "autograd/engine.cpp": [
        ("return !grad_enabled() && total.array().is_unique()", "return !grad_enabled()"),
        ("gradient.defined() && (broadcasts_to", "!gradient.defined() || (broadcasts_to"),
        ("check_fits(\"a hook\", node, changed, node.shape());", ""),
        ("gradient = to_store(gradient);", "static_cast<void>(gradient);"),
        ("else if (!is_own_buffer(stored)) gradient = stored + gradient;", ""),
        ("if (!current.needs_gradient()) return;", ""),
        ("return node.released() && oldest_input_ < node.id();", "return node.released();"),
        ("return node.released() && oldest_input_ < node.id();", "return false;"),
        ("finished_.emplace_back(current, gradient);",
         "Tensor& stored = node.attach().gradient; stored = stored.defined() ? stored + gradient : to_store(gradient);"),
        ("(stops_ && asked != results_.end())", "false"),
        ("if (!retain_graph_ || std::exchange(release_current_, false)) release(node);", ""),
        ("if (pass->current_ == &node)", "if (false)"),
        ("const CallerScope scope(node.where());", ""),
        ("given.shape() != root.shape()", "!broadcasts_to(given.shape(), root.shape())"),
        ("return astype(Operand(given, where), root.dtype());", "return given;"),
        ("options.gradients.size() > outputs.size()", "false"),
    ],
    "autograd/node.cpp": [
        ("attachments_->hooks = {};", ""),
    ],
    "autograd/tensor.cpp": [
        ("gradient.shape() != shape() || gradient.dtype() != dtype()", "!broadcasts_to(gradient.shape(), shape())"),
        ("gradient.shape() != shape() || gradient.dtype() != dtype()", "gradient.shape() != shape()"),
        ("value_.assign(values.array().astype(dtype(), where), where);", "value_ = values.array().astype(dtype()).clone();"),
    ],
    "autograd/indexed.cpp": [
        ("if (x.strides()[axis] == 0 && x.shape()[axis] > 1)", "if (false)"),
        ("values.dtype() > x.dtype() && !is_floating(x.dtype())", "false"),
        ("if (recorded && a.requires_grad() && a.is_leaf())", "if (false)"),
        ("if (result.shape() != a.shape())", "if (false)"),
        ("grad_enabled() && (requires_grad() || needs_gradient(given))", "grad_enabled() && requires_grad()"),
    ],
    "autograd/operand.cpp": [
        ("kind(own) > kind(other) ? own : other", "other"),
    ],
    "autograd/checkpoint.cpp": [
        ("const DrawLog::Replay replay(draws_);", ""),
        ("const WithGrad recording;", ""),
        ("f_ = nullptr; inputs_.clear();", "inputs_.clear();"),
        ("inputs_.clear(); nodes_.clear();", "nodes_.clear();"),
        ("if (input->id() < first)", "if (false)"),
        ("y.shape() != shape() || !y.requires_grad()", "!y.requires_grad()"),
    ],
    "autograd/grad_mode.cpp": [
        ("enabled_here = outer_;", "enabled_here = true;"),
    ],
    "autograd/gradcheck.cpp": [
        ("std::isnan(error) ?", "false ?"),
    ],
    "autograd/transforms.cpp": [
        ("if (options.create_graph && x.requires_grad()) return alias", "if (false) return alias"),
    ],
    "autograd/detect_anomaly.cpp": [
        ("if (backward_depth_ > 1) return;", "return;"),
        ("options.infinities && census.infinities > 0", "census.infinities > 0"),
    ],
    "autograd/profiler.cpp": [
        ("if (--backward_depth_ > 0) return;", "--backward_depth_;"),
    ],
    "autograd/graph.cpp": [
        ("exists_anyway || !counted.insert(saved.array().storage_id()).second", "exists_anyway"),
    ],
    "autograd/creation.cpp": [
        ("i > 0 && i == count - 1 ? to :", ""),
        ("step + (step > 0 ? -1 : 1)) / step", "step) / step"),
    ],
    "autograd/ops/arithmetic.cpp": [
        ("edge(b, [](const Tensor& dy) { return -dy; })", "edge(b, [](const Tensor& dy) { return dy; })"),
        ("return dy * b * power_slope(a, b.get() - 1.0);", "return dy * b * power_slope(a, b.get());"),
        ("return dy * power_growth(a, b);", "return dy * pow(a, b) * log(a.get());"),
        ("square(atan2_slope(q, p)) - square(y)", "square(atan2_slope(q, p)) + square(y)"),
        ("where(tie, dy * 0.5, where(chosen, dy, 0.0))", "where(chosen, dy, 0.0)"),
        ("any(b == 0).item<bool>()", "false"),
    ],
    "autograd/ops/elementwise.cpp": [
        ("return dy * 2.0 * x;", "return dy * 2.0 * x.get().detach();"),
        ("where(x.get() > high, 0.0, dy)", "where(x.get() >= high, 0.0, dy)"),
        ("return record(\"astype\", [&] { return x.array().astype(dtype); }, edge(x, [](const Tensor& dy) { return dy; }));",
         "return x.array().astype(dtype);"),
    ],
    "autograd/ops/activation.cpp": [
        ("return dy - exp(y) * sum(dy,", "return dy - y * sum(dy,"),
        ("where(y > 0.0, dy, y.detach() * 0.0)", "where(y > 0.0, dy, 0.0)"),
        ("std::swap(swap[position], swap[last]);", ""),
    ],
    "autograd/ops/linalg.cpp": [
        ("if (inner != outer)", "if (inner < outer)"),
        ("row * columns + column, count, columns + 1", "row * columns + column, count, rows + 1"),
        ("std::min(rows - row, columns - column)", "std::min(rows, columns) - row - column"),
    ],
    "autograd/ops/reduction.cpp": [
        ("return chosen * (reshape(dy, kept) / ties);", "return chosen * reshape(dy, kept);"),
        ("return reshape(dy, kept) * exp(x - reshape(y, kept));", "return reshape(dy, kept) * exp(x.get());"),
        ("abs(largest) == std::numeric_limits<double>::infinity()", "isnan(largest)"),
        ("where(isnan(largest), largest, result)", "result"),
        ("axis < lead || (shape[axis - lead] == 1 && gradient.shape()[axis] != 1)",
         "axis < lead || shape[axis - lead] == 1",
         "summing an axis of extent 1 changes nothing"),
        ("where(none, 0.0, x.get() / where(none, 1.0, length))", "(x.get() / length)"),
    ],
    "autograd/ops/shape.cpp": [
        ("dtype = promote(dtype, tensor.dtype());", ""),
        ("if (mask[axis] && extent != 1 && !axes.all())", "if (false)"),
    ],
    "autograd/ops/index.cpp": [
        ("return index_update(dy, indices, 0.0);", "return dy;"),
        ("divide_up(distance, step > 0 ? step : -step)", "distance / (step > 0 ? step : -step)"),
        ("a != axis) place += i / to[a] % chosen.shape()[a] * from[a]",
         "a != axis) place += i / to[a] % shape[a] * from[a]",
         "beside the axis both have the same extents, as was checked"),
        ("if (wrapped != index + chosen.size())", "if (false)"),
        ("const Array whole = x.array().clone();", "const Array whole = x.array();"),
    ],
    "autograd/ops/scan.cpp": [
        ("shifted(y, axis, true, 1)", "shifted(y, axis, true, 0)"),
        ("flip(shifted(a, axis, false, 0), axis)", "flip(a, axis)"),
    ],
    "autograd/ops/assemble.cpp": [
        ("moved < 0 ? -moved : extent - moved", "moved < 0 ? extent + moved : extent - moved"),
        ("checked.add(widths[axis].first, widths[axis].second)", "checked.multiply(2, widths[axis].first)"),
        ("(i < extent % count ? 1 : 0)", "(i == 0 ? extent % count : 0)"),
    ],
    "autograd/ops/einsum.cpp": [
        ("(extent == 1 || known->second == 1)", "true"),
    ],
    "autograd/ops/conv.cpp": [
        ("return kernel_of(x.get(), dy, c, shape);", "return kernel_of(x.get().detach(), dy, c, shape);"),
        ("bias.shape() != Shape{c.features} || bias.dtype() != x.dtype()", "bias.shape() != Shape{c.features}"),
        ("bias.shape() != Shape{c.features} || bias.dtype() != x.dtype()", "bias.dtype() != x.dtype()"),
        ("check_groups(op, x, w, c.channels, c.features, c.groups);", ""),
    ],
    "autograd/ops/pool.cpp": [
        ("room < 0 ? 0 : room / stride + 1, size, stride, total / 2", "room < 0 ? 0 : room / stride + 1, size, stride, (total + 1) / 2"),
    ],
    "autograd/ops/normalization.cpp": [
        ("check_parameter(\"batch_norm\", \"the variance\", variance, x);", ""),
        ("check_parameter(\"layer_norm\", \"beta\", beta, x);", ""),
        ("parameter.shape() != Shape{x.shape().back()} || parameter.dtype() != x.dtype()",
         "parameter.shape() != Shape{x.shape().back()}"),
    ],
    "autograd/ops/loss.cpp": [
        ("logits.shape() != targets.shape() || logits.dtype() != targets.dtype()", "logits.shape() != targets.shape()"),
    ],
    "autograd/ops/compare.cpp": [
        ("return Relation::greater_equal;", "return Relation::greater;"),
    ],
}
