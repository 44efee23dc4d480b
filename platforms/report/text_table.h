// Aligned columns of text, two spaces apart, under headings of one or two lines. ASCII: a byte is a column.
#pragma once

#include <string>
#include <vector>

namespace splinter::platforms {

enum class Align { left, right };

class TextTable {
  public:
    // A heading with spaces is broken at the one that makes the column narrowest.
    void add_column(const std::string& heading, Align align);
    // One cell per column.
    void add_row(std::vector<std::string> cells);
    // An empty line between the rows before and after.
    void add_gap();
    // Every line ends with a newline, none with spaces.
    [[nodiscard]] std::string render() const;

  private:
    struct Column {
        std::string top, bottom;
        Align align;
    };
    [[nodiscard]] std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const;
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;  // an empty row is a gap
};

}  // namespace splinter::platforms
