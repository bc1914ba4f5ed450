//! Rules of the `pricing` family.
