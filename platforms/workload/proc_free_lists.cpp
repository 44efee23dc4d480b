#include "platforms/workload/proc_free_lists.h"

#include <algorithm>
#include <set>

#include "hw/base/user_error.h"
#include "platforms/workload/compressed_file.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

namespace {

constexpr std::uint64_t kMaxBlocks = std::uint64_t{1} << 28;  // pages of 1 TiB, which the allocator model holds
constexpr std::uint64_t kMaxNode = 1023;                      // MAX_NUMNODES of x86-64
constexpr std::string_view kBlocksHeading = "Number of blocks type";
constexpr std::string_view kMixedHeading = "Number of mixed blocks";
constexpr std::string_view kFreeHeading = "Free pages count per migrate type at order";

// A line cut at its spaces.
class Words {
  public:
    explicit Words(const TraceText& in) : in_{in}, rest_{in.line()} {}
    [[nodiscard]] bool at_end() { return skip().empty(); }
    std::string_view next(const char* what) {
        const std::string_view text = skip();
        if (text.empty()) in_.fail(in_.line().substr(in_.line().size()), std::string{"another word: "} + what);
        const std::string_view word = text.substr(0, text.find(' '));
        rest_ = text.substr(word.size());
        return word;
    }
    void expect(std::string_view word) {
        const std::string_view found = next(std::string{word}.c_str());
        if (found != word) in_.fail(found, quote_bytes(word));
    }
    std::string_view with_comma(const char* what) {
        std::string_view word = next(what);
        if (!word.ends_with(',')) in_.fail(word, std::string{what} + " and a comma");
        word.remove_suffix(1);
        return word;
    }
    [[nodiscard]] const TraceText& text() const { return in_; }

  private:
    std::string_view skip() {
        const std::size_t start = rest_.find_first_not_of(' ');
        rest_ = start == std::string_view::npos ? std::string_view{} : rest_.substr(start);
        return rest_;
    }
    const TraceText& in_;
    std::string_view rest_;
};

class ProcParser {
  public:
    ProcParser(const std::string& text, const std::string& path) : path_{path}, in_{text, path_} {}

    ProcFreeLists buddyinfo() {
        while (!in_.at_end()) {
            in_.next_line();
            Words words{in_};
            ProcZone& zone = read_zone(words, ' ');
            OrderCounts& movable = zone.free[static_cast<std::size_t>(FreeRow::movable)];
            for (std::uint64_t& count : movable) count += read_count(words);
            expect_end(words);
        }
        return finish();
    }

    ProcFreeLists pagetypeinfo(const ProcFreeLists* buddyinfo) {
        lists_.has_rows = true;
        while (!in_.at_end()) {
            in_.next_line();
            read_typed_line();
        }
        if (!has_blocks_)
            throw UserError(path_ + ":" + std::to_string(in_.line_number()),
                            "ends without the lines after \"" + std::string{kBlocksHeading} + "\"", "save the whole file");
        for (const Capped& capped : capped_) settle(capped, buddyinfo);
        return finish();
    }

  private:
    struct Capped {
        std::size_t zone, row, order;
        std::uint64_t line;
    };

    void read_typed_line() {
        const std::string_view line = in_.line();
        if (line.starts_with(kBlocksHeading)) return read_block_heading(line.substr(kBlocksHeading.size()));
        if (line.starts_with(kMixedHeading)) {
            block_rows_.clear();  // of CONFIG_PAGE_OWNER: not needed
            mixed_ = true;
            return;
        }
        if (!line.starts_with("Node ")) {
            const bool known = line.empty() || line.starts_with("Page block order:") || line.starts_with("Pages per block:") ||
                               line.starts_with(kFreeHeading);
            if (!known) in_.fail(line, "a line of /proc/pagetypeinfo");
            check_block_order(line);
            if (line.starts_with(kFreeHeading)) {
                block_rows_.clear();
                mixed_ = false;
            }
            return;
        }
        if (mixed_) return;
        Words words{in_};
        block_rows_.empty() ? read_free_row(words) : read_block_row(words);
        expect_end(words);
    }

