// The component of the map.

import { mounted } from "../drawing/figure.js";
import { MapChart } from "./chart.js";

export default mounted(MapChart);
