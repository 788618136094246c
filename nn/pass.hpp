#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"
#include "lib/memory_pool.hpp"
#include "lib/random.hpp"
#include "nn/module_building.hpp"

namespace xg::nn {

/// One call of a module, with all that belongs to it and to no module: whether it trains, the penalties on outputs, and
/// what it built. It lives on the stack of the call; modules below find it by current(). Unless it is committed, its
/// end takes everything back: what was built is not, and generators draw the same numbers again.
///
/// A pass that has to build a layer keeps all others that have to from doing so until it ends: two threads may make the
/// first pass of a model at once.
class XG_API Pass {
 public:
  /// What a pass is made for.
  enum class Mode {
    own,         ///< each module is in the mode that train() and eval() gave it
    training,    ///< the root and all below it train, whatever their mode
    evaluation,  ///< they do not
    trial        ///< nothing passes: its end takes back what passes within it draw, though they were committed
  };

  /// Begins a pass through `root` on this thread.
  Pass(const Module& root, Mode mode);
  ~Pass();
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  /// The innermost pass on this thread; null if there is none.
  static Pass* current();

  /// True for the root and all below it.
  bool takes_in(const Module& module) const;
  /// Whether a module trains in this pass.
  bool training(const Module& module) const;

  /// What a module reports in a pass: terms that its outputs add to the loss.
  struct Report {
    std::shared_ptr<const Anchor> module;                     ///< which one
    std::vector<Tensor, pool::Allocator<Tensor>> terms = {};  ///< scalars
  };
  /// A list that grows without moving.
  using Reports = std::list<Report, pool::Allocator<Report>>;
  /// Adds a term.
  void add_penalty(const Module& module, const Tensor& value);
  /// Notes that a module is called which may report some.
  void expect_penalties(const Module& module);
  /// What was reported so far.
  const Reports& reports() const { return reports_; }
  /// Forgets it: another batch comes.
  void forget_reports() { reports_.clear(); }
  /// What a module reported in the pass through it or its root that goes on on this thread; else in the last one that
  /// was committed, evaluate() and predict() aside; null if there was none.
  static const Report* last_report(const Module& module);

  /// The call of a module in this pass, as long as it goes on.
  class Call {
   public:
    /// It begins. What the module and all below it reported in earlier calls is forgotten, unless it is called by
    /// another one.
    Call(Pass& pass, const Module& module);
    ~Call() { pass_.caller_ = outer_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Pass& pass_;
    const Anchor* outer_;
  };
  /// True while a module's forward() runs in this pass.
  bool inside_forward() const { return caller_ != nullptr; }

  /// Before the first call of a module: builds it, unless that is done.
  void before_first(Module& module, const std::vector<Shape>& samples, std::source_location where);
  /// True if the module is built, be it in this pass or one around it.
  bool has_built(const Module& module) const;
  /// After it: notes the shape of its output.
  void after_first(const Module* module, const Shape& output);
  /// Notes where a generator of a module stands before it is drawn from.
  void note(const Module& module, Generator& generator);

  /// Writes the value into the buffer when this pass is committed; of the buffer's shape and dtype.
  void update(const Tensor& buffer, const Array& value);
  /// What the buffer will hold then.
  Array latest(const Tensor& buffer) const;

  /// Makes the value that of a module's buffer of that name when this pass is committed.
  void replace(const Module& module, const std::string& name, const Array& value);
  /// That value, noted in this very pass; null if there is none.
  const Array* replaced(const Module& module, const std::string& name) const;
  /// From now on nothing is written into buffers, and states begin anew: the pass only tells shapes and errors.
  void rehearse() { rehearses_ = true; }
  /// True after that.
  bool rehearses() const { return rehearses_; }
  /// The pass around this one on this thread; null if there is none.
  const Pass* outer() const { return outer_; }

  /// What was done stays.
  void commit() noexcept;

 private:
  struct Built {
    Module::Building building;
    std::optional<Shape> output = {};
  };
  /// Where a generator stood, and the module that it is a part of, which may move or go.
  struct Draw {
    std::shared_ptr<const Anchor> anchor;
    const Module* module;
    Generator* generator;
    std::uint64_t step;
  };

  struct Update {
    Tensor buffer;
    Array value;
  };

  /// A buffer that gets another shape.
  struct Replacement {
    std::shared_ptr<const Anchor> module;
    std::string name;
    Array value;
  };

  void cover() const;
  bool is_listed(const Module* module) const;
  bool covers(const Module& module) const;
  void rewind() noexcept;
  void take_back(std::size_t first) noexcept;
  void leave_reports() noexcept;
  void forget_reports_of(const Module& module);

  std::shared_ptr<const Anchor> root_;  ///< a hook may move it, or end it
  Mode mode_;
  Pass* outer_;
  const Anchor* caller_ = nullptr;  ///< of the module whose forward() runs; only compared, as a hook may free it
  bool committed_ = false, rehearses_ = false;
  Reports reports_;
  std::unique_lock<std::recursive_mutex> building_;
  std::vector<Built> built_;  ///< or called for the first time
  std::unordered_map<const Module*, std::size_t> where_built_;
  std::vector<Draw, pool::Allocator<Draw>> draws_;
  std::vector<Update, pool::Allocator<Update>> updates_;
  std::vector<Replacement, pool::Allocator<Replacement>> replacements_;
  mutable std::vector<const Module*, pool::Allocator<const Module*>> covered_;  ///< sorted; empty until asked for
  mutable std::uint64_t covered_at_ = 0;                                        ///< when they were found
};

}  // namespace xg::nn