    void check_block_order(std::string_view line) const {
        constexpr std::string_view kOrderLine = "Page block order:";
        if (!line.starts_with(kOrderLine)) return;
        const std::string_view order = line.substr(line.find_last_of(' ') + 1);
        if (order != "9") in_.fail(order, "9: pageblocks of 2 MiB, as x86-64 has them");
    }

    void read_block_heading(std::string_view names) {
        mixed_ = false;
        has_blocks_ = true;
        block_rows_.clear();
        while (true) {
            const std::size_t start = names.find_first_not_of(' ');
            if (start == std::string_view::npos) return;
            names.remove_prefix(start);
            const std::string_view name = names.substr(0, names.find(' '));
            block_rows_.push_back(row_of(name));
            names.remove_prefix(name.size());
        }
    }

    [[nodiscard]] std::size_t row_of(std::string_view name) const {
        const auto* const found = std::find(kFreeRowNames.begin(), kFreeRowNames.end(), name);
        if (found == kFreeRowNames.end()) in_.fail(name, "a migratetype: Unmovable, Movable, Reclaimable, ...");
        return static_cast<std::size_t>(found - kFreeRowNames.begin());
    }

    void read_free_row(Words& words) {
        ProcZone& zone = read_zone(words, ',');
        words.expect("type");
        const std::size_t row = row_of(words.next("a migratetype"));
        for (std::size_t order = 0; order < kProcOrders; ++order) {
            std::string_view count = words.next("a count");
            if (count.starts_with('>')) {
                capped_.push_back({static_cast<std::size_t>(&zone - lists_.zones.data()), row, order, in_.line_number()});
                count.remove_prefix(1);
            }
            zone.free[row][order] += number(count);
        }
    }

    void read_block_row(Words& words) {
        ProcZone& zone = read_zone(words, ' ');
        for (const std::size_t row : block_rows_) zone.pageblocks[row] += read_count(words);
    }

    // "Node 0, zone   Normal": zones of the same name on several nodes are one here.
    ProcZone& read_zone(Words& words, char after) {
        words.expect("Node");
        nodes_.insert(in_.number_in(words.with_comma("a node"), "node", NumberBase::decimal, kMaxNode));
        words.expect("zone");
        const std::string name{after == ',' ? words.with_comma("a zone") : words.next("a zone")};
        const auto found =
            std::find_if(lists_.zones.begin(), lists_.zones.end(), [&](const ProcZone& zone) { return zone.name == name; });
        if (found != lists_.zones.end()) return *found;
        lists_.zones.push_back({name, {}, {}});
        return lists_.zones.back();
    }

    std::uint64_t read_count(Words& words) { return number(words.next("a count")); }
    [[nodiscard]] std::uint64_t number(std::string_view text) const {
        return in_.number_in(text, "number of blocks", NumberBase::decimal, kMaxBlocks);
    }
    void expect_end(Words& words) {
        if (!words.at_end()) in_.fail(words.next(""), "the end of the line after order " + std::to_string(kProcOrders - 1));
    }

    void settle(const Capped& capped, const ProcFreeLists* buddyinfo) {
        ProcZone& zone = lists_.zones[capped.zone];
        const auto same = [&](const Capped& other) { return other.zone == capped.zone && other.order == capped.order; };
        const ProcZone* whole = nullptr;
        if (buddyinfo != nullptr)
            for (const ProcZone& other : buddyinfo->zones)
                if (other.name == zone.name) whole = &other;
        if (whole == nullptr || std::count_if(capped_.begin(), capped_.end(), same) > 1)
            throw UserError(path_ + ":" + std::to_string(capped.line),
                            "a count is capped by the kernel (>100000), and buddyinfo does not tell what it is",
                            "give --buddyinfo, saved at the same moment");
        const std::uint64_t total = whole->free_of_all_rows()[capped.order];
        const std::uint64_t others = zone.free_of_all_rows()[capped.order] - zone.free[capped.row][capped.order];
        if (total > others) zone.free[capped.row][capped.order] = total - others;
    }

