// Mutex, Lock, Condition and Thread: the four things that the pool and the loader need, straight on POSIX threads.
//
// Not <mutex>, <condition_variable> and <thread>: they alone would make an empty program that includes akin compile 6 %
// longer.
#pragma once
#include <pthread.h>

#include <memory>
#include <utility>

#include "error.hpp"

namespace akin::inline AKIN_ABI {

class Mutex {
 public:
  Mutex() = default;
  ~Mutex() { pthread_mutex_destroy(&mutex_); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() { pthread_mutex_lock(&mutex_); }
  bool try_lock() { return pthread_mutex_trylock(&mutex_) == 0; }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  friend class Condition;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
};

/// Holds a mutex while it lives.
class Lock {
 public:
  explicit Lock(Mutex& mutex) : mutex_(&mutex) { mutex.lock(); }
  ~Lock() { unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  /// Holds it only if nobody else does: held() tells.
  static Lock attempt(Mutex& mutex) { return Lock(mutex.try_lock() ? &mutex : nullptr); }
  bool held() const { return mutex_ != nullptr; }
  void unlock() {
    if (Mutex* held = std::exchange(mutex_, nullptr)) held->unlock();
  }

 private:
  explicit Lock(Mutex* held) : mutex_(held) {}
  Mutex* mutex_;
};

class Condition {
 public:
  Condition() = default;
  ~Condition() { pthread_cond_destroy(&condition_); }
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  /// Sleeps until ready() is true. The mutex is held by the caller, also while ready() runs.
  template <class Ready>
  void wait(Mutex& mutex, Ready ready) {
    while (!ready()) pthread_cond_wait(&condition_, &mutex.mutex_);
  }
  void notify_one() { pthread_cond_signal(&condition_); }
  void notify_all() { pthread_cond_broadcast(&condition_); }

 private:
  pthread_cond_t condition_ = PTHREAD_COND_INITIALIZER;
};

/// Runs body() on a thread of its own, to be joined before it is destroyed. body must not throw.
class Thread {
 public:
  /// Errors: the system refuses another thread.
  template <class Body>
  explicit Thread(Body body) {
    auto owned = std::make_unique<Body>(std::move(body));
    const int code = pthread_create(&thread_, nullptr, &run<Body>, owned.get());
    check(code == 0, "thread", "the system refused another thread (error ", code, "); use fewer threads or workers");
    owned.release();
  }
  Thread(Thread&&) = default;  // the one moved from is not joined any more

  void join() { pthread_join(thread_, nullptr); }

 private:
  template <class Body>
  static void* run(void* owned) noexcept {
    const std::unique_ptr<Body> body(static_cast<Body*>(owned));
    (*body)();
    return nullptr;
  }

  pthread_t thread_{};
};

}  // namespace akin::inline AKIN_ABI
