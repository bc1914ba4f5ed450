//! Rules of the `dispute` family.
