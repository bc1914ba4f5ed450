//! Rules of the `ledger` family.
