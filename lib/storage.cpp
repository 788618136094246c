#include "lib/storage.hpp"

#include <limits>
#include <new>

namespace xg {
namespace {

/// Room for the header before the elements and for one whole vector behind them. What cannot be counted is more than
/// any system has.
template <class Block>
std::size_t block_bytes(std::size_t bytes) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max(), around = sizeof(Block) + 64;
  return bytes > most - around ? most : bytes + around;
}

}  // namespace

Storage::Storage(std::size_t bytes, std::source_location where)
    : block_(new (pool::allocate(block_bytes<Block>(bytes), where)) Block{.owners = 1, .version = 0, .bytes = bytes}) {}

void Storage::destroy() noexcept { pool::release(block_, block_bytes<Block>(block_->bytes)); }

}  // namespace xg
