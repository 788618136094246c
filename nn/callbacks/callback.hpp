#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/export.hpp"
#include "nn/callbacks/check_hooks.hpp"
#include "nn/choices.hpp"
#include "nn/lookup.hpp"

namespace xg::nn {

class Model;

/// Named figures in the order they are shown: loss, the metrics, and with validation data the same with "val_" before.
/// "acc" and "accuracy" are one name, wherever figures are named, and so are "val_acc" and "val_accuracy".
class XG_API Logs {
 public:
  /// A name and its value.
  using Entry = std::pair<std::string, double>;

  /// Adds one, or replaces it.
  void set(const std::string& name, double value);
  /// Takes away the one of that name, if there is one.
  void remove(const std::string& name);
  /// True if there is one of that name.
  bool contains(const std::string& name) const;
  /// An unknown name is a ValueError that lists the known ones.
  double operator[](const Name& name) const;
  /// The first of them, in the order they were set.
  auto begin() const { return entries_.begin(); }
  /// Behind the last.
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

/// What a callback is told of the run it takes part in, and how it ends it.
struct TrainingRun {
  Model& model;                           ///< which is trained
  int epochs;                             ///< how many are planned
  std::int64_t samples;                   ///< of an epoch; -1 if a data set does not tell
  std::int64_t validation_samples;        ///< 0 without validation, -1 if a data set does not tell
  std::vector<std::string> figures = {};  ///< what the logs of an epoch will hold
  bool stop = false;                      ///< set it to end the run after this epoch
  bool stop_now = false;                  ///< set it to end the run after this batch, without on_epoch_end()
  std::int64_t steps = -1;                ///< batches of an epoch; -1 if that is not known
};

/// Hooks into fit(). Epochs and batches count from 0; logs of a batch are the means of the epoch so far.
class XG_API Callback {
 public:
  virtual ~Callback();
  /// Its name and its options; `custom` for classes of users, unless they say it themselves.
  virtual Spec spec() const { return {Spec::custom}; }
  /// Before the first epoch.
  virtual void on_train_begin(TrainingRun&) {}
  /// After the last one.
  virtual void on_train_end(TrainingRun&) {}
  /// Before an epoch, counted from 0.
  virtual void on_epoch_begin(TrainingRun&, int /*epoch*/) {}
  /// After an epoch, with its figures.
  virtual void on_epoch_end(TrainingRun&, int /*epoch*/, const Logs&) {}
  /// Before a batch, counted from 0.
  virtual void on_batch_begin(TrainingRun&, std::int64_t /*batch*/) {}
  /// `seen`: how many samples of the epoch are done.
  virtual void on_batch_end(TrainingRun&, std::int64_t /*batch*/, std::int64_t /*seen*/, const Logs&) {}
};

/// A callback as an option: an object (a copy is used), a shared pointer, a reference to one that outlives the call, a
/// function that is called at the end of every epoch, or a name: early_stopping, history, model_checkpoint,
/// reduce_lr_on_plateau, terminate_on_nan. An object whose function by the name of a hook has other parameters than
/// the hook, and so would not be called, does not compile.
class XG_API CallbackChoice : public ObjectChoice<CallbackChoice, Callback> {
 public:
  /// What errors call it.
  static constexpr const char* kind = "callback";
  /// Called at the end of every epoch, with its figures.
  using EpochEnd = std::function<void(TrainingRun& run, int epoch, const Logs& logs)>;
  /// True for the functions that a choice can be made from.
  template <class F>
  static constexpr bool takes = std::is_invocable_v<F&, TrainingRun&, int, const Logs&>;
  /// Does not compile for a class that hides a hook.
  template <class C>
  static constexpr void check() {
    detail::check_hooks<C>();
  }

  /// Does not compile for a class whose function by the name of a hook has other parameters, and so would not be
  /// called.
  template <class C>
  static constexpr void check_class() {
    detail::check_hooks<C>();
  }

  /// By name, by Spec, or as an object.
  using ObjectChoice::ObjectChoice;
  CallbackChoice() = delete;
  /// One that the caller keeps.
  template <class C>
  requires std::is_base_of_v<Callback, C> CallbackChoice(std::reference_wrapper<C> callback)
      : ObjectChoice(std::shared_ptr<C>(&callback.get(), [](C*) {})) {}
  /// A function to be called at the end of every epoch. Null is a ValueError.
  template <class F>
  requires takes<F> CallbackChoice(F function, std::source_location where = std::source_location::current())
      : ObjectChoice(at_epoch_end(given_function<EpochEnd>(kind, std::move(function), where))) {}

 private:
  static std::shared_ptr<Callback> at_epoch_end(EpochEnd function);
};

}  // namespace xg::nn
