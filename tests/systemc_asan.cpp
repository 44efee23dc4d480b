// Tells AddressSanitizer the truth about the main stack in tests that link SystemC.
//
// SystemC 2.3.4 announces its stack switches to ASan, but names "no stack" (null, 0 bytes) when it goes back to main's: it
// never learnt where that is. From then on ASan does not clean main's stack when an exception unwinds it, and the next function
// that uses it is a false stack-buffer-overflow: in every test that expects a run to throw. The function below stands in front
// of ASan's own, puts main's real bounds in the place of "no stack", and passes everything else on.
#if defined(__SANITIZE_ADDRESS__)

#include <dlfcn.h>
#include <pthread.h>

#include <cstddef>
#include <cstdlib>

namespace {

struct Stack {
    void* bottom = nullptr;
    std::size_t bytes = 0;
};

// Of the thread that loads the program: main's.
Stack stack_of_this_thread() {
    Stack stack;
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) std::abort();
    if (pthread_attr_getstack(&attributes, &stack.bottom, &stack.bytes) != 0) std::abort();
    pthread_attr_destroy(&attributes);
    return stack;
}

const Stack main_stack = stack_of_this_thread();

}  // namespace

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming): the name is ASan's
extern "C" void __sanitizer_start_switch_fiber(void** save, const void* bottom, std::size_t bytes) {
    using Function = void (*)(void**, const void*, std::size_t);
    static const auto asan = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "__sanitizer_start_switch_fiber"));
    if (bottom == nullptr && bytes == 0)
        asan(save, main_stack.bottom, main_stack.bytes);
    else
        asan(save, bottom, bytes);
}

#endif
