#include "platforms/run/exposure.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::platforms {
namespace {

constexpr std::uint64_t kRecordPages = 512;  // a longer range becomes several records

bool overlap(PfnRange a, PfnRange b) { return a.first < b.end() && b.first < a.end(); }

PfnRange intersection(PfnRange a, PfnRange b) {
    const Pfn first = std::max(a.first, b.first);
    return {first, std::min(a.end(), b.end()) - first};
}

// Frames that a translation of the direct map covers; nothing outside of it.
std::optional<PfnRange> frames_of(VirtAddr page, x86::PageSize size) {
    if (page < alloc::layout::kDirectMap || page >= alloc::layout::kVmemmap) return std::nullopt;
    return PfnRange{pfn_of(PhysAddr{page - alloc::layout::kDirectMap}), x86::leaf_level(size).pages()};
}

}  // namespace

// Reports of one core's MMU, with the core's own time.
class ExposureTracker::CoreObserver : public hw::TranslationObserver {
  public:
    CoreObserver(ExposureTracker& tracker, hw::Core& core) : tracker_{tracker}, core_{core} {}
    void on_stale_drop(VirtAddr page, x86::PageSize size) override {
        tracker_.close_holds(core_.id(), page, size, core_.time_of_drop());
    }
    bool is_stale_fill(VirtAddr page, x86::PageSize size) override {
        return tracker_.open_hold(core_.id(), page, size, core_.timeline().now());
    }

  private:
    ExposureTracker& tracker_;
    hw::Core& core_;
};

ExposureTracker::ExposureTracker() = default;
ExposureTracker::~ExposureTracker() = default;

void ExposureTracker::attach(hw::Machine& machine, Notify notify) {
    machine_ = &machine;
    notify_ = std::move(notify);
    phase_of_core_.assign(machine.core_count(), 0);
    unflushed_.resize(machine.core_count());
    for (const auto& core : machine.cores()) {
        observers_.push_back(std::make_unique<CoreObserver>(*this, *core));
        core->mmu().unit().set_observer(observers_.back().get());
    }
}

void ExposureTracker::narrowed(alloc::Cpu& cpu, PfnRange range) {
    for (Pfn first = range.first; first < range.end();) {
        const PageCount count{std::min((range.end() - first).raw(), kRecordPages - first.raw() % kRecordPages)};
        auto record = std::make_unique<Record>();
        record->range = {first, count};
        record->visible_at = cpu.now() + machine_->params().lookahead();
        record->notices_left = machine_->core_count();
        unflushed_[cpu.id().index()].push_back(record.get());
        const auto [place, fresh] = current_.emplace(first, record.get());
        SPLINTER_CHECK(fresh, "a range is narrowed once before it is widened");
        records_.push_back(std::move(record));
        notify_(cpu.id(), records_.size() - 1);
        first += count;
    }
}

void ExposureTracker::on_notice(hw::Core& core, std::uint64_t number) {
    Record& record = *records_[number];
    --record.notices_left;
    if (record.widened_at > core.timeline().now())
        core.mmu().unit().mark_stale(alloc::layout::direct_map(record.range.first), record.range.count.raw() * kPageBytes,
                                     [&](VirtAddr page, x86::PageSize size) {
                                         record.holds.push_back({core.id(), page, size});
                                     });
    settle_if_quiet(record);
    std::erase_if(replaced_, [](const Record* old) { return old->settled(); });
}

void ExposureTracker::widened(alloc::Cpu& cpu, PfnRange range) {
    for (auto it = current_.lower_bound(range.first); it != current_.end() && it->first < range.end();
         it = current_.erase(it)) {
        Record& record = *it->second;
        SPLINTER_CHECK(record.range.end() <= range.end(), "a range is widened as a whole");
        record.widened_at = cpu.now();
        if (!record.settled()) replaced_.push_back(&record);
    }
}

