//! Rules of the `reputation` family.
