//! Rules of the `vesting` family.
