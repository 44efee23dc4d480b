// What `splinter sensitivity --json` found, if the report was given it.
"use strict";
