#pragma once

#include <cstdint>
#include <source_location>

#include "nn/losses.hpp"

namespace xg::nn {

/// The options of ctc_loss().
struct CTCOptions {
  std::int64_t blank = 0;     ///< the class that stands for no label; negative ones count from the end
  Tensor input_lengths = {};  ///< (N): the steps of each sample; undefined: all
  Tensor label_lengths = {};  ///< (N): the labels of each sample; undefined: those before the first that is blank or -1
};

/// Mean over samples of -ln p(labels | logits), where p is the probability of all ways to write each label on one or
/// more steps in a row, in their order, with steps of the blank between them where one wants, and between two equal
/// ones always (Graves and others, Connectionist temporal classification, 2006). labels (N, most labels) are class
/// numbers, logits (N, steps, classes). PyTorch's mean divides each sample's loss by its labels' number first; Keras's
/// does not. Labels that do not fit into the steps have an infinite loss, without a gradient. Shapes that do not fit
/// are a ShapeError; labels that are no classes, or blank, and lengths beyond the axes, are a ValueError.
XG_API Tensor ctc_loss(const Tensor& labels, const Tensor& logits, const CTCOptions& options = {},
                       std::source_location where = std::source_location::current());

namespace unreduced {
/// Of each sample.
XG_API Tensor ctc_loss(const Tensor& labels, const Tensor& logits, const CTCOptions& options = {},
                       std::source_location where = std::source_location::current());
}  // namespace unreduced

/// ctc_loss() as a loss to choose. Labels are y_true, with -1 or the blank behind each sample's last;
/// all steps count.
class XG_API CTC : public Loss {
 public:
  /// With that blank.
  explicit CTC(std::int64_t blank = 0, std::source_location where = std::source_location::current());
};

}  // namespace xg::nn
