// A small thread pool. Work is cut by its shape, never by the number of threads, and claimed dynamically;
// partial results are combined in chunk order. So results are the same bits at any thread count.
//
// No OpenMP: ThreadSanitizer cannot see through libgomp and reports races that are none.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "error.hpp"
#include "thread.hpp"

namespace akin::inline AKIN_ABI {

namespace detail {

/// True on threads that must not spawn more work: pool workers, callers inside a loop, and threads in a SerialScope.
inline bool& runs_serially() {
  thread_local bool serial = false;
  return serial;
}

inline void spin_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// One parallel loop: chunks are claimed from `next` until none is left.
struct ParallelJob {
  void (*run)(void* context, std::int64_t chunk);
  void* context;
  std::int64_t chunks;
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure{};
  std::atomic<bool> failed{false};

  void work() {
    for (std::int64_t chunk; (chunk = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
      try {
        run(context, chunk);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();  // the first one counts
        next = chunks;
      }
    }
  }
};

class ThreadPool {
 public:
  AKIN_LAZY static ThreadPool& instance() {
    static ThreadPool pool(static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN))));
    return pool;
  }

  ~ThreadPool() { stop(); }

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Must not be called while a parallel loop runs.
  AKIN_LAZY void resize(int threads) {
    const Lock busy(one_job_);
    stop();
    start(threads - 1);
  }

  AKIN_LAZY void run(ParallelJob& job) {
    if (runs_serially() || job.chunks < 2) return job.work();
    // A second loop at the same time (the loader's, say) runs on its own thread instead of waiting.
    const Lock busy = Lock::attempt(one_job_);
    if (!busy.held() || workers_.empty()) return job.work();
    {
      const Lock lock(state_);
      job_ = &job;
    }
    signal_.fetch_add(1);
    signal_.notify_all();
    runs_serially() = true;  // loops inside this loop
    job.work();
    runs_serially() = false;
    {
      const Lock lock(state_);
      job_ = nullptr;  // late workers find nothing to join
    }
    for (int spins = 0; inside_ > 0 && spins < 4000; ++spins) spin_pause();
    const Lock lock(state_);
    all_out_.wait(state_, [this] { return inside_ == 0; });
  }

 private:
  AKIN_LAZY explicit ThreadPool(int threads) { start(threads - 1); }

  AKIN_LAZY void start(int workers) {
    stopping_ = false;
    for (int i = 0; i < workers; ++i) workers_.push_back(Thread([this] { serve(); }));
  }

  void stop() {
    stopping_ = true;
    signal_.fetch_add(1);
    signal_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
  }

  AKIN_LAZY void serve() {
    runs_serially() = true;
    for (std::uint32_t seen = 0; !stopping_;) {
      // Kernels follow each other closely: spin for a fraction of a millisecond before going to sleep.
      for (int spins = 0; signal_ == seen && spins < 4000; ++spins) spin_pause();
      signal_.wait(seen);
      seen = signal_;
      ParallelJob* job = join();
      if (!job) continue;
      job->work();
      leave();
    }
  }

  ParallelJob* join() {
    const Lock lock(state_);
    if (job_) ++inside_;
    return job_;
  }

  void leave() {
    const Lock lock(state_);
    if (--inside_ == 0) all_out_.notify_one();
  }

  std::vector<Thread> workers_;
  Mutex one_job_;
  Mutex state_;  // guards job_ and changes of inside_
  ParallelJob* job_ = nullptr;
  std::atomic<int> inside_{0};  // workers that hold the job
  Condition all_out_;
  std::atomic<std::uint32_t> signal_{0};  // counts announcements; idle workers wait for it to change
  std::atomic<bool> stopping_{false};
};

}  // namespace detail

/// Number of threads that parallel loops use, the caller's included.
AKIN_LAZY int threads() { return detail::ThreadPool::instance().threads(); }

/// Sets it. Results do not depend on it.
AKIN_LAZY void set_threads(int count) {
  check(count >= 1 && count <= 1024, "set_threads", "expected 1 ... 1024 threads, got ", count);
  detail::ThreadPool::instance().resize(count);
}

/// While alive, parallel loops of this thread run on this thread alone. For loader threads.
class SerialScope {
 public:
  SerialScope() : before_(detail::runs_serially()) { detail::runs_serially() = true; }
  ~SerialScope() { detail::runs_serially() = before_; }
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool before_;
};

/// Calls body(begin, end) for consecutive pieces of [0, n), each `grain` long but the last. Rethrows what body throws.
template <class F>
void parallel_for(std::int64_t n, std::int64_t grain, F&& body) {
  if (n <= 0) return;
  grain = std::max<std::int64_t>(1, grain);
  if (n <= grain) return body(std::int64_t{0}, n);
  struct Context {
    std::remove_reference_t<F>& body;
    std::int64_t n, grain;
  } context{body, n, grain};
  detail::ParallelJob job{[](void* opaque, std::int64_t chunk) {
                            auto& c = *static_cast<Context*>(opaque);
                            const std::int64_t begin = chunk * c.grain;
                            c.body(begin, std::min(c.n, begin + c.grain));
                          },
                          &context, (n + grain - 1) / grain};
  detail::ThreadPool::instance().run(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

/// combine(combine(part(0, grain), part(grain, 2 grain)), ...): parts are computed in parallel, combined in order.
template <class T, class Part, class Combine>
T parallel_reduce(std::int64_t n, std::int64_t grain, T identity, Part&& part, Combine&& combine) {
  if (n <= 0) return identity;
  grain = std::max<std::int64_t>(1, grain);
  std::vector<T> parts(static_cast<std::size_t>((n + grain - 1) / grain), identity);
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    parts[static_cast<std::size_t>(begin / grain)] = part(begin, end);
  });
  T total = parts[0];
  for (std::size_t i = 1; i < parts.size(); ++i) total = combine(total, parts[i]);
  return total;
}

}  // namespace akin::inline AKIN_ABI
