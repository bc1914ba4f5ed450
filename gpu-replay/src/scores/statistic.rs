//! The statistics of an answer, by name.
//!
//! **Invariant.** Larger is more suspicious, for each.

/// A statistic of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// S1: winsorised mean of the Jensen-Shannon divergence.
    S1Mean,
    /// S1: share of positions above the honest 99th percentile.
    S1Exceedance,
    /// S1: largest mean over a window of 32 positions, for answers that are only partly another model's.
    S1Window,
    /// S2: winsorised mean of the Gumbel margin.
    S2Margin,
    /// S2: share of positions at which the replay would have chosen another token.
    S2Mismatch,
    /// S2: largest mean margin over a window of 32 positions.
    S2Window,
    /// S3: size of the standardised surprisal, whichever its sign.
    S3,
    /// Mean absolute error of the listed log-probabilities, clipped.
    Mae,
    /// The network's own distance, as deployed.
    Deployed,
}

impl Statistic {
    /// All of them, in the order in which tables list them.
    pub const ALL: [Statistic; 9] = [
        Statistic::S1Mean,
        Statistic::S1Exceedance,
        Statistic::S1Window,
        Statistic::S2Margin,
        Statistic::S2Mismatch,
        Statistic::S2Window,
        Statistic::S3,
        Statistic::Mae,
        Statistic::Deployed,
    ];

    /// Those that the combined rule takes its smallest p-value over: one for each channel and its scan.
    pub const COMBINED: [Statistic; 5] = [
        Statistic::S1Mean,
        Statistic::S1Window,
        Statistic::S2Margin,
        Statistic::S2Window,
        Statistic::S3,
    ];

    /// The name in tables and files.
    pub fn name(self) -> &'static str {
        match self {
            Statistic::S1Mean => "s1-mean",
            Statistic::S1Exceedance => "s1-exceedance",
            Statistic::S1Window => "s1-window",
            Statistic::S2Margin => "s2-margin",
            Statistic::S2Mismatch => "s2-mismatch",
            Statistic::S2Window => "s2-window",
            Statistic::S3 => "s3",
            Statistic::Mae => "mae",
            Statistic::Deployed => "deployed",
        }
    }

    /// What it is, in words.
    pub fn title(self) -> &'static str {
        match self {
            Statistic::S1Mean => "distribution: mean Jensen-Shannon divergence",
            Statistic::S1Exceedance => "distribution: share of large divergences",
            Statistic::S1Window => "distribution: worst window of 32",
            Statistic::S2Margin => "choices: mean Gumbel margin",
            Statistic::S2Mismatch => "choices: share of mismatches",
            Statistic::S2Window => "choices: worst window of 32",
            Statistic::S3 => "randomness: size of z",
            Statistic::Mae => "mean absolute error of log-probabilities",
            Statistic::Deployed => "the network's relative distance",
        }
    }
}
