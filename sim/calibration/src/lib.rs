//! The calibration file: measured detection power, its types and its reading.
