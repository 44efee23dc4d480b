#include "platforms/workload/user_trace.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "hw/base/user_error.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/gfp_text.h"
#include "platforms/workload/kernel_trace_text.h"
#include "platforms/workload/user_trace_line.h"

namespace splinter::platforms {

namespace {

constexpr std::uint64_t kNoPage = std::numeric_limits<std::uint64_t>::max();  // pfn -1UL of a failed allocation
constexpr std::string_view kTraceCmdMagic{"\x17\x08\x44tracing", 10};
constexpr std::string_view kPerfMagic = "PERFILE2";

class UserTraceParser {
  public:
    UserTraceParser(std::string_view text, const std::string& path) : in_{text, trace_.path}, text_{text} {
        trace_.path = path;
        trace_.log.path = path;
        for (const std::string_view name : kUserTraceEvents) trace_.events.emplace(name, 0);
    }

    UserTrace parse() {
        refuse_binary();
        while (!in_.at_end()) {
            in_.next_line();
            read_line(in_.line());
        }
        if (trace_.log.events.empty() && trace_.failed_allocations == 0)
            throw UserError(trace_.path, "holds no event of the page allocator (kmem:mm_page_alloc, ...)",
                            "expected the text of /sys/kernel/tracing/trace, `perf script` or `trace-cmd report`");
        settle_format();
        drop_repeated_frees();
        return std::move(trace_);
    }

  private:
    void refuse_binary() const {
        if (text_.starts_with(kTraceCmdMagic))
            throw UserError(trace_.path, "is trace-cmd's binary file", "give the output of `trace-cmd report` on it");
        if (text_.starts_with(kPerfMagic))
            throw UserError(trace_.path, "is perf's binary file", "give the output of `perf script` on it");
    }

    void read_line(std::string_view line) {
        if (const auto loss = read_loss(line)) {
            loss->kind == LossKind::number ? trace_.lost_events += loss->events : ++trace_.lost_without_number;
            ftrace_header_ = ftrace_header_ || line.starts_with('#');
            return;
        }
        if (const auto event = split_event_line(line)) return read_event(*event);
        if (!is_decoration(line))
            in_.fail(line, "a line of ftrace, perf script or trace-cmd report: TASK-PID [CPU] TIME: EVENT: FIELDS");
        ftrace_header_ = ftrace_header_ || line.starts_with("# tracer:");
    }

    void read_event(const EventLine& line) {
        // "FUNCTION <-CALLER" is a line of the function tracer.
        if (!line.has_colon && !line.fields.starts_with("<-")) in_.fail(line.event, "the name of an event and a colon");
        const std::string name{line.event};
        const auto known = trace_.events.find(name);
        if (known == trace_.events.end()) {
            ++trace_.skipped[name];
            return;
        }
        ++known->second;
        systems_ = systems_ || line.has_system;
        line_ = &line;
        TraceEvent event;
        event.cpu_number = static_cast<std::uint16_t>(in_.number_in(line.cpu, "cpu", NumberBase::decimal, kUserTraceMaxCpu));
        if (name == "mm_page_alloc") return read_allocation(event);
        if (name == "mm_page_alloc_extfrag") return read_fallback(event);
        event.order = Order{small("order", kTraceMaxOrder)};
        read_block(event);
        if (name == "mm_page_free" || name == "mm_page_free_batched") {
            event.kind = TraceEventKind::free;
            event.flags = name == "mm_page_free" ? 0 : kBatched;
        } else {
            event.kind = name == "mm_page_pcpu_drain" ? TraceEventKind::put_back : TraceEventKind::take;
            event.migratetype = small("migratetype", kTraceMaxMigratetype);
        }
        add(event);
    }

    void read_allocation(TraceEvent& event) {
        event.kind = TraceEventKind::allocate;
        event.order = Order{small("order", kTraceMaxOrder)};
        event.second = gfp_index(required("gfp_flags"));
        event.migratetype = static_cast<std::uint8_t>(read_gfp(trace_.log.gfp[event.second]).migratetype);
        // It is in the event too, after the allocator's own changes; the first three types have the same numbers everywhere.
        const std::uint8_t type = small("migratetype", kTraceMaxMigratetype);
        if (type < alloc::kPcpMigratetypes) event.migratetype = type;
        if (is_no_page(required("pfn"))) {
            ++trace_.failed_allocations;
            note_cpu(event);
            return;
        }
        read_block(event);
        add(event);
    }

    void read_fallback(TraceEvent& event) {
        event.kind = TraceEventKind::fallback;
        event.order = Order{small("alloc_order", kTraceMaxOrder)};
        event.fallback_order = Order{small("fallback_order", kTraceMaxOrder)};
        event.migratetype = small("alloc_migratetype", kTraceMaxMigratetype);
        event.fallback_migratetype = small("fallback_migratetype", kTraceMaxMigratetype);
        event.first = pfn(required("pfn"));
        add(event);
    }

