#!/bin/bash
# Decides the direction of dependencies (design: "Dependencies point one way; tools/check_layers.sh decides, not taste") from
# the #include lines, plus a few rules that a text search can decide. Prints each violation as file:line: what.
#
#   tools/check_layers.sh [ROOT]     exit 0: clean, 1: violations, 2: ROOT is not a source tree
#
#   folder                      may include
#   hw/base                     hw/base, std, fmt
#   hw/x86                      hw/base, hw/x86, std, fmt
#   hw/{mmu,core,mem}, hw/*.h   hw, std, fmt; SystemC and TLM in hw/{mmu,core,mem} only
#   alloc                       alloc, hw/base, hw/x86, std, fmt
#   platforms                   anything of hw, alloc, platforms; only platforms/adapter both alloc/cpu.h and hw/core
#   platforms/report            platforms/{report,statistics}, platforms/run/{run_result*,replay_result,metrics}.h, hw/base
#   platforms/html              platforms/{html,report,statistics}, platforms/run/{run_result*,metrics}.h, hw/base
#   platforms/statistics        platforms/statistics, platforms/run/{run_result*,metrics}.h, platforms/config/suggest.h, hw/base
#   tools, tests                anything; tests/{base,x86,alloc} without SystemC
#   SystemC, TLM                hw/{mmu,core,mem}, platforms/{adapter,build,run}, tests
set -euo pipefail

root=${1:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..}
cd "$root" 2>/dev/null || { echo "check_layers.sh: no directory '$root'" >&2; exit 2; }

folders=()
for folder in hw alloc platforms tests tools; do
    [[ -d $folder ]] && folders+=("$folder")
