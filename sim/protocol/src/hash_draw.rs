//! Rules of the `hash_draw` family.
