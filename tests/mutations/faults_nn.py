TABLE = {
    "nn/module.cpp": [
        ("if (call_depth > 0)", "if (true)"),
        ("if (state_.penalty_pass != pass) state_.pass_penalties.clear();", ""),
        ("if (&child == this || (is_child_ && child.has_below(*this)))", "if (&child == this)"),
        ("if (!hooks->module) return;", ""),
        ("if (child.use_count() > 1) continue;", "continue;"),
        ("return initial.array().clone();", "return initial.array();"),
        ("if (Tensor changed = hook(*this, x, y); changed.defined()) y", "if (Tensor changed = hook(*this, x, y); false) y"),
        ("for (const auto* list : {&state_.parameters, &state_.buffers})", "for (const auto* list : {&state_.parameters})"),
        ("state_.last_output_shape = y.shape();", ""),
    ],
    "nn/model.cpp": [
        ("for (std::size_t i = 0; i < gradients_.size(); ++i) put_back(parameters[i].value, gradients_[i]);", ""),
        ("if (attached_) setup_.optimizer->detach();", ""),
        ("else if (regularizer.l2_factor() == 0)", "else"),
        ("x.shape()[0] != y.shape()[0]", "false"),
        ("part.shape()[0] != batch.shape()[0]", "false"),
        ("setting->fixed.reset();", ""),
        ("parameter.value.zero_grad(); }", "}"),
        ("const ModeScope mode(*this, false); const NoGrad values_only;", "const NoGrad values_only;"),
        ("check_no_newcomers();", ""),
        ("fixed_penalty, x);", "0 * fixed_penalty, x);"),
    ],
    "nn/scopes.cpp": [
        ("for (const auto& [module, training] : modes_) module->state_.training = training;", ""),
        ("if (!before.built && module.built()) module.unbuild();", ""),
        ("module.state_.pass_penalties = std::move(before.penalties);", ""),
    ],
    "nn/layers/dense.cpp": [
        ("options_.activity_mean ? term / batch : term", "term"),
        ("if (sample.back() != kernel[0])", "if (false)"),
        ("generator_.set_step(draws);", ""),
    ],
    "nn/optimizers/optimizer.cpp": [
        ("if (!parameter.value.node()) continue;", ""),
        ("if (!listed.emplace(leaf, kept.size()).second) continue;", ""),
        ("if (earlier[i]) states[i] = std::move(states_[*earlier[i]]);", "static_cast<void>(i);"),
        ("array = array.clone();", "static_cast<void>(array);"),
        ("if (change.flat) kernels::copy(elements, parameter);", ""),
        ("if (with_penalties_) optimizer_.zero_grad();", ""),
        ("if (change.decay != 0) change.gradient = Array::zeros", "if (false) change.gradient = Array::zeros"),
        ("gradient.clone() : gradient.contiguous();", "gradient.clone() : gradient;"),
        ("return change.decay / 2 * squares;", "return change.decay * squares;"),
    ],
    "nn/optimizers/adam.cpp": [
        ("beta >= 0 && beta < 1", "beta >= 0 && beta <= 1"),
    ],
    "nn/losses.cpp": [
        ("options.from_logits ? y_pred : logits_of(y_pred); return mean", "logits_of(y_pred); return mean"),
        ("labels.size() != rows.elements()", "false"),
        ("clip(y_pred / sum(y_pred, {.axis = -1, .keepdims = true}), epsilon", "clip(y_pred, epsilon"),
    ],
    "nn/metrics.cpp": [
        ("samples_ += y_pred.shape()[0];", "samples_ += y_pred.size();"),
    ],
    "nn/regularizers.cpp": [
        ("->get()).to<double>() : 0;", "->get()).to<double>() * 2 : 0;"),
        ("if (!(factor >= 0))", "if (factor < -1e9)"),
    ],
    "nn/registry.hpp": [
        ("if (!spec.find(argument.name)) spec.arguments", "spec.arguments"),
        ("const CallerScope scope(where);", ""),
        ("if constexpr (requires { value.visit(given); }) value.visit(given);", ""),
        ("given.check_all_named();", ""),
        ("return entry.first == name.text;", "return false;"),
    ],
    "nn/arguments.cpp": [
        ("if (given.find(argument.name) != &argument.value)", "if (false)"),
        ("if (read(from, number) || number.dtype() == boolean) return \"a number\";", "if (read(from, number)) return \"a number\";"),
        ("!number.held_by(dtype_of<Integer>())", "false"),
        ("if (read((*list)[i], numbers[i])) return expected;", "read((*list)[i], numbers[i]);"),
    ],
    "nn/spec.cpp": [
        ("is_truth(a) == is_truth(b) && (", "("),
        ("(is_nan(a) && is_nan(b))", "false"),
        ("std::chars_format::general", "std::chars_format::scientific"),
    ],
    "nn/optimizers/sgd.cpp": [
        ("now.learning_rate = learning_rate();", ""),
        ("if (typeid(*this) != typeid(SGD)) return Optimizer::spec();", ""),
    ],
    "nn/callbacks/choice.cpp": [
        ("caller(std::source_location::current())", "std::source_location::current()"),
    ],
    "nn/initializers.cpp": [
        ("receptive *= double(shape[axis]);", "static_cast<void>(axis);"),
        ("if (wide) q = q.transposed();", ""),
    ],
    "nn/data/batches.cpp": [
        ("std::min(options_.size, samples_ - start)", "options_.size"),
        ("y_ = y.array().contiguous();", "y_ = y.array();", "slices and taken rows are the same from any layout"),
        ("{kernels::take(x_, rows, 0), kernels::take(y_, rows, 0)}", "{kernels::take(x_, rows, 0), y_.slice(0, start, size, 1)}"),
    ],
    "nn/data/mnist.cpp": [
        ("array.rank() != rank || array.dtype() != uint8", "array.rank() != rank"),
        ("train[1] != test[1] || train[2] != test[2]", "train[1] != test[1]"),
    ],
    "nn/callbacks/early_stopping.cpp": [
        ("if (++wait_ < options_.patience) return;", "if (++wait_ <= options_.patience) return;"),
        ("value + options_.min_delta < best_", "value < best_"),
    ],
}
