#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

/// Moments of samples, and tests of whether they follow a law. Bounds are met with fixed seeds.
namespace xg::testing {

using Sample = std::vector<double>;

inline double mean(const Sample& sample) {
  double sum = 0;
  for (const double value : sample) sum += value;
  return sum / static_cast<double>(sample.size());
}

/// The central moment of that order.
inline double moment(const Sample& sample, int order) {
  const double center = mean(sample);
  Sample powers;
  for (const double value : sample) powers.push_back(std::pow(value - center, order));
  return mean(powers);
}

inline double correlation(const Sample& a, const Sample& b) {
  const double center_a = mean(a), center_b = mean(b);
  Sample products;
  for (std::size_t i = 0; i < a.size(); ++i) products.push_back((a[i] - center_a) * (b[i] - center_b));
  return mean(products) / std::sqrt(moment(a, 2) * moment(b, 2));
}

/// The statistic of Kolmogorov and Smirnov: above 1.95 once in a thousand samples of the right law.
inline double kolmogorov_smirnov(Sample sample, const std::function<double(double)>& distribution) {
  std::sort(sample.begin(), sample.end());
  const auto count = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double expected = distribution(sample[i]);
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, expected - rank / count, (rank + 1) / count - expected});
  }
  return distance * std::sqrt(count);
}

/// Pearson's statistic of counts that have those probabilities.
inline double chi_square(const std::vector<std::int64_t>& counts, const Sample& probabilities) {
  std::int64_t total = 0;
  for (const auto count : counts) total += count;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = static_cast<double>(total) * probabilities[i];
    sum += std::pow(static_cast<double>(counts[i]) - expected, 2) / expected;
  }
  return sum;
}

/// The same for counts that are equally probable.
inline double chi_square(const std::vector<std::int64_t>& counts) {
  return chi_square(counts, Sample(counts.size(), 1 / static_cast<double>(counts.size())));
}

/// Pearson's statistic of pairs of elements, `distance` apart, each of them 0 with that probability: 3 degrees of
/// freedom, above 16.3 once in a thousand samples of independent elements.
inline double chi_square_of_pairs(const Sample& sample, std::size_t distance, double zeros) {
  std::vector<std::int64_t> counts(4);
  for (std::size_t i = 0; i + distance < sample.size(); i += 2 * distance)
    for (std::size_t k = i; k < i + distance && k + distance < sample.size(); ++k)
      ++counts[(sample[k] != 0 ? 2 : 0) + (sample[k + distance] != 0 ? 1 : 0)];
  const double ones = 1 - zeros;
  return chi_square(counts, {zeros * zeros, zeros * ones, ones * zeros, ones * ones});
}

inline double uniform_distribution(double x, double low, double high) { return (x - low) / (high - low); }

inline double normal_distribution(double x, double mean = 0, double stddev = 1) {
  return 0.5 * std::erfc((mean - x) / (stddev * std::sqrt(2)));
}

/// Of a normal law without what lies outside of two standard deviations.
inline double truncated_distribution(double x, double mean = 0, double stddev = 1) {
  const double tail = normal_distribution(-2);
  return (normal_distribution(x, mean, stddev) - tail) / (1 - 2 * tail);
}

/// The variance of that law with a standard deviation of 1 before it was cut.
constexpr double truncated_variance = 0.87962566103423978 * 0.87962566103423978;

}  // namespace xg::testing
