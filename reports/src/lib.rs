//! Frames, plots and the report page of a run.
