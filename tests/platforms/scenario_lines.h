// A small TLB scenario as a line of text, to be changed by the tests: one page, read, unmapped, read again, invalidated, read.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace splinter::platforms::testing {

inline const std::string kPokes =
    R"({"op":"poke","pa":"0x1000","val":"0x2027"},{"op":"poke","pa":"0x2000","val":"0x3027"},)"
    R"({"op":"poke","pa":"0x3000","val":"0x4027"},{"op":"poke","pa":"0x4008","val":"0x5067"},{"op":"cr3","val":"0x1000"})";
inline const std::string kMapped =
    R"({"op":"acc","acc":"sr","ac":0,"va":"0x1000","fresh":{"kind":"ok","pa":"0x5000"},"allow":[{"kind":"ok","pa":"0x5000"}],)"
    R"("must":true,"obs":{"q7":"fresh"}})";
inline const std::string kUnmap = R"({"op":"poke","pa":"0x4008","val":"0x0"})";
inline const std::string kMayBeStale = R"({"op":"acc","acc":"sr","ac":0,"va":"0x1000","fresh":{"kind":"pf","err":"0x0"},)"
                                       R"("allow":[{"kind":"pf","err":"0x0"},{"kind":"ok","pa":"0x5000"}],"must":false})";
inline const std::string kInvlpg = R"({"op":"invlpg","va":"0x1000"})";
inline const std::string kUnmapped =
    R"({"op":"acc","acc":"sr","ac":0,"va":"0x1000","fresh":{"kind":"pf","err":"0x0"},"allow":[{"kind":"pf","err":"0x0"}],)"
    R"("must":true})";

// A whole line, with its newline.
inline std::string scenario_line(const std::string& ops) {
    return R"({"id":"T4-0000","name":"unmap-invlpg","levels":4,"maxphy":40,"need":[],"st":{"wp":1,"pge":1,"pcide":0,"smep":0,)"
           R"("smap":0,"pke":0,"pks":0,"nxe":1,"pkru":"0x0","pkrs":"0x0"},"sigs":[],"snap":[],"ops":[)" +
           ops + "]}\n";
}
inline std::string ops(std::initializer_list<std::string> list) {
    std::string out;
    for (const std::string& op : list) out += (out.empty() ? "" : ",") + op;
    return out;
}
inline std::string sample_scenario() { return scenario_line(ops({kPokes, kMapped, kUnmap, kMayBeStale, kInvlpg, kUnmapped})); }

// `text` with the first `from` in it replaced.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << "no " << from << " in " << text;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

}  // namespace splinter::platforms::testing
