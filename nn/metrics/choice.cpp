#include "autograd/ops/arithmetic.hpp"
#include "nn/losses/check.hpp"
#include "nn/losses/unreduced.hpp"
#include "nn/metrics/accuracy.hpp"
#include "nn/metrics/auc.hpp"
#include "nn/metrics/confusion_matrix.hpp"
#include "nn/metrics/r2_score.hpp"
#include "nn/metrics/recipes.hpp"
#include "nn/registry.hpp"

namespace xg::nn {

StreamingMetric::~StreamingMetric() = default;

namespace {

/// A maker of a metric that is the mean of a loss.
template <class F>
auto mean_loss(F loss) {
  return always(MetricMaker{.recipe = fixed(mean_of_values(loss))});
}

/// The same for a loss with the options of the crossentropies.
template <class F>
auto crossentropy(F loss) {
  return [=](Arguments& given) {
    const auto options = options_from<CrossentropyOptions>(given);
    check_options("metric", options, std::source_location::current());
    return MetricMaker{.recipe = fixed(mean_of_values(
                           [=](const Tensor& y_true, const Tensor& y_pred) { return loss(y_true, y_pred, options); }))};
  };
}

/// A maker of the share of what is classified rightly.
auto matches(Metric::BatchSum sum, Metric::Values values) {
  return always(MetricMaker{.recipe = fixed({.sum = std::move(sum), .values = std::move(values)})});
}

/// A maker of a metric of the k largest.
template <class Sum, class Values>
auto among_largest(const char* name, Sum sum, Values values) {
  return [=](Arguments& given) {
    std::int64_t k = 5;
    given("k", k);
    if (k < 1) throw ValueError(concat(name, ": k must be at least 1, got ", k), std::source_location::current());
    return MetricMaker{
        .recipe =
            fixed({.sum = [=](const Tensor& y_true, const Tensor& y_pred) { return sum(y_true, y_pred, k); },
                   .values = [=](const Tensor& y_true, const Tensor& y_pred) { return values(y_true, y_pred, k); }})};
  };
}

/// Makes an M from its options.
template <class M, class Options>
MetricMaker streaming(Arguments& given) {
  return {.recipe = fixed({.streaming = StreamingChoice::copy_of(M(options_from<Options>(given)))})};
}

/// "accuracy" means what the loss means by a right answer.
Metric::Recipe accuracy(const std::string& loss, std::int64_t width) {
  if (loss == "sparse_categorical_crossentropy") return {.sum = sparse_matches, .values = each_sparse_match};
  if (width == 1 || loss == "binary_crossentropy" || loss == "binary_focal_crossentropy")
    return {.sum = binary_matches, .values = each_binary_match};
  return {.sum = categorical_matches, .values = each_categorical_match};
}

}  // namespace

template <>
Registry<MetricMaker>& Choice<MetricChoice, MetricMaker>::registry() {
  static Registry<MetricMaker> known(
      MetricChoice::kind,
      {
          {"accuracy", always(MetricMaker{.recipe = accuracy})},
          {"acc", Spec{"accuracy"}},
          {"categorical_accuracy", matches(categorical_matches, each_categorical_match)},
          {"sparse_categorical_accuracy", matches(sparse_matches, each_sparse_match)},
          {"binary_accuracy", matches(binary_matches, each_binary_match)},
          {"top_k_categorical_accuracy", among_largest("top_k_categorical_accuracy", top_k_matches, each_top_k_match)},
          {"sparse_top_k_categorical_accuracy",
           among_largest("sparse_top_k_categorical_accuracy", sparse_top_k_matches, each_sparse_top_k_match)},
          {"precision", streaming<Precision, ClassFigureOptions>},
          {"recall", streaming<Recall, ClassFigureOptions>},
          {"f1", streaming<F1, ClassFigureOptions>},
          {"f1_score", Spec{"f1", {{"name", "f1_score"}}}},
          {"mean_iou", streaming<MeanIoU, ConfusionMatrixOptions>},
          {"confusion_matrix", streaming<ConfusionMatrix, ConfusionMatrixOptions>},
          {"auc", streaming<AUC, AUCOptions>},
          {"roc_auc", Spec{"auc", {{"curve", "ROC"}, {"name", "roc_auc"}}}},
          {"pr_auc", Spec{"auc", {{"curve", "PR"}, {"name", "pr_auc"}}}},
          {"r2_score", always(MetricMaker{.recipe = fixed({.streaming = StreamingChoice::copy_of(R2Score())})})},
          {"categorical_crossentropy",
           crossentropy([](auto&... given) { return unreduced::categorical_crossentropy(given...); })},
          {"sparse_categorical_crossentropy",
           crossentropy([](auto&... given) { return unreduced::sparse_categorical_crossentropy(given...); })},
          {"binary_crossentropy",
           crossentropy([](auto&... given) { return unreduced::binary_crossentropy(given...); })},
          {"mean_squared_error", mean_loss([](auto& y, auto& p) { return unreduced::mean_squared_error(y, p); })},
          {"mse", Spec{"mean_squared_error", {{"name", "mse"}}}},
          {"mean_absolute_error", mean_loss([](auto& y, auto& p) { return unreduced::mean_absolute_error(y, p); })},
          {"mae", Spec{"mean_absolute_error", {{"name", "mae"}}}},
          {"mean_absolute_percentage_error",
           mean_loss([](auto& y, auto& p) { return unreduced::mean_absolute_percentage_error(y, p); })},
          {"mape", Spec{"mean_absolute_percentage_error", {{"name", "mape"}}}},
          {"mean_squared_logarithmic_error",
           mean_loss([](auto& y, auto& p) { return unreduced::mean_squared_logarithmic_error(y, p); })},
          {"msle", Spec{"mean_squared_logarithmic_error", {{"name", "msle"}}}},
          {"logcosh", mean_loss([](auto& y, auto& p) { return unreduced::logcosh(y, p); })},
          {"poisson", mean_loss([](auto& y, auto& p) { return unreduced::poisson(y, p); })},
          {"hinge", mean_loss([](auto& y, auto& p) { return unreduced::hinge(y, p); })},
          {"squared_hinge", mean_loss([](auto& y, auto& p) { return unreduced::squared_hinge(y, p); })},
          {"kullback_leibler_divergence",
           mean_loss([](auto& y, auto& p) { return unreduced::kullback_leibler_divergence(y, p); })},
          {"cosine_similarity", mean_loss([](auto& y, auto& p) { return -unreduced::cosine_similarity(y, p); })},
          {"cosine_proximity", mean_loss([](auto& y, auto& p) { return unreduced::cosine_similarity(y, p); })},
      });
  return known;
}

template class Choice<MetricChoice, MetricMaker>;

}  // namespace xg::nn