    void read_block(TraceEvent& event) {
        const std::string_view text = required("pfn");
        event.first = pfn(text);
        if (event.first % event.order.pages().raw() != 0)
            in_.fail(text, "a page frame number aligned to order " + std::to_string(event.order.index()));
    }

    std::string_view required(std::string_view name) const {
        if (const auto value = find_field(line_->fields, name)) return *value;
        in_.fail(line_->fields, "a field " + std::string{name} + "=");
    }

    std::uint8_t small(std::string_view name, unsigned max) const {
        return static_cast<std::uint8_t>(in_.number_in(required(name), std::string{name}.c_str(), NumberBase::decimal, max));
    }

    // Hexadecimal with 0x; kernels before 5.18 print it in decimal.
    std::uint64_t pfn(std::string_view text) const {
        constexpr const char* kWhat = "page frame number";
        if (!text.starts_with("0x")) return in_.number_in(text, kWhat, NumberBase::decimal, kTraceMaxPfn);
        return in_.number_in(text.substr(2), kWhat, NumberBase::hex, kTraceMaxPfn);
    }

    static bool is_no_page(std::string_view text) {
        return text == "0" || text == "0x0" || text == std::to_string(kNoPage) ||
               text == "0x" + number_text(kNoPage, NumberBase::hex);
    }

    std::uint64_t gfp_index(std::string_view text) {
        const auto [at, is_new] = gfp_indices_.try_emplace(std::string{text}, trace_.log.gfp.size());
        if (is_new) trace_.log.gfp.emplace_back(text);
        for (const std::string& name : read_gfp(text).unknown) ++trace_.unknown_gfp[name];
        return at->second;
    }

    void note_cpu(const TraceEvent& event) {
        if (!busy_[event.cpu_number]) ++trace_.busy_cpus;
        busy_[event.cpu_number] = true;
        trace_.cpus = std::max<std::uint64_t>(trace_.cpus, std::uint64_t{event.cpu_number} + 1);
    }

    void add(const TraceEvent& event) {
        note_cpu(event);
        trace_.log.events.push_back(event);
        trace_.lines.push_back(in_.line_number());
        ++trace_.log.counts[static_cast<std::size_t>(event.kind)];
    }

    void settle_format() {
        trace_.format = systems_         ? UserTraceFormat::perf_script
                        : ftrace_header_ ? UserTraceFormat::ftrace
                                         : UserTraceFormat::trace_cmd;
    }

    // A batched free emits mm_page_free for the same page, before mm_page_free_batched (free_unref_page_list() of 6.1,
    // free_unref_folios() of 6.12). Where only the batched event was recorded, it is all that there is.
    void drop_repeated_frees() {
        if (trace_.events.at("mm_page_free") > 0) {
            std::size_t kept = 0;
            for (std::size_t i = 0; i < trace_.log.events.size(); ++i) {
                if (trace_.log.events[i].has_flag(kBatched)) continue;
                trace_.log.events[kept] = trace_.log.events[i];
                trace_.lines[kept++] = trace_.lines[i];
            }
            trace_.log.counts[static_cast<std::size_t>(TraceEventKind::free)] -= trace_.log.events.size() - kept;
            trace_.log.events.resize(kept);
            trace_.lines.resize(kept);
        }
        for (TraceEvent& event : trace_.log.events) event.flags &= static_cast<std::uint8_t>(~kBatched);
    }

    static constexpr std::uint8_t kBatched = 0x80;  // a free, while the trace is read

    UserTrace trace_;
    TraceText in_;
    std::string_view text_;
    const EventLine* line_ = nullptr;
    std::array<bool, kUserTraceMaxCpu + 1> busy_{};  // CPUs with an event
    bool systems_ = false;
    bool ftrace_header_ = false;
    std::unordered_map<std::string, std::uint64_t> gfp_indices_;  // looked up only
};

}  // namespace

std::string_view name_of(UserTraceFormat format) {
    switch (format) {
        case UserTraceFormat::ftrace:
            return "ftrace";
        case UserTraceFormat::perf_script:
            return "perf script";
        case UserTraceFormat::trace_cmd:
            return "trace-cmd report";
    }
    return "";
}

UserTrace parse_user_trace(const std::string& text, const std::string& path) { return UserTraceParser{text, path}.parse(); }

UserTrace load_user_trace(const std::string& path) {
    const std::string real = find_text_file(path);
    return parse_user_trace(read_text_file(real), real);
}

}  // namespace splinter::platforms
