//! Rules of the `escrow` family.
