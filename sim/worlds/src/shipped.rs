//! The worlds and schedules that come with the program.
//!
//! Invariant: the text is the shipped file, embedded when the program was built; a test compares list and folders.

/// A world's file.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// `worlds`, `schedules` or `markets`.
    pub folder: &'static str,
    /// The file's name without its extension.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($folder:literal, $name:literal) => {
        Shipped {
            folder: $folder,
            name: $name,
            text: include_str!(concat!("../../../scenarios/", $folder, "/", $name, ".yaml")),
        }
    };
}

/// All of them, in the order of the report.
pub const SHIPPED: &[Shipped] = &[
    shipped!("worlds", "gonka-sampling"),
    shipped!("worlds", "gonka-tests"),
    shipped!("worlds", "gonka-supply"),
    shipped!("worlds", "gonka-latency"),
    shipped!("worlds", "pluralis-ownership"),
    shipped!("worlds", "pluralis-extraction"),
    shipped!("worlds", "pluralis-models"),
    shipped!("worlds", "bitcoin"),
    shipped!("worlds", "bitcoin-selfish"),
    shipped!("worlds", "bitcoin-miners"),
    shipped!("worlds", "hyperbolic"),
    shipped!("worlds", "bloom"),
    shipped!("worlds", "central-cloud"),
    shipped!("worlds", "open-weights"),
    shipped!("worlds", "substitution"),
    shipped!("worlds", "closed-lab"),
    shipped!("worlds", "token-market"),
    shipped!("worlds", "lending"),
    shipped!("worlds", "identity"),
    shipped!("worlds", "donated-time"),
    shipped!("worlds", "network-effects"),
    shipped!("worlds", "platform-race"),
    shipped!("worlds", "innovation-race"),
    shipped!("worlds", "catalogue-2023"),
    shipped!("worlds", "edge-supply"),
    shipped!("worlds", "idle-supply"),
    shipped!("worlds", "node-of-many"),
    shipped!("worlds", "redundant-or-checked"),
    shipped!("worlds", "claim-always-checked"),
    shipped!("worlds", "claim-one-sigma"),
    shipped!("worlds", "claim-history"),
    shipped!("worlds", "claim-within-the-epoch"),
    shipped!("worlds", "claim-one-percent"),
    shipped!("worlds", "claim-fee"),
    shipped!("worlds", "claim-two-supplies"),
    shipped!("worlds", "claim-adapter"),
    shipped!("worlds", "claim-collusion"),
    shipped!("schedules", "bitcoin-halving"),
    shipped!("schedules", "gonka-decay"),
    shipped!("schedules", "gonka-decay-documented"),
    shipped!("schedules", "gonka-subsidy"),
    shipped!("schedules", "gonka-vesting"),
    shipped!("schedules", "gonka-collateral"),
    shipped!("schedules", "gonka-price"),
    shipped!("schedules", "gonka-power-cap"),
    shipped!("schedules", "filecoin"),
    shipped!("schedules", "helium"),
    shipped!("schedules", "bittensor"),
    shipped!("schedules", "yuma"),
    shipped!("schedules", "ethereum"),
    shipped!("schedules", "eip-1559"),
    shipped!("schedules", "burn-and-mint"),
    shipped!("schedules", "render"),
    shipped!("schedules", "io-net"),
    shipped!("schedules", "tail"),
    shipped!("schedules", "bonding-curve"),
    shipped!("schedules", "splits"),
    shipped!("schedules", "lock-up"),
    shipped!("schedules", "quadratic"),
    shipped!("markets", "baseline"),
    shipped!("markets", "stress-demand-up"),
    shipped!("markets", "stress-demand-down"),
    shipped!("markets", "stress-coin-price"),
    shipped!("markets", "stress-vanish"),
    shipped!("markets", "stress-cartel-20"),
    shipped!("markets", "stress-cartel-34"),
    shipped!("markets", "stress-cartel-51"),
    shipped!("markets", "stress-unlock"),
    shipped!("markets", "stress-cheap-gpu"),
    shipped!("markets", "stress-outage"),
    shipped!("markets", "stress-false-positives"),
    shipped!("markets", "stress-identities"),
    shipped!("markets", "stress-price-lag"),
    shipped!("markets", "stress-substitute"),
];
