//! A scenario in, a run out.