    ProcFreeLists finish() {
        if (lists_.zones.empty()) throw UserError(path_, "names no zone");
        if (nodes_.size() > 1)
            lists_.notes.push_back(std::to_string(nodes_.size()) + " nodes were merged into one: zones of one name together");
        return std::move(lists_);
    }

    std::string path_;
    TraceText in_;
    ProcFreeLists lists_;
    std::vector<std::size_t> block_rows_;  // columns of "Number of blocks type", once its heading was read
    bool mixed_ = false;
    bool has_blocks_ = false;
    std::vector<Capped> capped_;
    std::set<std::uint64_t> nodes_;
};

std::string read_proc(const std::string& path, std::string& real) {
    real = find_text_file(path);
    return read_text_file(real);
}

bool names_zone(const ProcFreeLists& lists, const std::string& name) {
    return std::any_of(lists.zones.begin(), lists.zones.end(), [&](const ProcZone& zone) { return zone.name == name; });
}

void expect_same_zones(const ProcFreeLists& typed, const ProcFreeLists& buddyinfo, const std::string& typed_path) {
    for (const ProcZone& zone : buddyinfo.zones)
        if (!names_zone(typed, zone.name)) throw UserError(typed_path, "has no zone " + zone.name + ", but buddyinfo has");
    for (const ProcZone& zone : typed.zones)
        if (!names_zone(buddyinfo, zone.name))
            throw UserError(typed_path, "has a zone " + zone.name + ", but buddyinfo has not");
}

// The two files are saved one after the other on a machine that runs.
void compare(const ProcFreeLists& buddyinfo, ProcFreeLists& typed) {
    std::uint64_t more = 0;
    std::uint64_t less = 0;
    for (const ProcZone& zone : typed.zones)
        for (const ProcZone& other : buddyinfo.zones)
            if (zone.name == other.name) {
                const std::uint64_t pages = zone.free_pages().raw();
                more += pages > other.free_pages().raw() ? pages - other.free_pages().raw() : 0;
                less += pages < other.free_pages().raw() ? other.free_pages().raw() - pages : 0;
            }
    if (more + less > 0)
        typed.notes.push_back("pagetypeinfo has " + std::to_string(more) + " free pages more and " + std::to_string(less) +
                              " fewer than buddyinfo, by zone (saved at another moment); pagetypeinfo counts");
}

}  // namespace

OrderCounts ProcZone::free_of_all_rows() const {
    OrderCounts sum{};
    for (const OrderCounts& row : free)
        for (std::size_t order = 0; order < kProcOrders; ++order) sum[order] += row[order];
    return sum;
}

PageCount ProcZone::free_pages() const {
    std::uint64_t pages = 0;
    const OrderCounts blocks = free_of_all_rows();
    for (std::size_t order = 0; order < kProcOrders; ++order) pages += blocks[order] << order;
    return PageCount{pages};
}

ProcFreeLists parse_buddyinfo(const std::string& text, const std::string& path) { return ProcParser{text, path}.buddyinfo(); }

ProcFreeLists parse_pagetypeinfo(const std::string& text, const std::string& path, const ProcFreeLists* buddyinfo) {
    return ProcParser{text, path}.pagetypeinfo(buddyinfo);
}

ProcFreeLists load_proc_free_lists(const std::string& buddyinfo_path, const std::string& pagetypeinfo_path) {
    std::string real;
    ProcFreeLists plain;
    if (!buddyinfo_path.empty()) {
        const std::string text = read_proc(buddyinfo_path, real);
        plain = parse_buddyinfo(text, real);
    }
    if (pagetypeinfo_path.empty()) {
        plain.notes.emplace_back("buddyinfo has no migratetypes: all free blocks start as movable");
        return plain;
    }
    const std::string text = read_proc(pagetypeinfo_path, real);
    ProcFreeLists typed = parse_pagetypeinfo(text, real, buddyinfo_path.empty() ? nullptr : &plain);
    if (!buddyinfo_path.empty()) {
        expect_same_zones(typed, plain, real);
        compare(plain, typed);
    }
    return typed;
}

}  // namespace splinter::platforms
