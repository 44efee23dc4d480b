// The files of this folder that make the page, and Chart.js, as the build put them into the program (embed.cmake).
#pragma once

#include <string_view>

namespace splinter::platforms::assets {

extern const std::string_view kPage;          // page.html
extern const std::string_view kStyle;         // page.css
extern const std::string_view kScript;        // js/*.js, in order
extern const std::string_view kChartLibrary;  // chart.min.js of Debian's libjs-chart.js, as it is
extern const std::string_view kChartLicence;  // its copyright file

}  // namespace splinter::platforms::assets
