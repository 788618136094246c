#pragma once

#include <string>
#include <vector>

#include "autograd/observer.hpp"

namespace xg {

/// The options of DetectAnomaly.
struct DetectAnomalyOptions {
  bool infinities = false;  ///< infinite values are anomalies too
};

/// While one lives, every result of an operation and every gradient that is computed on this thread is searched for
/// NaN. The first one throws an AnomalyError that names the operation, where it is written in the program (also for
/// one that arises in the backward pass), and the shapes and value ranges of what went in. Costs a pass over all
/// values; where none lives, nothing.
/// ```cpp
/// const DetectAnomaly scope;
/// loss(net(x)).backward();
/// ```
class XG_API DetectAnomaly final : private detail::Observer {
 public:
  /// Begins to search.
  explicit DetectAnomaly(const DetectAnomalyOptions& options = {}) : options_(options) {}

 private:
  void operand(const Array& value) override;
  void output(const char* op, std::source_location where, const Array& value, Node* node) override;
  void enter_backward(const Node& node, const Tensor& output_gradient) override;
  void leave_backward(const Node& node) override;
  void gradient(const Node& node, std::size_t input, const Tensor& gradient) override;

  DetectAnomalyOptions options_;
  std::vector<std::string> operands_;  ///< of the operation that is being recorded
  std::string output_gradient_;        ///< of the operation whose rules run
  int backward_depth_ = 0;
};

}  // namespace xg
