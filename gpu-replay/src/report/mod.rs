//! What a measurement shows: tables, pictures and the calibration file.
