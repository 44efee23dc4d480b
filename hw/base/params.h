// How a module names its parameters once. Each Params aggregate has a free function `describe(Params&, ParamVisitor&)` that
// calls the visitor for every field: key, reference, limits, one sentence. Loading from TOML, --set, `config explain` and the
// generated configs/README.md are all visitors (platforms/config).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "hw/base/types.h"

namespace splinter {

// Inclusive limits of a number, in the field's own unit (cycles, bytes, hertz, entries).
struct Limits {
    std::uint64_t min = 0;
    std::uint64_t max = ~std::uint64_t{0};
};

class ParamVisitor {
  public:
    virtual ~ParamVisitor() = default;
    // A plain number: entries, pages, cores, percent.
    virtual void count(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) = 0;
    // A duration, written "900cyc" or "81ns" (converted with platform.frequency and rounded to the nearest cycle).
    virtual void cycles(std::string_view key, Cycles& value, Limits limits, std::string_view text) = 0;
    // A size, written "64GiB" (B, KiB, MiB, GiB, TiB).
    virtual void bytes(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) = 0;
    // A frequency in hertz, written "2.5GHz" or "2600MHz".
    virtual void frequency(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) = 0;
    virtual void flag(std::string_view key, bool& value, std::string_view text) = 0;
    virtual void text(std::string_view key, std::string& value, std::string_view text) = 0;
    // One of the names in `allowed`.
    virtual void choice(std::string_view key, std::string& value, const std::vector<std::string>& allowed,
                        std::string_view text) = 0;
    // A list of names, each one of `allowed` (any name if `allowed` is empty).
    virtual void list(std::string_view key, std::vector<std::string>& value, const std::vector<std::string>& allowed,
                      std::string_view text) = 0;
    // Fields visited between enter("mmu") and leave() have keys below "mmu.". Use ParamGroup.
    virtual void enter(std::string_view group) = 0;
    virtual void leave() = 0;
};

class ParamGroup {
  public:
    ParamGroup(ParamVisitor& visitor, std::string_view name) : visitor_{visitor} { visitor_.enter(name); }
    ~ParamGroup() { visitor_.leave(); }
    ParamGroup(const ParamGroup&) = delete;
    ParamGroup& operator=(const ParamGroup&) = delete;

  private:
    ParamVisitor& visitor_;
};

}  // namespace splinter
