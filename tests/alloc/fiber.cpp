#include "tests/alloc/fiber.h"

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace splinter::alloc {
namespace {

#if defined(__SANITIZE_ADDRESS__)
void before_switch(void** shadow, const void* stack, std::size_t bytes) {
    __sanitizer_start_switch_fiber(shadow, stack, bytes);
}
void after_switch(void* shadow, const void** old_stack, std::size_t* old_bytes) {
    __sanitizer_finish_switch_fiber(shadow, old_stack, old_bytes);
}
#else
void before_switch(void**, const void*, std::size_t) {}
void after_switch(void*, const void**, std::size_t*) {}
#endif

}  // namespace

Fiber::Fiber(std::function<void()> body)
    : body_{std::move(body)}, stack_{std::make_unique_for_overwrite<std::byte[]>(kStackBytes)} {
    getcontext(&own_);
    own_.uc_stack.ss_sp = stack_.get();
    own_.uc_stack.ss_size = kStackBytes;
    own_.uc_link = nullptr;  // run() switches back itself
    // makecontext() passes ints only: the pointer goes in two halves.
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::entry), 2, static_cast<unsigned>(self),
                static_cast<unsigned>(self >> 32));
}

void Fiber::entry(unsigned low, unsigned high) {
    reinterpret_cast<Fiber*>(std::uintptr_t{low} | std::uintptr_t{high} << 32)->run();
}

void Fiber::run() {
    after_switch(nullptr, &caller_stack_, &caller_bytes_);
    body_();
    finished_ = true;
    before_switch(nullptr, caller_stack_, caller_bytes_);  // nullptr: this stack is done
    swapcontext(&own_, &caller_);
}

void Fiber::resume() {
    before_switch(&caller_shadow_, stack_.get(), kStackBytes);
    swapcontext(&caller_, &own_);
    after_switch(caller_shadow_, nullptr, nullptr);
}

void Fiber::suspend() {
    before_switch(&own_shadow_, caller_stack_, caller_bytes_);
    swapcontext(&own_, &caller_);
    after_switch(own_shadow_, &caller_stack_, &caller_bytes_);
}

}  // namespace splinter::alloc
