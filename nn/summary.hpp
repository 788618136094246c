#pragma once

#include <cstdint>

#include "nn/module.hpp"

namespace xg::nn {

/// How many numbers a module keeps, parameters and buffers: what summary() shows beside a layer.
std::int64_t numbers_of(const Module& module);

}  // namespace xg::nn
