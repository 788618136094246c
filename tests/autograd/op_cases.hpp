#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/gradcheck.hpp"
#include "autograd/operand.hpp"
#include "tests/autograd/reference.hpp"

namespace xg::testing {

using Inputs = std::vector<Tensor>;
using Reference = std::function<Values(const Inputs&)>;

/// One way to call one operation, and what is known about it. Every test that holds for all operations walks over
/// these.
struct OpCase {
  std::string name = {};     ///< as the header declares it
  std::string variant = {};  ///< which way of calling it
  Function function = {};
  std::vector<Inputs> samples = {};  ///< float64, away from kinks and ties; integer and boolean inputs have no gradient
  Reference reference = {};          ///< what comes out, if there is a formula or a plain loop for it
  bool differentiable = true;
  bool elementwise = false;  ///< the reference also holds for 0, infinities, NaN and the like
  double magnitude = 0;      ///< of terms that cancel: a smaller result is as exact as this one would be
  std::size_t optional = 0;  ///< how many of the last inputs may be left undefined
  GradcheckOptions options = {};
};

using Cases = std::vector<OpCase>;

/// Every case of every operation.
const Cases& op_cases();

// The cases of one header each.
Cases activation_cases();
Cases arithmetic_cases();
Cases assemble_cases();
Cases attention_cases();
Cases bitwise_cases();
Cases compare_cases();
Cases conv_cases();
Cases creation_cases();
Cases decomposition_cases();
Cases elementwise_cases();
Cases gradient_cases();
Cases index_cases();
Cases linalg_cases();
Cases loss_cases();
Cases normalization_cases();
Cases pool_cases();
Cases recurrent_cases();
Cases reduction_cases();
Cases scan_cases();
Cases shape_cases();
Cases special_cases();
Cases trigonometry_cases();

/// "sum, axis 1": for the messages of failed tests.
std::string title(const OpCase& op);

/// float64, uniform in [low, high): other numbers at every call.
Tensor uniform(const Shape& shape, double low = -2, double high = 2);
/// float64, the numbers `first`, `first` + 0.1, ... in random order: no ties, and 0 only if it is one of them.
Tensor distinct(const Shape& shape, double first = -0.55);
/// uniform(shape) of several ranks, with axes of extent 1.
std::vector<Inputs> samples_of_one(double low = -2, double high = 2);
/// The case of an elementwise operation that the C library computes as `f`.
OpCase unary(const char* name, Tensor (*op)(const Operand&), double (*f)(double), std::vector<Inputs> samples);
/// Samples that come no nearer than 0.05 to 0, 0.5 and -0.5, where some functions have a kink.
std::vector<Inputs> between_kinks();
/// Two inputs in every way to broadcast; the second input is in [low, high).
std::vector<Inputs> samples_of_two(double low = -2, double high = 2);
/// Pairs of shapes in every way to broadcast.
const std::vector<std::pair<Shape, Shape>>& broadcast_pairs();

/// How the elements of the inputs lie in memory.
enum class Layout { plain, transposed, sliced };
/// Tensors from which laid_out makes views with the elements of `inputs`.
Inputs bases(const Inputs& inputs, Layout layout);
/// The views: `op` called with them sees the same elements in other strides.
Function laid_out(const Function& function, Layout layout);

/// The same inputs, those that can have a gradient as fresh leaves.
Inputs leaves(const Inputs& inputs);

}  // namespace xg::testing
