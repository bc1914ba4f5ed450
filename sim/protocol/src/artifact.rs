//! Rules of the `artifact` family.