// Of another CPU's narrowings a flush of everything is none: whether it comes before or after them can depend on who ran first
// in host order.
void ExposureTracker::flushed_all(alloc::Cpu& cpu) {
    for (Record* record : unflushed_[cpu.id().index()]) note_flush(*record, cpu);
    unflushed_[cpu.id().index()].clear();
}

void ExposureTracker::flushed_range(alloc::Cpu& cpu, VirtAddr start, PageCount pages) {
    if (start < alloc::layout::kDirectMap || start >= alloc::layout::kVmemmap) return;
    const PfnRange flushed{pfn_of(PhysAddr{start - alloc::layout::kDirectMap}), pages};
    for (auto it = current_.lower_bound(flushed.first); it != current_.end() && it->second->range.end() <= flushed.end(); ++it)
        note_flush(*it->second, cpu);
    std::erase_if(unflushed_[cpu.id().index()], [](const Record* record) { return record->flushed_at != kNever; });
}

void ExposureTracker::note_flush(Record& record, const alloc::Cpu& cpu) {
    if (record.flushed_at != kNever || record.widened_at != kNever) return;
    record.flushed_at = cpu.now();
    record.flush_phase = phase_of_core_[cpu.id().index()];
}

void ExposureTracker::count_after_flush(const Record& record) {
    if (record.flushed_at == kNever) return;
    Total& total = total_of(record.flush_phase);
    total.flushed_pages += record.range.count.raw();
    for (Pfn page = record.range.first; page < record.range.end(); page += PageCount{1}) {
        Cycles until = record.flushed_at;
        for (const Drop& drop : record.drops)
            if (drop.range.contains(page)) until = std::max(until, std::min(drop.at, record.widened_at));
        const std::uint64_t cycles = (until - record.flushed_at).raw();
        total.after_flush_page_cycles += cycles;
        total.longest_after_flush = std::max(total.longest_after_flush, cycles);
    }
}

ExposureTracker::Total& ExposureTracker::total_of(std::size_t phase) {
    if (totals_.size() <= phase) totals_.resize(phase + 1);
    return totals_[phase];
}

ExposureTracker::Record* ExposureTracker::find(Pfn pfn) {
    auto it = current_.upper_bound(pfn);
    if (it == current_.begin()) return nullptr;
    --it;
    return it->second->range.contains(pfn) ? it->second : nullptr;
}

void ExposureTracker::handed_out(alloc::Cpu& cpu, PfnRange range) {
    const std::size_t phase = phase_of_core_[cpu.id().index()];
    total_of(phase).pages += range.count.raw();
    for (Pfn first = range.first; first < range.end();) {
        Record* record = find(first);
        SPLINTER_CHECK(record != nullptr, "a protected page is out of the direct map when it is handed out");
        const PfnRange part = intersection(range, record->range);
        record->owned.push_back({part, cpu.now(), kNever, phase});
        first = part.end();
    }
}

// A block may come back in pieces: what is left of a hand-out stays owned.
void ExposureTracker::released(alloc::Cpu& cpu, PfnRange range) {
    for (Pfn first = range.first; first < range.end();) {
        Record* record = find(first);
        SPLINTER_CHECK(record != nullptr, "a protected page is out of the direct map until it is released");
        const auto owned =
            std::find_if(record->owned.begin(), record->owned.end(), [&](const Owned& o) { return o.range.contains(first); });
        SPLINTER_CHECK(owned != record->owned.end(), "a page is released by its owner");
        const Owned whole = *owned;
        const PfnRange part = intersection(whole.range, {first, range.end() - first});
        *owned = record->owned.back();
        record->owned.pop_back();
        if (whole.range.first < part.first)
            record->owned.push_back({{whole.range.first, part.first - whole.range.first}, whole.from, kNever, whole.phase});
        if (part.end() < whole.range.end())
            record->owned.push_back({{part.end(), whole.range.end() - part.end()}, whole.from, kNever, whole.phase});
        record->waiting.push_back({part, whole.from, cpu.now(), whole.phase});
        settle_if_quiet(*record);
        first = part.end();
    }
}

