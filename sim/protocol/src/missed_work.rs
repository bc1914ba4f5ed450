//! Rules of the `missed_work` family.
