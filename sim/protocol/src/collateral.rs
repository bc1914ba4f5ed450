//! Rules of the `collateral` family.