template <class Visitor>
void ExposureTracker::for_each_overlapping(VirtAddr page, x86::PageSize size, Visitor&& visit) {
    const auto frames = frames_of(page, size);
    if (!frames) return;
    auto it = current_.upper_bound(frames->first);
    if (it != current_.begin() && std::prev(it)->second->range.contains(frames->first)) --it;
    for (; it != current_.end() && it->first < frames->end(); ++it) visit(*it->second, *frames);
    for (std::size_t i = 0; i < replaced_.size(); ++i)
        if (overlap(replaced_[i]->range, *frames)) visit(*replaced_[i], *frames);
}

bool ExposureTracker::open_hold(CpuId core, VirtAddr page, x86::PageSize size, Cycles now) {
    bool stale = false;
    for_each_overlapping(page, size, [&](Record& record, PfnRange) {
        if (now < record.visible_at || now >= record.widened_at) return;  // earlier ones are found by the notice
        record.holds.push_back({core, page, size});
        stale = true;
    });
    return stale;
}

void ExposureTracker::close_holds(CpuId core, VirtAddr page, x86::PageSize size, Cycles now) {
    for_each_overlapping(page, size, [&](Record& record, PfnRange frames) {
        const auto hold = std::find(record.holds.begin(), record.holds.end(), Hold{core, page, size});
        if (hold == record.holds.end()) return;
        *hold = record.holds.back();
        record.holds.pop_back();
        const PfnRange part = intersection(record.range, frames);
        const auto drop =
            std::find_if(record.drops.begin(), record.drops.end(), [&](const Drop& d) { return d.range == part; });
        if (drop == record.drops.end())
            record.drops.push_back({part, now});
        else
            drop->at = std::max(drop->at, now);
        settle_if_quiet(record);
    });
    std::erase_if(replaced_, [](const Record* record) { return record->settled(); });
}

// All drops of the record are known: the released pages can be counted.
void ExposureTracker::settle_if_quiet(Record& record) {
    if (!record.settled()) return;
    for (const Owned& owned : record.waiting) settle(record, owned);
    record.waiting.clear();
}

void ExposureTracker::settle(const Record& record, const Owned& owned) {
    for (Pfn page = owned.range.first; page < owned.range.end(); page += PageCount{1}) {
        Cycles until = owned.from;
        for (const Drop& drop : record.drops)
            if (drop.range.contains(page)) until = std::max(until, std::min(drop.at, owned.to));
        const std::uint64_t cycles = (until - owned.from).raw();
        totals_[owned.phase].page_cycles += cycles;
        totals_[owned.phase].longest = std::max(totals_[owned.phase].longest, cycles);
    }
}

void ExposureTracker::enter_phase(CpuId core, std::size_t phase) { phase_of_core_[core.index()] = phase; }

void ExposureTracker::finish(Cycles end) {
    for (const auto& record : records_) {
        for (const Hold& hold : record->holds)
            if (const auto frames = frames_of(hold.page, hold.size))
                record->drops.push_back({intersection(record->range, *frames), end});
        record->holds.clear();
        for (Owned& owned : record->owned) {
            owned.to = end;
            record->waiting.push_back(owned);
        }
        record->owned.clear();
        for (const Owned& owned : record->waiting) settle(*record, owned);
        record->waiting.clear();
        count_after_flush(*record);
    }
}

ExposureTracker::Total ExposureTracker::total(std::size_t phase) const {
    return phase < totals_.size() ? totals_[phase] : Total{};
}

std::uint64_t ExposureTracker::open_holds() const {
    std::uint64_t count = 0;
    for (const auto& record : records_) count += record->holds.size();
    return count;
}

}  // namespace splinter::platforms
