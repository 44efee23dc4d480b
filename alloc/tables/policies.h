// The policies for page-table pages and the table that lists them. A new one is a .cpp file with its class and its maker, a
// line here, and a row in policies.cpp; the contract test takes it from there.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "alloc/tables/table_policy.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using TablePolicyPtr = std::unique_ptr<TablePolicy>;

TablePolicyPtr make_plain_tables(const TableContext& context);
TablePolicyPtr make_per_page_tables(const TableContext& context);
TablePolicyPtr make_block_pool(const TableContext& context);
TablePolicyPtr make_percpu_pool(const TableContext& context);
TablePolicyPtr make_freetype_key(const TableContext& context);

struct TablePolicyInfo {
    std::string_view name;
    KeyRegister::Tables tables;
    TablePolicyPtr (*make)(const TableContext&);
    std::string_view summary;
};

std::span<const TablePolicyInfo> table_policies();
// Throws UserError with the list of the known names.
const TablePolicyInfo& find_table_policy(std::string_view name);

}  // namespace splinter::alloc
