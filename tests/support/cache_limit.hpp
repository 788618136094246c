#pragma once

#include <cstddef>

#include "lib/storage.hpp"

/// Empties the pool's cache and bounds it while a test looks at it.
class CacheLimit {
 public:
  explicit CacheLimit(std::size_t bytes) {
    xg::pool::empty_cache();
    xg::pool::set_cache_limit(bytes);
  }
  ~CacheLimit() {
#ifdef __SANITIZE_ADDRESS__
    xg::pool::set_cache_limit(0);
#else
    xg::pool::set_cache_limit(std::size_t{1} << 30);
#endif
  }
  CacheLimit(const CacheLimit&) = delete;
  CacheLimit& operator=(const CacheLimit&) = delete;
};

constexpr std::size_t mebibyte = std::size_t{1} << 20;
