#include "nn/optimizers/learning_rate.hpp"

namespace xg::nn {

void LearningRate::visit(Arguments& arguments) {
  const double first = (*this)(0);
  double rate = first;
  arguments("learning_rate", rate);
  if (!(rate == first)) *this = rate;
}

}  // namespace xg::nn
