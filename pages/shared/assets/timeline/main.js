// The component of the timeline.

import { mounted } from "../drawing/figure.js";
import { Chart } from "./chart.js";

export default mounted(Chart);
