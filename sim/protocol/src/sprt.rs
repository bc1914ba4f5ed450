//! Rules of the `sprt` family.
