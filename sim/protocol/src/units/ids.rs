//! Identifiers and positions in time, as the protocol counts it.
//!
//! Invariant: an identifier is an index and carries no meaning; order is order of creation.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($inner);

        impl $name {
            /// The identifier with this number.
            #[must_use]
            pub const fn new(number: $inner) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }

            /// The number as an index into a dense table.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A block's height on the chain.
    Height(u64)
}
id! {
    /// An epoch's number since genesis.
    EpochIndex(u32)
}
id! {
    /// An identity with weight and collateral, and one or more roles.
    ParticipantId(u32)
}
id! {
    /// A language model that the network serves.
    ModelId(u16)
}
id! {
    /// One inference, numbered in order of arrival.
    InferenceNumber(u64)
}

impl Height {
    /// The height so many blocks later.
    ///
    /// # Panics
    /// When the height leaves 64 bits.
    #[must_use]
    pub fn plus(self, blocks: u64) -> Self {
        Self(
            self.0
                .checked_add(blocks)
                .expect("a height left the range of 64-bit integers"),
        )
    }
}

impl EpochIndex {
    /// The epoch after this one.
    ///
    /// # Panics
    /// When the index leaves 32 bits.
    #[must_use]
    pub fn next(self) -> Self {
        Self(
            self.0
                .checked_add(1)
                .expect("an epoch index left the range of 32-bit integers"),
        )
    }
}
