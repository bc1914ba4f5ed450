//! Rules of the `sharing` family.
