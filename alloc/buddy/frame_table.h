// Allocator metadata, 8 bytes per page frame: list links, order and state of free blocks (facts: what struct page holds in
// Linux, at an eighth of its size). A lazily backed host mapping: an untouched frame costs nothing. Up to 2^28 frames, 1 TiB.
#pragma once

#include <cstdint>
#include <optional>

#include "alloc/freetype.h"
#include "hw/base/types.h"

namespace splinter::alloc {

// What the allocator knows of a frame, in four bits: nothing, first frame of a block on a per-CPU list and the migratetype that
// it has there (get_pcppage_migratetype()), or first frame of a free block and the migratetype of the list that holds it. The
// list's flags are those of the block's pageblocks, always.
class FrameState {
  public:
    constexpr FrameState() = default;
    static constexpr FrameState pcp(Migratetype type) {
        return FrameState{static_cast<std::uint8_t>(kFirstPcp + static_cast<std::uint8_t>(type))};
    }
    static constexpr FrameState buddy(Migratetype list) {
        return FrameState{static_cast<std::uint8_t>(kFirstList + static_cast<std::uint8_t>(list))};
    }
    static constexpr FrameState decode(std::uint64_t bits) { return FrameState{static_cast<std::uint8_t>(bits)}; }

    [[nodiscard]] constexpr bool none() const { return bits_ == 0; }
    [[nodiscard]] constexpr bool on_pcp() const { return bits_ >= kFirstPcp; }
    // REQUIRES: on_pcp().
    [[nodiscard]] constexpr Migratetype pcp_type() const { return static_cast<Migratetype>(bits_ - kFirstPcp); }
    [[nodiscard]] constexpr bool in_buddy() const { return bits_ >= kFirstList && bits_ < kFirstPcp; }
    // REQUIRES: in_buddy().
    [[nodiscard]] constexpr Migratetype list() const { return static_cast<Migratetype>(bits_ - kFirstList); }
    [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }

  private:
    static constexpr std::uint8_t kFirstList = 1;
    static constexpr std::uint8_t kFirstPcp = kFirstList + kMigratetypes;
    static_assert(kFirstPcp + kMigratetypes <= 16);
    explicit constexpr FrameState(std::uint8_t bits) : bits_{bits} {}
    std::uint8_t bits_ = 0;
};

// A frame or none, in one word: std::optional<Pfn> is written as a word and a byte and read back as two words, which stalls the
// host's store forwarding at each return on the fast paths.
class MaybePfn {
  public:
    constexpr MaybePfn() = default;
    constexpr MaybePfn(std::nullopt_t) {}
    constexpr MaybePfn(Pfn pfn) : raw_{pfn.raw()} {}
    constexpr MaybePfn(std::optional<Pfn> pfn) : raw_{pfn ? pfn->raw() : kNone} {}
    constexpr operator std::optional<Pfn>() const { return has_value() ? std::optional{Pfn{raw_}} : std::nullopt; }
    [[nodiscard]] constexpr bool has_value() const { return raw_ != kNone; }
    explicit constexpr operator bool() const { return has_value(); }
    // REQUIRES: has_value().
    constexpr Pfn operator*() const { return Pfn{raw_}; }
    friend constexpr bool operator==(MaybePfn, MaybePfn) = default;

  private:
    static constexpr std::uint64_t kNone = ~std::uint64_t{0};
    std::uint64_t raw_ = kNone;
};

class FrameTable {
  public:
    static constexpr std::uint64_t kMaxFrames = std::uint64_t{1} << 28;

    // Throws UserError above kMaxFrames.
    explicit FrameTable(PageCount frames);
    ~FrameTable();
    FrameTable(const FrameTable&) = delete;
    FrameTable& operator=(const FrameTable&) = delete;

