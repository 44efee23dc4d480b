// A text of many lines holds another text.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace splinter::platforms::testing {

inline void expect_part(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << "no \"" << part << "\" in:\n" << text;
}

}  // namespace splinter::platforms::testing
