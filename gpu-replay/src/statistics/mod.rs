//! Statistics of scores: thresholds, power, intervals.
