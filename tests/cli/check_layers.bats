#!/usr/bin/env bats
# tools/check_layers.sh against small trees with one violation each: it must name the file, the line and the rule.

setup() {
    check="${SPLINTER_SOURCE_DIR:-$BATS_TEST_DIRNAME/../..}/tools/check_layers.sh"
    tree="$BATS_TEST_TMPDIR/tree"
    mkdir -p "$tree/hw" "$tree/alloc" "$tree/platforms" "$tree/tests" "$tree/tools"
}

# put FILE LINE...: writes the lines to a file of the tree.
put() {
    mkdir -p "$(dirname "$tree/$1")"
    printf '%s\n' "${@:2}" >"$tree/$1"
}

# refuses TEXT: the check fails and TEXT is the only line that it prints.
refuses() {
    run "$check" "$tree"
    [ "$status" -eq 1 ]
    [ "$output" = "$1" ]
}

accepts() {
    run "$check" "$tree"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "a tree in which every layer includes what it may is accepted" {
    put hw/base/types.h '#pragma once' '#include <cstdint>' '#include <fmt/core.h>'
    put hw/x86/pte.h '#include "hw/base/types.h"' '#include <sys/mman.h>'
    put hw/machine_params.h '#include "hw/base/types.h"'
    put hw/mmu/mmu.h '#include <systemc>' '#include <tlm_utils/simple_initiator_socket.h>' '#include "hw/x86/pte.h"'
    put hw/core/core.h '#include "hw/mmu/mmu.h"'
    put alloc/cpu.h '#include "hw/x86/pte.h"' '#include "hw/base/types.h"'
    put alloc/buddy/zone.cpp '#include "alloc/cpu.h"' 'using namespace std;'
    put platforms/adapter/core_cpu.h '#include "alloc/cpu.h"' '#include "hw/core/core.h"'
    put platforms/build/machine.cpp '#include <systemc>' '#include "hw/core/core.h"' '#include "alloc/buddy/zone.h"'
    put platforms/run/json.cpp '#include <nlohmann/json.hpp>'
    put platforms/report/table.cpp '#include "platforms/run/run_result.h"' '#include "platforms/run/metrics.h"' '#include "hw/base/types.h"'
    put tests/hw/mmu_test.cpp '#include <systemc>' '#include <gtest/gtest.h>' '#include "hw/mmu/mmu.h"'
    put tools/splinter.cpp '#include "platforms/cli/main.h"'
    put tools/cmake/FindSystemC.cmake 'set(SC_CPLUSPLUS 201703L)'
    accepts
}

@test "hw/base sees nothing but itself" {
    put hw/base/a.h '#pragma once' '#include "hw/x86/pte.h"'
    refuses 'hw/base/a.h:2: hw/base must not include "hw/x86/pte.h"'
}

@test "hw/x86 sees hw/base and itself only" {
    put hw/x86/a.cpp '#include "hw/mmu/tlb_array.h"'
    refuses 'hw/x86/a.cpp:1: hw/x86 must not include "hw/mmu/tlb_array.h"'
}

@test "hw does not see alloc" {
    put hw/core/a.cpp '' '#  include "alloc/cpu.h"  // the port'
    refuses 'hw/core/a.cpp:2: hw/{mmu,core,mem} must not include "alloc/cpu.h"'
}

@test "hw/machine_params.h is hw and has no SystemC" {
    put hw/machine_params.h '#include <systemc>'
    refuses 'hw/machine_params.h:1: hw must not include SystemC (<systemc>)'
}

@test "alloc does not see the machine" {
    put alloc/smp/a.cpp '#include "hw/core/core.h"'
    refuses 'alloc/smp/a.cpp:1: alloc must not include "hw/core/core.h"'
}

@test "alloc and its tests have no SystemC" {
    put alloc/a.h '#include <systemc>'
    refuses 'alloc/a.h:1: alloc must not include SystemC (<systemc>)'
    rm "$tree/alloc/a.h"
    put tests/alloc/a.cpp '#include <tlm>'
    refuses 'tests/alloc/a.cpp:1: tests must not include SystemC (<tlm>)'
}

@test "alloc has no third party but fmt" {
    put alloc/a.cpp '#include <fmt/format.h>' '#include <spdlog/spdlog.h>'
    refuses 'alloc/a.cpp:2: alloc must not include third-party <spdlog/spdlog.h>'
}

@test "only the adapter joins the port and the core" {
    put platforms/run/a.cpp '#include "hw/core/core.h"' '#include <vector>' '#include "alloc/cpu.h"'
    refuses 'platforms/run/a.cpp:3: only platforms/adapter may include both alloc/cpu.h and hw/core'
}

@test "reports read results and nothing else" {
    put platforms/report/a.cpp '#include "platforms/run/run_result_json.h"' '#include "alloc/gfp.h"'
    refuses 'platforms/report/a.cpp:2: platforms/report must not include "alloc/gfp.h"'
    put platforms/report/a.cpp '#include "platforms/run/run_point.h"'
    refuses 'platforms/report/a.cpp:1: platforms/report must not include "platforms/run/run_point.h"'
    put platforms/report/a.cpp '#include "platforms/statistics/replicas.h"'
    put platforms/statistics/b.cpp '#include "platforms/report/numbers.h"'
    refuses 'platforms/statistics/b.cpp:1: platforms/statistics must not include "platforms/report/numbers.h"'
}

@test "SystemC stays in the models, the adapter, the builder and the runner" {
    put platforms/workload/a.cpp '#include <tlm.h>'
    refuses 'platforms/workload/a.cpp:1: platforms must not include SystemC (<tlm.h>)'
    rm "$tree/platforms/workload/a.cpp"
    put tools/a.cpp '#include <systemc.h>'
    refuses 'tools/a.cpp:1: tools must not include SystemC (<systemc.h>)'
}

@test "SC_CPLUSPLUS is defined in one place" {
    put tests/CMakeLists.txt 'project(x)' 'add_compile_definitions(SC_CPLUSPLUS=201703L)'
    refuses 'tests/CMakeLists.txt:2: SC_CPLUSPLUS belongs in tools/cmake/FindSystemC.cmake only'
}

@test "no using namespace and no JSON library in a header" {
    put platforms/run/a.h '  using namespace sc_core;'
    refuses 'platforms/run/a.h:1: using namespace in a header'
    put platforms/run/a.h '#include <nlohmann/json.hpp>'
    refuses 'platforms/run/a.h:1: <nlohmann/json.hpp> belongs in .cpp files only'
}

@test "includes are written from the root, with quotes" {
    put alloc/a.cpp '#include "cpu.h"'
    refuses 'alloc/a.cpp:1: include "cpu.h" is not written from the root ("hw/...")'
    put alloc/a.cpp '#include "alloc/../platforms/run/run_point.h"'
    refuses 'alloc/a.cpp:1: include "alloc/../platforms/run/run_point.h" is not written from the root ("hw/...")'
    put alloc/a.cpp '#include <hw/base/types.h>'
    refuses 'alloc/a.cpp:1: include <hw/base/types.h> of the project is written with quotes'
}

@test "500 lines are accepted, 501 are not" {
    yes '//' | head -n 500 >"$tree/alloc/long.cpp"
    accepts
    echo '//' >>"$tree/alloc/long.cpp"
    refuses 'alloc/long.cpp:501: 501 lines, the limit is 500'
}

@test "a source file cannot hide behind another suffix" {
    put hw/x86/a.hpp '#include "alloc/cpu.h"'
    refuses 'hw/x86/a.hpp:1: sources end in .h or .cpp'
}

@test "each violation is printed" {
    put hw/x86/a.cpp '#include "alloc/cpu.h"' '#include "platforms/run/run_point.h"'
    run "$check" "$tree"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 2 ]
}

@test "a directory without source folders is an error of the caller" {
    run "$check" "$BATS_TEST_TMPDIR/absent"
    [ "$status" -eq 2 ]
    mkdir "$BATS_TEST_TMPDIR/empty"
    run "$check" "$BATS_TEST_TMPDIR/empty"
    [ "$status" -eq 2 ]
}
