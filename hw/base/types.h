// Strong types for the quantities that are easiest to mix up: addresses, page numbers, orders, cycles, CPUs.
// Nothing converts implicitly; raw() is the explicit way out (ChampSim: "most address operation bugs are compiler errors").
#pragma once

#include <compare>
#include <cstdint>

namespace splinter {

inline constexpr unsigned kPageShift = 12;  // x86-64 base page, SDM Vol. 3A 4.5
inline constexpr std::uint64_t kPageBytes = std::uint64_t{1} << kPageShift;

// CRTP-free base of all quantities: an explicit constructor, raw() and the ordering.
template <class Tag, class Rep>
class Quantity {
  public:
    using rep = Rep;
    constexpr Quantity() = default;
    explicit constexpr Quantity(Rep value) : value_{value} {}
    [[nodiscard]] constexpr Rep raw() const { return value_; }
    friend constexpr auto operator<=>(Quantity, Quantity) = default;

  private:
    Rep value_{};
};

// Simulated time, both durations and time points: core cycles since reset. One SystemC tick is one cycle.
class Cycles : public Quantity<class CyclesTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
    friend constexpr Cycles operator+(Cycles a, Cycles b) { return Cycles{a.raw() + b.raw()}; }
    friend constexpr Cycles operator-(Cycles a, Cycles b) { return Cycles{a.raw() - b.raw()}; }
    friend constexpr Cycles operator*(Cycles a, std::uint64_t n) { return Cycles{a.raw() * n}; }
    constexpr Cycles& operator+=(Cycles b) { return *this = *this + b; }
    constexpr Cycles& operator-=(Cycles b) { return *this = *this - b; }
};
inline constexpr Cycles kNever{~std::uint64_t{0}};

class PageCount : public Quantity<class PageCountTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
    friend constexpr PageCount operator+(PageCount a, PageCount b) { return PageCount{a.raw() + b.raw()}; }
    friend constexpr PageCount operator-(PageCount a, PageCount b) { return PageCount{a.raw() - b.raw()}; }
    constexpr PageCount& operator+=(PageCount b) { return *this = *this + b; }
    constexpr PageCount& operator-=(PageCount b) { return *this = *this - b; }
};

// Page frame number: physical address / 4 KiB.
class Pfn : public Quantity<class PfnTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
    friend constexpr Pfn operator+(Pfn a, PageCount n) { return Pfn{a.raw() + n.raw()}; }
    friend constexpr PageCount operator-(Pfn a, Pfn b) { return PageCount{a.raw() - b.raw()}; }
    constexpr Pfn& operator+=(PageCount n) { return *this = *this + n; }
};

class PhysAddr : public Quantity<class PhysAddrTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
    friend constexpr PhysAddr operator+(PhysAddr a, std::uint64_t bytes) { return PhysAddr{a.raw() + bytes}; }
};

class VirtAddr : public Quantity<class VirtAddrTag, std::uint64_t> {
  public:
    using Quantity::Quantity;
    friend constexpr VirtAddr operator+(VirtAddr a, std::uint64_t bytes) { return VirtAddr{a.raw() + bytes}; }
    friend constexpr std::uint64_t operator-(VirtAddr a, VirtAddr b) { return a.raw() - b.raw(); }
};

// Buddy order: a block of 2^order pages.
class Order : public Quantity<class OrderTag, std::uint8_t> {
  public:
    using Quantity::Quantity;
    explicit constexpr Order(unsigned n) : Quantity{static_cast<std::uint8_t>(n)} {}
    [[nodiscard]] constexpr unsigned index() const { return raw(); }
    [[nodiscard]] constexpr PageCount pages() const { return PageCount{std::uint64_t{1} << raw()}; }
    [[nodiscard]] constexpr Order next() const { return Order{index() + 1U}; }
    [[nodiscard]] constexpr Order prev() const { return Order{index() - 1U}; }
};

// An online hardware thread in Linux's numbering, from 0.
class CpuId : public Quantity<class CpuIdTag, std::uint32_t> {
  public:
    using Quantity::Quantity;
    [[nodiscard]] constexpr std::size_t index() const { return raw(); }
};

constexpr PhysAddr base_of(Pfn pfn) { return PhysAddr{pfn.raw() << kPageShift}; }
constexpr Pfn pfn_of(PhysAddr pa) { return Pfn{pa.raw() >> kPageShift}; }

// A run of consecutive page frames, [first, first + count).
struct PfnRange {
    Pfn first;
    PageCount count;
    [[nodiscard]] constexpr Pfn end() const { return first + count; }
    [[nodiscard]] constexpr bool contains(Pfn pfn) const { return pfn >= first && pfn < end(); }
    friend constexpr bool operator==(PfnRange, PfnRange) = default;
};

}  // namespace splinter
