//! Rules of the `bandwidth` family.
