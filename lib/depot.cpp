#include "lib/depot.hpp"

#include <new>
#include <utility>

namespace xg::pool {

FreeBlock* Depot::take(std::size_t index) noexcept {
  FreeBlock* const batch = tops_[index];
  if (batch) remove(*batch);
  return batch;
}

void Depot::put(FreeBlock* batch, FreeBlock*& evicted) noexcept {
  if (batch->bytes > capacity_) {
    batch->below = std::exchange(evicted, batch);
    return;
  }
  shrink_to(capacity_ - batch->bytes, evicted);
  FreeBlock*& top = tops_[batch->index];
  batch->below = top;
  batch->above = nullptr;
  if (top) top->above = batch;
  top = batch;
  batch->older = newest_;
  batch->newer = nullptr;
  (newest_ ? newest_->newer : oldest_) = batch;
  newest_ = batch;
  bytes_ += batch->bytes;
}

void Depot::set_capacity(std::size_t bytes, FreeBlock*& evicted) noexcept {
  capacity_ = bytes;
  shrink_to(bytes, evicted);
}

void Depot::remove(FreeBlock& batch) noexcept {
  (batch.above ? batch.above->below : tops_[batch.index]) = batch.below;
  if (batch.below) batch.below->above = batch.above;
  (batch.newer ? batch.newer->older : newest_) = batch.older;
  (batch.older ? batch.older->newer : oldest_) = batch.newer;
  bytes_ -= batch.bytes;
}

void Depot::shrink_to(std::size_t bytes, FreeBlock*& evicted) noexcept {
  while (bytes_ > bytes) {
    FreeBlock* const batch = oldest_;
    remove(*batch);
    batch->below = std::exchange(evicted, batch);
  }
}

void return_to_system(FreeBlock* batches) noexcept {
  while (batches)
    for (FreeBlock* block = std::exchange(batches, batches->below); block;)
      ::operator delete (std::exchange(block, block->next), std::align_val_t{alignment});
}

}  // namespace xg::pool
