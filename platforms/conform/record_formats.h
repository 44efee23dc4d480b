// The formats of recorded ground truth that `splinter conform` reads, told apart by content. A new format is one file with its
// run function and one row in record_formats.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hw/machine_params.h"
#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

struct RecordFormat {
    std::string_view name;
    std::string_view first_bytes;  // that every file of this format, and of no other, begins with
    // `machine`: whose TLBs, where the records need some.
    void (*run)(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report);
};

std::span<const RecordFormat> record_formats();

// Runs all records of a file, plain or .xz, on the model. Throws UserError: no such file, unknown format, garbled or
// truncated records.
void run_record_file(const std::string& path, const hw::MachineParams& machine, ConformReport& report);

}  // namespace splinter::platforms
