#include "tests/alloc/call_log.h"

#include <algorithm>

#include "tests/alloc/lock_discipline.h"

namespace splinter::alloc {
namespace {

using enum Call::Kind;

// The word that stands for a call, without its argument; "" for calls that no story tells.
std::string_view word_of(const Call& call) {
    switch (call.kind) {
        case retired:
            if (call.what == static_cast<std::uint64_t>(Step::clear_page)) return "clear";
            return call.what == static_cast<std::uint64_t>(Step::local_map) ? "local_map" : "";
        case remapped:
            return "line";
        case locked:
            return "lock";
        case unlocked:
            return "unlock";
        case flushed_page:
            return "page";
        case flushed_all:
            return "all";
        case sent_interrupts:
            return "icr";
        case waited:
            return "wait";
        case filled_table:
            return "fill";
        case narrowed:
            return "narrowed";
        case widened:
            return "widened";
        case handed_out:
            return "handed_out";
        case released:
            return "released";
        default:
            return "";
    }
}

std::string text_of(const Call& call) {
    std::string text = call.cpu == CpuId{0U} ? "" : std::to_string(call.cpu.raw()) + ":";
    text += word_of(call);
    if (call.kind == locked || call.kind == unlocked)
        text += "-" + LockDiscipline::name(LockId{static_cast<std::uint32_t>(call.what)});
    if (call.kind == sent_interrupts) text += std::to_string(call.what);
    return text;
}

bool contains_word(std::string_view words, std::string_view word) {
    return !word.empty() && (" " + std::string{words} + " ").find(" " + std::string{word} + " ") != std::string::npos;
}

}  // namespace

std::uint64_t CallLog::count(Call::Kind kind) const {
    return std::count_if(calls_.begin(), calls_.end(), [&](const Call& call) { return call.kind == kind; });
}

std::uint64_t CallLog::count(Call::Kind kind, CpuId cpu) const {
    return std::count_if(calls_.begin(), calls_.end(), [&](const Call& call) { return call.kind == kind && call.cpu == cpu; });
}

std::uint64_t CallLog::count(Step step) const {
    std::uint64_t times = 0;
    for (const Call& call : calls_)
        if (call.kind == retired && call.what == static_cast<std::uint64_t>(step)) times += call.times;
    return times;
}

std::vector<std::uint64_t> CallLog::values(Call::Kind kind) const {
    std::vector<std::uint64_t> values;
    for (const Call& call : calls_)
        if (call.kind == kind) values.push_back(call.what);
    return values;
}

std::string CallLog::story(std::string_view words) const {
    std::string story;
    std::string last;
    std::uint64_t run = 0;
    const auto flush = [&] {
        if (run == 0) return;
        story += (story.empty() ? "" : " ") + last + (run > 1 ? "*" + std::to_string(run) : "");
    };
    for (const Call& call : calls_) {
        if (!contains_word(words, word_of(call))) continue;
        const std::string text = text_of(call);
        if (text != last) {
            flush();
            last = text;
            run = 0;
        }
        run += call.times;
    }
    flush();
    return story;
}

}  // namespace splinter::alloc
