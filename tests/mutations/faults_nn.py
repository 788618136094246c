TABLE = {
    "nn/module.cpp": [
        ("if (&child == this || (is_part_ && child.has_below(*this)))", "if (&child == this)"),
        ("if (child.use_count() > 1) continue;", "continue;"),
        ("return initial.array().clone();", "return initial.array();"),
        ("for (const auto* list : {&state_.parameters, &state_.buffers})", "for (const auto* list : {&state_.parameters})"),
        ("if (!module->built()) module->unbuild();", ""),
        ("cut(module->state_.parameters, parameters_);", ""),
    ],
    "nn/module_call.cpp": [
        ("if (!anchor->module) return;", ""),
        ("if (Tensor changed = hook(*this, x, y); changed.defined()) y", "if (Tensor changed = hook(*this, x, y); false) y"),
        ("if (is_first) pass.after_first(*this, first_shape(y));", ""),
        ("if (outer && outer->inside_forward()) check_registered(where);", ""),
        ("if (sample.rank() > 1) sample.erase(0);", "if (sample.rank() > 0) sample.erase(0);"),
    ],
    "nn/module_parameters.cpp": [
        ("if (regularizer && value.requires_grad())", "if (regularizer)"),
        ("if (reports && !has_reported)", "if (false)"),
        ("if (!met.is_new(child)) continue;", ""),
    ],
    "nn/pass.cpp": [
        ("if (committed_) return;", "return;"),
        ("draw->first->set_step(draw->second);", "static_cast<void>(draw);"),
        ("!old.module->module || covers(*old.module->module)", "!old.module->module"),
        ("if (mode_ == Mode::own || !covers(module)) return module.mode();", "if (mode_ == Mode::own) return module.mode();"),
        ("if (mode_ != Mode::evaluation) leave_reports();", "leave_reports();"),
    ],
    "nn/sequential.cpp": [
        ("if (!std::exchange(learnt_shapes_, false)) return;", "return;"),
    ],
    "nn/model.cpp": [
        ("value + fixed +", "value +"),
        ("output.weight == 1 ? part : part * output.weight", "part"),
        ("parameter.value.requires_grad() && !contains", "!contains"),
    ],
    "nn/training/evaluation.cpp": [
        ("value.rank() == 0 || value.shape()[0] != count", "value.rank() == 0"),
        ("loss += part * output.weight;", "loss += part;"),
        ("pass.forget_reports(); const auto", "const auto"),
    ],
    "nn/training/samples.cpp": [
        ("if (value.shape()[0] != count_of(x))", "if (false)"),
    ],
    "nn/training/setup.cpp": [
        ("by_name ? y[Name(name)] : y[i]", "y[i]"),
    ],
    "nn/layers/dense.cpp": [
        ("options_.activity_mean ? term / batch : term", "term"),
        ("if (sample.back() != kernel[0])", "if (false)"),
        ("drawn(generator_)", "generator_"),
    ],
    "nn/optimizers/optimizer.cpp": [
        ("if (!parameter.value.node()) continue;", ""),
        ("if (!listed.emplace(leaf, kept.size()).second) continue;", ""),
        ("if (earlier[i]) states[i] = std::move(states_[*earlier[i]]);", "static_cast<void>(i);"),
        ("array = array.clone();", "static_cast<void>(array);"),
        ("if (declarations == declarations_) return;", "return;"),
        ("if (done_) return;", "return;"),
        ("Step(*this, true, where).make(); zero_grad();", "Step(*this, true, where).make();"),
    ],
    "nn/optimizers/step.cpp": [
        ("if (change.flat) kernels::copy(elements, parameter);", ""),
        ("if (!stored.defined() && !has_penalty) return;", "if (!stored.defined()) return;"),
        ("gradient.clone() : gradient.contiguous();", "gradient.clone() : gradient;"),
        ("penalty_ += decay / 2 *", "penalty_ += decay *"),
        ("optimizer_.transforms_ = std::move(transforms);", ""),
        ("if (!optimizer_.fuses_decay()) gradient.value();", ""),
    ],
    "nn/optimizers/gradient.cpp": [
        ("if (!(norm <= limit)) gradient.set", "gradient.set"),
        ("gradient.set_decay(decay);", ""),
        ("value();  // what is replaced includes the decay", ""),
    ],
    "nn/optimizers/adam.cpp": [
        ("beta >= 0 && beta < 1", "beta >= 0 && beta <= 1"),
    ],
    "nn/losses.cpp": [
        ("if (options.from_logits) return mean(binary_cross", "if (false) return mean(binary_cross"),
        ('input_of(y_pred, "softmax")', 'input_of(y_pred, "sigmoid")'),
        ("return all(is_one).item<bool>() ? p : p / where(is_one, 1.0, total);", "return p;"),
        ("return all(is_one).item<bool>() ? p : p / where(is_one, 1.0, total);", "return p / total;"),
        ("return expand_dims(dy, -1) * -(y.get() / floored(p));", "return expand_dims(dy, -1) * -y.get();"),
        ("(1.0 - y.get()) / floored(1.0 - p.get()) - y.get() / floored(p)", "(1.0 - y.get()) / floored(1.0 - p.get())"),
        ("labels.shape() != rows", "labels.size() != rows.elements()"),
    ],
    "nn/metrics.cpp": [
        ("samples_ += y_pred.shape()[0];", "samples_ += y_pred.size();"),
        ("(first + second)) > 1e-3 * scale", "(first + second)) > scale"),
        ("std::abs(sum) < 1e-6 *", "std::abs(sum) < 0 *"),
        ("checked_->store(true);", ""),
    ],
    "nn/regularizers.cpp": [
        ("->get()).to<double>() : 0;", "->get()).to<double>() * 2 : 0;"),
        ("return factor; }", "return 2 * factor; }"),
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
        ("now.learning_rate = learning_rate();", ""),
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
        ("return {made(x_, part), made(y_, part)};", "return {made(x_, part), y_};"),
        ("if (options.shuffle) generator_ = new_generator();", "generator_ = new_generator();"),
    ],
    "nn/data/mnist.cpp": [
        ("array.rank() != rank || array.dtype() != uint8", "array.rank() != rank"),
        ("train[1] != test[1] || train[2] != test[2]", "train[1] != test[1]"),
    ],
    "nn/callbacks/early_stopping.cpp": [
        ("if (++wait_ < options_.patience) return;", "if (++wait_ <= options_.patience) return;"),
        ("value + options_.min_delta < *best_", "value < *best_"),
        ("if (!best_) return !std::isnan(value);", "if (!best_) return true;"),
        ("named.value.array().clone()});", "named.value.array()});"),
    ],
}
