// Prefetch: threads that make the items first ... end-1 ahead of time and hand them over in order.
#pragma once
#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "../core/parallel.hpp"

namespace akin::inline AKIN_ABI::data {

/// `new_maker()` is called once per thread and gives what makes an item from its number. At most `room` items are in
/// the making or waiting. An exception takes the place of its item; no item follows it.
template <class Item>
class Prefetch {
 public:
  template <class NewMaker>
  Prefetch(std::int64_t first, std::int64_t end, int threads, int room, NewMaker new_maker)
      : slots_(static_cast<std::size_t>(room)), claimed_(first), delivered_(first), end_(end) {
    try {
      for (int i = 0; i < threads; ++i)
        threads_.push_back(Thread([this, make = new_maker()]() mutable { work(make); }));
    } catch (...) {  // the system refused a thread: the ones already running must be joined
      stop();
      throw;
    }
  }
  ~Prefetch() { stop(); }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Whether next() would return at once.
  bool ready() {
    const Lock lock(mutex_);
    return slot_of(delivered_).ready;
  }

  /// The next item; waits for it, and throws what its making threw. To be called end - first times at most.
  Item next() {
    Lock lock(mutex_);
    Slot& slot = slot_of(delivered_);
    item_ready_.wait(mutex_, [&] { return slot.ready; });
    if (slot.failure) std::rethrow_exception(slot.failure);  // it stays: asked again, the answer is the same
    Item item = std::exchange(slot, Slot{}).item;
    ++delivered_;
    lock.unlock();
    room_made_.notify_one();
    return item;
  }

 private:
  struct Slot {
    Item item{};
    std::exception_ptr failure{};
    bool ready = false;
  };

  Slot& slot_of(std::int64_t number) {
    return slots_[static_cast<std::size_t>(number % static_cast<std::int64_t>(slots_.size()))];
  }

  template <class Make>
  void work(Make& make) {
    const SerialScope serial;  // the pool belongs to the consumer
    for (std::int64_t number; claim(number);) {
      Slot made;
      try {
        made.item = make(number);
      } catch (...) {
        made.failure = std::current_exception();
      }
      made.ready = true;
      const Lock lock(mutex_);
      if (made.failure) end_ = std::min(end_, number);
      slot_of(number) = std::move(made);
      item_ready_.notify_one();
    }
  }

  bool claim(std::int64_t& number) {
    const Lock lock(mutex_);
    room_made_.wait(mutex_, [this] {
      return stopping_ || claimed_ >= end_ || claimed_ < delivered_ + static_cast<std::int64_t>(slots_.size());
    });
    if (stopping_ || claimed_ >= end_) return false;
    number = claimed_++;
    return true;
  }

  void stop() {
    {
      const Lock lock(mutex_);
      stopping_ = true;
    }
    room_made_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

  Mutex mutex_;  // guards all below but the threads
  Condition item_ready_, room_made_;
  std::vector<Slot> slots_;  // item i waits in slot i modulo their number
  std::int64_t claimed_, delivered_, end_;
  bool stopping_ = false;
  std::vector<Thread> threads_;
};

}  // namespace akin::inline AKIN_ABI::data
