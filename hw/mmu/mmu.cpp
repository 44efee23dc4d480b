#include "hw/mmu/mmu.h"

#include <cstring>

#include "hw/base/check.h"
#include "hw/mem/systemc_time.h"

namespace splinter::hw {

using x86::PageSize;

Mmu::Mmu(sc_core::sc_module_name name, const MachineParams& params, MemorySystem& memory, Timeline& timeline)
    : sc_module{name},
      out{"out"},
      params_{params},
      memory_{memory},
      timeline_{timeline},
      arrays_{TlbArray{params.mmu.l1d_4k, PageSize::k4, "hw.mmu.l1d_4k"},
              TlbArray{params.mmu.l1d_2m, PageSize::m2, "hw.mmu.l1d_2m"},
              TlbArray{params.mmu.l1d_1g, PageSize::g1, "hw.mmu.l1d_1g"},
              TlbArray{params.mmu.l2_4k, PageSize::k4, "hw.mmu.l2_4k"},
              TlbArray{params.mmu.l2_2m, PageSize::m2, "hw.mmu.l2_2m"},
              TlbArray{params.mmu.l2_1g, PageSize::g1, "hw.mmu.l2_1g"}},
      paging_cache_{params.mmu} {
    out.bind(memory.in);
}

void Mmu::end_of_elaboration() {
    if (params_.bus != "dmi") return;
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(0);
    tlm::tlm_dmi dmi;
    SPLINTER_CHECK(out->get_direct_mem_ptr(payload, dmi), "the memory system grants DMI");
    dmi_ = dmi.get_dmi_ptr();
}

void Mmu::set_root(Pfn root, Pcid pcid) {
    root_ = root;
    pcid_ = pcid;
    last_ = {};
}

void Mmu::set_observer(TranslationObserver* observer) {
    observer_ = observer;
    for (TlbArray& array : arrays_) array.set_listener(observer);
}

Mmu::Outcome Mmu::access(VirtAddr va, x86::Access access) {
    ++stats_.accesses;
    Cycles latency{0};
    const LastPage& last = last_[static_cast<std::size_t>(access.mode)];
    const x86::Translation* translation = last.translation;
    if (va.raw() - last.first.raw() < last.bytes)
        last.array->use_again(translation);
    else
        translation = look_up(va, access.mode, latency);
    // SDM 4.10.2.3: a write through an entry whose D was clear at the fill walks again, to set D.
    const bool walk_again = translation != nullptr && access.kind == x86::AccessKind::write && !translation->rights.dirty;
    std::optional<x86::Translation> walked;
    if (translation == nullptr || walk_again) {
        walked = walk(va, access, latency);
        if (!walked) {
            ++stats_.faults;
            return {x86::PageFault{va, x86::access_bits(access)}, latency, {}};
        }
        translation = &*walked;
    }
    if (auto fault = x86::check_access(va, access, translation->rights, mode_)) {
        ++stats_.faults;
        drop_page(va);  // SDM 4.10.4.1: a page fault drops the entries of its address
        return {fault, latency, {}};
    }
    const std::uint64_t offset = va.raw() & (x86::leaf_level(translation->size).bytes() - 1);
    return {std::nullopt, latency, base_of(translation->frame) + offset};
}

const x86::Translation* Mmu::look_up(VirtAddr va, x86::Mode mode, Cycles& latency) {
    for (PageSize size : x86::kPageSizes) {
        if (const x86::Translation* hit = l1(size).lookup(va, pcid_)) {
            const std::uint64_t bytes = x86::leaf_level(size).bytes();
            last_[static_cast<std::size_t>(mode)] = {VirtAddr{va.raw() & ~(bytes - 1)}, bytes, hit, &l1(size)};
            return hit;
        }
    }
    ++stats_.l1_misses;
    last_ = {};
    for (PageSize size : x86::kPageSizes) {
        const x86::Translation* hit = l2(size).lookup(va, pcid_);
        if (hit == nullptr) continue;
        latency += params_.mmu.l2_hit;
        l1(size).insert(va, pcid_, *hit);
        if (l2(size).is_stale(hit)) mark_if_stale(l1(size), va, size);
        return hit;
    }
    latency += params_.mmu.l2_miss;
    return nullptr;
}

std::optional<x86::Translation> Mmu::walk(VirtAddr va, x86::Access access, Cycles& latency) {
    ++stats_.l2_misses;
    last_ = {};
    const Cycles before = latency;
    const auto cached = paging_cache_.lookup(va, pcid_);
    x86::Walk walk = cached ? x86::Walk{va, *cached} : x86::Walk{va, root_};
    while (!walk.done()) {
        const PhysAddr address = walk.entry_address();
        latency += params_.mmu.walk_step;
        x86::Pte entry = read_entry(address, latency);
        // A locked read-modify-write: an ordering point, after which the entry is read again.
        for (std::uint64_t bits = bits_to_set(va, access, walk, entry); !entry.has(bits);
             bits = bits_to_set(va, access, walk, entry)) {
            timeline_.order();
            const x86::Pte current = load(address);
            if (current == entry) store(address, current.with(bits));
            entry = current == entry ? current.with(bits) : current;
        }
        walk.step(entry);
        if (!walk.done()) paging_cache_.insert(va, pcid_, walk.point());
    }
    stats_.walk_cycles += (latency - before).raw();
    if (walk.result()) fill(va, *walk.result());
    return walk.result();
}

// SDM 4.8: A whenever the entry is used, D in the leaf before a write that the rights permit.
std::uint64_t Mmu::bits_to_set(VirtAddr va, x86::Access access, const x86::Walk& walk, x86::Pte entry) const {
    if (!entry.present()) return 0;
    if (!entry.is_leaf(walk.point().level) || access.kind != x86::AccessKind::write) return x86::Pte::kAccessed;
    x86::Rights rights = walk.point().rights;
    rights.take_leaf(entry);
    const bool permitted = !x86::check_access(va, access, rights, mode_).has_value();
    return x86::Pte::kAccessed | (permitted ? x86::Pte::kDirty : 0);
}

x86::Pte Mmu::read_entry(PhysAddr address, Cycles& latency) {
    ++stats_.walk_reads;
    CacheHierarchy& caches = memory_.caches();
    // The last-level cache is shared. The entry is read after the ordering point: no stale value outlives it.
    if (caches.reaches_shared(timeline_.id(), address)) timeline_.order();
    if (dmi_ != nullptr) {
        latency += caches.read_page_table(timeline_.id(), address);
        return load(address);
    }
    std::uint64_t data = 0;
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(address.raw());
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&data));
    payload.set_data_length(sizeof data);
    payload.set_streaming_width(sizeof data);
    sc_core::sc_time delay;
    out->b_transport(payload, delay);
    SPLINTER_CHECK(payload.is_response_ok(), "page-table read outside memory");
    latency += to_cycles(delay);
    const RecentStores& recent = memory_.recent_stores();
    const x86::Pte newest{data};
    return recent.empty() ? newest : recent.view(timeline_.id(), timeline_.now(), timeline_.last_order(), address, newest);
}