done
((${#folders[@]})) || { echo "check_layers.sh: '$root' has none of hw, alloc, platforms, tests, tools" >&2; exit 2; }

# The rules' own words may stand in these two files.
mapfile -t files < <(
    find "${folders[@]}" CMakeLists.txt CMakePresets.json -type f \
        \( -name '*.h' -o -name '*.cpp' -o -name '*.cmake' -o -name '*.txt' -o -name '*.json' -o -name '*.sh' -o -name '*.bats' \
        -o -name '*.hpp' -o -name '*.hh' -o -name '*.cc' -o -name '*.cxx' -o -name '*.c' -o -name '*.inl' -o -name '*.ipp' \
        -o -path 'tools/*' ! -name '*.*' \) ! -path 'tests/data/*' 2>/dev/null | LC_ALL=C sort
)
((${#files[@]})) || exit 0

violations=$(LC_ALL=C awk '
function report(line, what) { printf "%s:%d: %s\n", FILENAME, line, what }

# Where the dependency rules see the file.
function layer_of(path) {
    if (path ~ /^hw\/base\//) return "hw/base"
    if (path ~ /^hw\/x86\//) return "hw/x86"
    if (path ~ /^hw\/(mmu|core|mem)\//) return "hw/model"
    if (path ~ /^hw\//) return "hw"
    if (path ~ /^alloc\//) return "alloc"
    if (path ~ /^platforms\/report\//) return "platforms/report"
    if (path ~ /^platforms\/statistics\//) return "platforms/statistics"
    if (path ~ /^platforms\/html\//) return "platforms/html"
    if (path ~ /^platforms\//) return "platforms"
    if (path ~ /^tools\//) return "tools"
    return "tests"
}

function is_systemc(name) { return name ~ /^(systemc|sysc\/|tlm)/ }

function may_use_systemc(path) {
    if (path ~ /^tests\/(base|x86|alloc)\//) return 0
    return path ~ /^(hw\/(mmu|core|mem)|platforms\/(adapter|build|run)|tests)\//
}

# Standard C++, POSIX and intrinsics headers.
function is_std(name) {
    return name ~ /^[a-z_0-9]+$/ || name ~ /^sys\/[a-z]+\.h$/ ||
           name ~ /^(unistd|fcntl|signal|errno|spawn|poll|dirent|pthread|ucontext|[a-z]mmintrin|immintrin|x86intrin|cxxabi)\.h$/
}

# The project headers that a layer may include, as a regular expression.
function allowed(layer) {
    if (layer == "hw/base") return "^hw/base/"
    if (layer == "hw/x86") return "^hw/(base|x86)/"
    if (layer == "hw/model" || layer == "hw") return "^hw/"
    if (layer == "alloc") return "^(alloc/|hw/base/|hw/x86/)"
    if (layer == "platforms/report") return "^(platforms/(report|statistics)/|platforms/run/(run_result[a-z_]*|replay_result|metrics)\\.h$|hw/base/)"
    if (layer == "platforms/html") return "^(platforms/(html|report|statistics)/|platforms/run/(run_result[a-z_]*|metrics)\\.h$|hw/base/)"
    if (layer == "platforms/statistics") return "^(platforms/statistics/|platforms/config/suggest\\.h$|platforms/run/(run_result[a-z_]*|metrics)\\.h$|hw/base/)"
    if (layer == "platforms") return "^(hw|alloc|platforms)/"
    if (layer == "tools") return "^(hw|alloc|platforms|tools)/"
    return "^(hw|alloc|platforms|tests)/"
}

function check_quoted(name) {
    if (name !~ /^(hw|alloc|platforms|tools|tests)\/[^.]/ || name ~ /\/\.\.?\//) {
        report(FNR, "include \"" name "\" is not written from the root (\"hw/...\")")
    } else if (name !~ allowed(layer)) {
        report(FNR, layer_name " must not include \"" name "\"")
    }
    if (name == "alloc/cpu.h") port_line = FNR
    if (name ~ /^hw\/core\//) core_line = FNR
}

function check_angled(name) {
    if (name ~ /^(hw|alloc|platforms|tests)\//) {
        report(FNR, "include <" name "> of the project is written with quotes")
    } else if (is_systemc(name)) {
        if (!may_use_systemc(FILENAME)) report(FNR, layer_name " must not include SystemC (<" name ">)")
    } else if (name ~ /^nlohmann\// && is_header) {
        report(FNR, "<" name "> belongs in .cpp files only")
    } else if (layer ~ /^(hw|alloc)/ && !is_std(name) && name !~ /^fmt\//) {
        report(FNR, layer_name " must not include third-party <" name ">")
    }
}

function finish_file() {
    if (previous == "") return
    if (port_line && core_line && previous ~ /^platforms\// && previous !~ /^platforms\/adapter\//)
        printf("%s:%d: only platforms/adapter may include both alloc/cpu.h and hw/core\n", previous,
               (port_line > core_line ? port_line : core_line))
    if (lines > 500 && previous !~ /\.(json|txt)$/)
        printf "%s:%d: %d lines, the limit is 500\n", previous, lines, lines
}

FNR == 1 {
    finish_file()
    previous = FILENAME
    port_line = core_line = 0
    layer = layer_of(FILENAME)
    layer_name = layer == "hw/model" ? "hw/{mmu,core,mem}" : layer
    is_header = FILENAME ~ /\.h$/
    is_code = FILENAME ~ /\.(h|cpp)$/
    own_words = FILENAME == "tools/check_layers.sh" || FILENAME == "tests/cli/check_layers.bats"
    if (FILENAME ~ /\.(hpp|hh|cc|cxx|c|inl|ipp)$/) report(1, "sources end in .h or .cpp")
}
{ lines = FNR }

is_code && /^[ \t]*#[ \t]*include/ {
    name = $0
    sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
    quote = substr(name, 1, 1)
    name = substr(name, 2)
    sub(/[">].*/, "", name)
    if (quote == "\"") check_quoted(name)
    else if (quote == "<") check_angled(name)
    else report(FNR, "include of a macro")
}
is_header && /^[ \t]*using[ \t]+namespace[ \t]/ { report(FNR, "using namespace in a header") }
!own_words && FILENAME != "tools/cmake/FindSystemC.cmake" && /SC_CPLUSPLUS/ {
    report(FNR, "SC_CPLUSPLUS belongs in tools/cmake/FindSystemC.cmake only")
}
END { finish_file() }
' "${files[@]}")

[[ -z $violations ]] && exit 0
printf '%s\n' "$violations"
exit 1
