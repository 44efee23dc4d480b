#include "platforms/report/text_table.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::platforms {

void TextTable::add_column(const std::string& heading, Align align) {
    Column best{"", heading, align};
    for (std::size_t at = heading.find(' '); at != std::string::npos; at = heading.find(' ', at + 1)) {
        const Column broken{heading.substr(0, at), heading.substr(at + 1), align};
        if (std::max(broken.top.size(), broken.bottom.size()) < std::max(best.top.size(), best.bottom.size())) best = broken;
    }
    columns_.push_back(best);
}

void TextTable::add_row(std::vector<std::string> cells) {
    SPLINTER_CHECK(cells.size() == columns_.size(), "a row needs one cell per column");
    rows_.push_back(std::move(cells));
}

void TextTable::add_gap() { rows_.emplace_back(); }

std::string TextTable::line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - cells[i].size(), ' ');
        if (i != 0) out += "  ";
        out += columns_[i].align == Align::left ? cells[i] + padding : padding + cells[i];
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out + "\n";
}

std::string TextTable::render() const {
    std::vector<std::string> tops, bottoms;
    std::vector<std::size_t> widths;
    for (const Column& column : columns_) {
        tops.push_back(column.top);
        bottoms.push_back(column.bottom);
        widths.push_back(std::max(column.top.size(), column.bottom.size()));
    }
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    const bool two_lines = std::any_of(tops.begin(), tops.end(), [](const std::string& top) { return !top.empty(); });
    std::string out = two_lines ? line(tops, widths) : "";
    out += line(bottoms, widths);
    for (const auto& row : rows_) out += line(row, widths);
    return out;
}

}  // namespace splinter::platforms