x86::Pte Mmu::load(PhysAddr address) const {
    const x86::Pte newest = memory_.contents().load(address);
    const RecentStores& recent = memory_.recent_stores();
    return recent.empty() ? newest : recent.view(timeline_.id(), timeline_.now(), timeline_.last_order(), address, newest);
}

void Mmu::store(PhysAddr address, x86::Pte value) {
    x86::PhysMem& contents = memory_.contents();
    const OrderPoint at{timeline_.now(), timeline_.id()};
    contents.store(address, memory_.recent_stores().record(at, address, contents.load(address), value));
}

void Mmu::fill(VirtAddr va, const x86::Translation& translation) {
    l2(translation.size).insert(va, pcid_, translation);
    l1(translation.size).insert(va, pcid_, translation);
    mark_if_stale(l2(translation.size), va, translation.size);
    mark_if_stale(l1(translation.size), va, translation.size);
}

void Mmu::mark_if_stale(TlbArray& array, VirtAddr va, PageSize size) {
    if (observer_ == nullptr || array.entries() == 0) return;
    const VirtAddr page{va.raw() & ~(x86::leaf_level(size).bytes() - 1)};
    if (observer_->is_stale_fill(page, size)) array.mark_stale(va, pcid_);
}

void Mmu::drop_page(VirtAddr va) {
    last_ = {};
    for (TlbArray& array : arrays_) array.invalidate_page(va, pcid_);
    paging_cache_.invalidate_pcid(pcid_);
}

Cycles Mmu::invalidate(const x86::Invalidation& invalidation) {
    last_ = {};
    switch (invalidation.kind) {
        case x86::Invalidation::Kind::page:
            ++stats_.invlpg;
            drop_page(invalidation.address);
            return params_.core.invlpg;
        case x86::Invalidation::Kind::current_pcid:
            for (TlbArray& array : arrays_) array.invalidate_pcid(pcid_);
            paging_cache_.invalidate_pcid(pcid_);
            return params_.core.cr3_write;
        case x86::Invalidation::Kind::all:
            ++stats_.full_flushes;
            for (TlbArray& array : arrays_) array.invalidate_all();
            paging_cache_.invalidate_all();
            return params_.core.full_flush;
    }
    return Cycles{0};
}

}  // namespace splinter::hw
