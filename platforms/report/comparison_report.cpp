#include "platforms/report/comparison_report.h"

#include "platforms/report/comparison_table.h"
#include "platforms/report/ranking.h"

namespace splinter::platforms {

std::string comparison_report(const std::vector<PointResult>& points) {
    const std::string ranking = ranking_report(points);
    return comparison_table(points) + (ranking.empty() ? "" : "\n" + ranking);
}

}  // namespace splinter::platforms
