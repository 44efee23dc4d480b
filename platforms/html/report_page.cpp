#include "platforms/html/report_page.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/html/answer.h"
#include "platforms/html/assets.h"
#include "platforms/html/escape.h"
#include "platforms/html/page_data.h"

namespace splinter::platforms {

namespace {

constexpr std::size_t kLongestTitle = 140;

// Each {{name}} of the template once.
std::string fill(std::string_view text, const std::map<std::string, std::string_view, std::less<>>& parts) {
    std::string out;
    while (true) {
        const std::size_t begin = text.find("{{");
        const std::size_t end = text.find("}}", begin);
        if (begin == std::string_view::npos || end == std::string_view::npos) break;
        const auto part = parts.find(text.substr(begin + 2, end - begin - 2));
        SPLINTER_CHECK(part != parts.end(), "page.html has a place of an unknown name");
        out.append(text.substr(0, begin)).append(part->second);
        text.remove_prefix(end + 2);
    }
    return out.append(text);
}

// The first sentence of the question.
std::string title_of(const std::string& question, const std::string& name) {
    const std::size_t end = question.find_first_of("?\n");
    const std::size_t stop = question.find(". ");
    std::string title = question.substr(0, std::min({end == std::string::npos ? question.size() : end + 1, stop}));
    while (!title.empty() && (title.back() == '\n' || title.back() == ' ')) title.pop_back();
    if (title.empty() || title.size() > kLongestTitle) return "splinter: " + name;
    title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
    return title;
}

std::string question_html(const std::string& question) {
    if (question.empty())
        return "<p class=\"note\">The results hold no question: their experiment has neither a description nor a first "
               "comment.</p>";
    return "<p class=\"question\">" + html_text(question) + "</p>";
}

std::string context(const std::vector<PointResult>& points, const std::string& name) {
    std::vector<std::string> parts{name, "splinter " + points.front().result.program_version};
    const auto shared = [&](std::string_view key) -> std::string {
        const auto value = config_value(points.front().result, key);
        const bool all = std::all_of(points.begin(), points.end(),
                                     [&](const PointResult& point) { return config_value(point.result, key) == value; });
        return value && all ? *value : "";
    };
    if (const std::string model = shared("platform.model"); !model.empty()) parts.push_back(model);
    if (const std::string memory = shared("platform.memory"); !memory.empty()) parts.push_back(memory);
    for (const PageAxis& axis : page_axes(point_labels(points)).axes)
        parts.push_back(fmt::format("{}: {}", axis.heading, fmt::join(axis.values, ", ")));
    parts.push_back(fmt::format("{} {}", points.size(), points.size() == 1 ? "point" : "points"));
    return html_text(fmt::format("{}", fmt::join(parts, " · ")));
}

// Nobody may take what is missing for what was not asked.
std::string unfinished_html(const std::vector<std::string>& unfinished) {
    if (unfinished.empty()) return "";
    std::string items;
    for (const std::string& point : unfinished) items += "<li>" + html_text(point) + "</li>";
    return fmt::format(
        "<details class=\"note\" id=\"unfinished\" open><summary>{} of the sweep {} no result, and nothing below counts "
        "{}</summary>"
        "<ul>{}</ul></details>\n",
        unfinished.size() == 1 ? "1 point" : fmt::format("{} points", unfinished.size()),
        unfinished.size() == 1 ? "has" : "have", unfinished.size() == 1 ? "it" : "them", items);
}

std::string answer_html(const std::vector<ReplicatedPoint>& points) {
    std::string items;
    for (const AnswerPart& part : answer(points))
        items += fmt::format("<li><strong>{}:</strong> {}</li>\n", html_text(part.about), html_text(part.sentence));
    if (items.empty()) return "<p class=\"note\">No figure of these results answers by itself; see the tables.</p>";
    return "<ul class=\"answer\">\n" + items + "</ul>\n";
}

}  // namespace

std::string report_page(const ReportInput& input) {
    const std::vector<PointResult>& points = input.points;
    SPLINTER_CHECK(!points.empty(), "a report has at least one point");
    const std::string& question = points.front().result.question;
    std::string data;
    try {
        data = script_json(page_data(points, input.sensitivity, input.name));
    } catch (const nlohmann::json::type_error&) {
        throw UserError(input.name, "a text in the results is not UTF-8 and cannot be written into a page");
    }
    const std::string title = html_text(title_of(question, input.name));
    const std::string version = html_text(points.front().result.program_version);
    const std::string question_part = question_html(question);
    const std::string context_part = context(points, input.name);
    const std::string answer_part = unfinished_html(input.unfinished) + answer_html(fold_replicas(points));
    const std::string licence = html_text(assets::kChartLicence);
    return fill(assets::kPage, {{"title", title},
                                {"version", version},
                                {"style", assets::kStyle},
                                {"question", question_part},
                                {"context", context_part},
                                {"answer", answer_part},
                                {"chart_licence", licence},
                                {"data", data},
                                {"chart_library", assets::kChartLibrary},
                                {"script", assets::kScript}});
}

}  // namespace splinter::platforms
