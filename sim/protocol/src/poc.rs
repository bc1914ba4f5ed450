//! Rules of the `poc` family.
