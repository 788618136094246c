TABLE = {
    "nn/module.cpp": [
        ("if (call_depth == 0) forget_penalties();", ""),
        ("if (penalty_pass_ != pass) pass_penalties_.clear();", ""),
        ("for (auto& [name, child] : children_) child->train(on);", ""),
        ("return initial.array().clone();", "return initial.array();"),
        ("if (is_taken()) throw", "if (false) throw"),
        ("if (Tensor changed = hook(*this, x, y); changed.defined()) y", "if (Tensor changed = hook(*this, x, y); false) y"),
        ("for (const List* known : {&parameters_, &buffers_})", "for (const List* known : {&list})"),
        ("last_output_shape_ = y.shape();", ""),
    ],
    "nn/model.cpp": [
        ("for (auto& [module, outer] : modes_) module->train(outer);", ""),
        ("loss.size() == 1 ? loss : mean(loss)", "loss.size() == 1 ? loss : sum(loss)"),
        ("loss_sum_ += loss * count;", "loss_sum_ += loss;"),
        ("optimizer.zero_grad(); loss.backward();", "loss.backward();"),
        ("if (regularizer && regularizer.l2_factor() == 0) loss += regularizer(value);", ""),
        ("x.shape()[0] != y.shape()[0]", "false"),
        ("part.shape()[0] != batch.shape()[0]", "false"),
        ("start += part.shape()[0];", ""),
        ("(1 - options.validation_split)", "options.validation_split"),
        ("figures.add_metrics(y, prediction); optimizer.zero_grad();", "optimizer.zero_grad();"),
        ("setting.fixed.reset();", ""),
        ("const ModeScope mode(*this, false); const NoGrad values_only;", "const NoGrad values_only;"),
        ("check_no_newcomers();", ""),
        ("fixed_penalty, x);", "0 * fixed_penalty, x);"),
        ("epoch < options.epochs && !run.stop", "epoch < options.epochs"),
    ],
    "nn/sequential.cpp": [
        ("output_shape_ = result;", ""),
    ],
    "nn/layers/dense.cpp": [
        ("options_.activity_mean ? term / batch : term", "term"),
        ("if (sample.back() != expected)", "if (false)"),
        ("options_.bias_regularizer);", "options_.kernel_regularizer);"),
    ],
    "nn/layers/dropout.cpp": [
        ("training() ? dropout(x, rate_, generator_) : x", "dropout(x, rate_, generator_)"),
    ],
    "nn/optimizers/optimizer.cpp": [
        ("return !parameter.value.requires_grad();", "return false;"),
        ("states_.assign(parameters_.size(), {});", "states_.resize(parameters_.size());"),
        ("2 * factor);", "factor);"),
        ("++iterations_; zero_grad();", "zero_grad();"),
        ("++iterations_; zero_grad();", "++iterations_;"),
        ("if (!stored.defined() && factor == 0) continue;", "if (!stored.defined()) continue;"),
        ("gradient.array().contiguous()", "gradient.array()"),
    ],
    "nn/optimizers/sgd.cpp": [
        ("1 + options_.decay", "1 - options_.decay"),
    ],
    "nn/optimizers/adam.cpp": [
        ("static_cast<double>(iterations() + 1)", "static_cast<double>(iterations() + 2)"),
        ("beta >= 0 && beta < 1", "beta >= 0 && beta <= 1"),
    ],
    "nn/losses.cpp": [
        ("options.from_logits ? y_pred : logits_of(y_pred); return mean", "logits_of(y_pred); return mean"),
        ("(1.0 - y) * log(1.0 - p)", "(1.0 - y) * log(p)"),
        ("labels.size() * y_pred.shape().back() != y_pred.size()", "false"),
        ("clip(y_pred / sum(y_pred, {.axis = -1, .keepdims = true}), epsilon", "clip(y_pred, epsilon"),
    ],
    "nn/metrics.cpp": [
        ("samples_ += y_pred.shape()[0];", "samples_ += y_pred.size();"),
        ("predicted[i] > 0.5", "predicted[i] >= 0.5"),
        ("if (name_ == \"acc\") name_ = \"accuracy\";", ""),
    ],
    "nn/regularizers.cpp": [
        ("penalty.l2_factor_ = factor;", "penalty.l2_factor_ = 2 * factor;"),
        ("sum(abs(x)) * factors.l1", "sum(abs(x)) * factors.l2"),
    ],
    "nn/initializers.cpp": [
        ("(f.in + f.out) / 2", "f.in + f.out"),
        ("receptive *= double(shape[axis]);", ""),
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
        ("best_ = value; wait_ = 0;", "best_ = value;"),
        ("value + options_.min_delta < best_", "value < best_"),
    ],
    "nn/callbacks/history.cpp": [
        ("entry->second.push_back(value);", "entry->second = {value};"),
    ],
    "nn/summary.cpp": [
        ("(digits.size() - i) % 3 == 0", "i % 3 == 0"),
    ],
}
