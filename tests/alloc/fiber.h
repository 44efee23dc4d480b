// A stack of its own for one simulated CPU: ucontext, with AddressSanitizer told of each switch.
#pragma once

#include <functional>
#include <memory>

#include <ucontext.h>

namespace splinter::alloc {

class Fiber {
  public:
    // `body` runs on the new stack from the first resume() on, and must not throw.
    explicit Fiber(std::function<void()> body);
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    [[nodiscard]] bool finished() const { return finished_; }
    // From outside: runs until the body suspends or ends. REQUIRES: not finished.
    void resume();
    // From inside the body: back to the caller of resume().
    void suspend();

  private:
    static constexpr std::size_t kStackBytes = std::size_t{512} << 10;
    static void entry(unsigned low, unsigned high);
    void run();

    std::function<void()> body_;
    std::unique_ptr<std::byte[]> stack_;
    ucontext_t own_{};
    ucontext_t caller_{};
    bool finished_ = false;
    void* own_shadow_ = nullptr;  // AddressSanitizer's fake stacks and the caller's real one
    void* caller_shadow_ = nullptr;
    const void* caller_stack_ = nullptr;
    std::size_t caller_bytes_ = 0;
};

}  // namespace splinter::alloc
