//! Rules of the `settlement` family.
