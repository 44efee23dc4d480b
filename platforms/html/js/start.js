// Draws the page, once.
"use strict";

for (const section of document.querySelectorAll("main > section"))
  if (section.id !== "question") sectionOf("contents").append(element("li", {}, element("a", {href: `#${section.id}`}, section.querySelector("h2").textContent)));
drawParameters();
drawProvenance();
drawAll();
document.documentElement.dataset.drawn = "yes";
