/** The script of the stand-alone page and of the admin: it makes a report that is there usable. */

import { CycleCopy } from "./elements/cycle-copy.js";
import { CycleReport } from "./elements/cycle-report.js";

CycleCopy.define();
CycleReport.define();
