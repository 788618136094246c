// As lib/pch/lib.hpp, for the sources of this folder.
#include "lib/pch/lib.hpp"

#include "autograd/tensor.hpp"
#include "nn/module.hpp"