    [[nodiscard]] FrameState state(Pfn pfn) const { return FrameState::decode(field(pfn, kStateShift, 0xf)); }
    [[nodiscard]] Order order(Pfn pfn) const { return Order{static_cast<unsigned>(field(pfn, kOrderShift, 0xf))}; }
    [[nodiscard]] MaybePfn next(Pfn pfn) const { return link(pfn, field(pfn, kNextShift, kLinkMask)); }
    [[nodiscard]] MaybePfn prev(Pfn pfn) const { return link(pfn, field(pfn, kPrevShift, kLinkMask)); }
    void set(Pfn pfn, FrameState state, Order order) {
        constexpr std::uint64_t kOthers = ~((std::uint64_t{0xf} << kStateShift) | (std::uint64_t{0xf} << kOrderShift));
        std::uint64_t& word = words_[pfn.raw()];
        word = (word & kOthers) | (state.bits() << kStateShift) | (std::uint64_t{order.raw()} << kOrderShift);
    }
    void set_next(Pfn pfn, MaybePfn next) { set_field(pfn, kNextShift, kLinkMask, encode(pfn, next)); }
    void set_prev(Pfn pfn, MaybePfn prev) { set_field(pfn, kPrevShift, kLinkMask, encode(pfn, prev)); }
    // All of an entry, in one store.
    void set_all(Pfn pfn, FrameState state, Order order, MaybePfn prev, MaybePfn next) {
        words_[pfn.raw()] = (state.bits() << kStateShift) | (std::uint64_t{order.raw()} << kOrderShift) |
                            (encode(pfn, prev) << kPrevShift) | (encode(pfn, next) << kNextShift);
    }
    // Host memory that the table has taken, for tests and reports: 8 bytes for each frame of a touched pageblock, in whole host
    // pages. A look at an untouched frame counts too, as the host's page of zeros.
    [[nodiscard]] std::uint64_t touched_bytes() const;
    void clear(Pfn pfn) { words_[pfn.raw()] = 0; }

  private:
    static constexpr unsigned kNextShift = 0;
    static constexpr unsigned kOrderShift = 28;
    static constexpr unsigned kPrevShift = 32;
    static constexpr unsigned kStateShift = 60;
    // Links are stored as the exclusive or of both frames: 0 is a link to itself, which no list has, and so is "no link".
    static constexpr std::uint64_t kLinkMask = (std::uint64_t{1} << 28) - 1;
    [[nodiscard]] std::uint64_t field(Pfn pfn, unsigned shift, std::uint64_t mask) const {
        return (words_[pfn.raw()] >> shift) & mask;
    }
    void set_field(Pfn pfn, unsigned shift, std::uint64_t mask, std::uint64_t value) {
        std::uint64_t& word = words_[pfn.raw()];
        word = (word & ~(mask << shift)) | (value << shift);
    }
    static MaybePfn link(Pfn pfn, std::uint64_t encoded) {
        return encoded == 0 ? MaybePfn{} : MaybePfn{Pfn{encoded ^ pfn.raw()}};
    }
    static std::uint64_t encode(Pfn pfn, MaybePfn link) { return link ? (*link).raw() ^ pfn.raw() : 0; }

    std::uint64_t bytes_;
    std::uint64_t* words_;
};

// A doubly linked list of blocks through their FrameTable entries (struct list_head).
class BlockList {
  public:
    [[nodiscard]] bool empty() const { return !head_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] MaybePfn front() const { return head_; }
    [[nodiscard]] MaybePfn back() const { return tail_; }
    void push_front(FrameTable& frames, Pfn block, FrameState state, Order order) {
        frames.set_all(block, state, order, std::nullopt, head_);
        if (head_) frames.set_prev(*head_, block);
        head_ = block;
        if (!tail_) tail_ = block;
        ++size_;
    }
    void push_back(FrameTable& frames, Pfn block, FrameState state, Order order) {
        frames.set_all(block, state, order, tail_, std::nullopt);
        if (tail_) frames.set_next(*tail_, block);
        tail_ = block;
        if (!head_) head_ = block;
        ++size_;
    }
    // Clears the block's entry. REQUIRES: it is on this list.
    void remove(FrameTable& frames, Pfn block) {
        if (size_ == 0) refuse_removal();
        const auto prev = frames.prev(block);
        const auto next = frames.next(block);
        frames.clear(block);
        if (prev)
            frames.set_next(*prev, next);
        else
            head_ = next;
        if (next)
            frames.set_prev(*next, prev);
        else
            tail_ = prev;
        --size_;
    }

  private:
    [[noreturn]] static void refuse_removal();
    MaybePfn head_;
    MaybePfn tail_;
    std::uint64_t size_ = 0;
};

}  // namespace splinter::alloc
