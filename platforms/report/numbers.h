// Numbers for people: three or four digits that matter, thousands apart. Files for programs use run_result_json and csv_report.
#pragma once

#include <cstdint>
#include <string>

#include "platforms/statistics/interval.h"

namespace splinter::platforms {

// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t value);

// 0.0312 -> "0.031", 3.14159 -> "3.14", 31.4159 -> "31.4", 314 -> "314", 31415.9 -> "31,416", 31415926 -> "31.4M".
std::string human_number(double value);

// 1.049 -> "1.05", 12.34 -> "12.3"; with bounds "1.05 +-0.012", the further of the two.
std::string human_ratio(const Ratio& ratio);

// 2097152 -> "2 MiB", 1536 -> "1.5 KiB".
std::string human_bytes(double value);

// A share of `whole` with one digit after the point, "0.0" of nothing.
std::string percent_of(std::uint64_t part, std::uint64_t whole);

}  // namespace splinter::platforms
