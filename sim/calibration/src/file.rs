//! The checked calibration file.
//!
//! **Invariant.** Built by the reader alone ([`Calibration::from_yaml`]), so every value holds its range.

use std::collections::BTreeMap;

/// A calibration that nobody has checked yet: what a measurement or a fit fills in.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationDraft {
    /// Name of the calibration, `[a-z0-9.-]`.
    pub name: String,
    /// The promised model whose answers are judged, `[a-z0-9.-]`.
    pub model: String,
    /// Measured on real forward passes, or derived from published figures.
    pub kind: Kind,
    /// The statistic that the similarities are values of.
    pub statistic: String,
    /// How the figures came about.
    pub provenance: Provenance,
    /// Thresholds on this scale that were in force somewhere or fixed by a study.
    pub thresholds: Vec<Threshold>,
    /// Prompt classes; their shares sum to one.
    pub prompts: Vec<PromptClass>,
    /// Kernel strata; the position is the kernel's index.
    pub kernels: Vec<Kernel>,
    /// Substitutes; the position is the substitute's index, and 0 is the promised model, `none`.
    pub substitutes: Vec<Substitute>,
    /// One law for each (substitute, executor kernel, validator kernel, prompt class), in any order.
    pub laws: Vec<Law>,
    /// Published or measured operating points.
    pub operating_points: Vec<OperatingPoint>,
    /// How strongly failures cluster.
    pub overdispersion: Vec<Overdispersion>,
    /// What a derived calibration was fitted to; empty for a measured one.
    pub fit: Vec<FitRow>,
}

/// A checked calibration: what the engine may know about telling models apart.
///
/// Its laws are complete and in the order (substitute, executor kernel, validator kernel, prompt class).
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    pub(crate) file: CalibrationDraft,
}

impl Calibration {
    /// Name of the calibration, `[a-z0-9.-]`.
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// The promised model whose answers are judged.
    pub fn model(&self) -> &str {
        &self.file.model
    }

    /// Measured on real forward passes, or derived from published figures.
    pub fn kind(&self) -> Kind {
        self.file.kind
    }

    /// The statistic that the similarities are values of.
    pub fn statistic(&self) -> &str {
        &self.file.statistic
    }

    /// How the figures came about.
    pub fn provenance(&self) -> &Provenance {
        &self.file.provenance
    }

    /// Thresholds on this calibration's scale that were in force somewhere or fixed by a study.
    pub fn thresholds(&self) -> &[Threshold] {
        &self.file.thresholds
    }

    /// The threshold of this name, in parts per 10^9.
    pub fn threshold_ppb(&self, name: &str) -> Option<u32> {
        self.file
            .thresholds
            .iter()
            .find(|threshold| threshold.name == name)
            .map(|threshold| threshold.similarity_ppb)
    }

    /// Prompt classes; their shares sum to one.
    pub fn prompts(&self) -> &[PromptClass] {
        &self.file.prompts
    }

    /// Kernel strata; the position is the kernel's index.
    pub fn kernels(&self) -> &[Kernel] {
        &self.file.kernels
    }

    /// Substitutes; the position is the substitute's index, and 0 is the promised model itself.file.
    pub fn substitutes(&self) -> &[Substitute] {
        &self.file.substitutes
    }

    /// Every score law, in the order (substitute, executor kernel, validator kernel, prompt class).
    pub fn laws(&self) -> &[Law] {
        &self.file.laws
    }

    /// Published or measured operating points.
    pub fn operating_points(&self) -> &[OperatingPoint] {
        &self.file.operating_points
    }

    /// How strongly failures cluster.
    pub fn overdispersion(&self) -> &[Overdispersion] {
        &self.file.overdispersion
    }

    /// What a derived calibration was fitted to, with residuals; empty for a measured one.
    pub fn fit(&self) -> &[FitRow] {
        &self.file.fit
    }

    /// Index of the substitute of this name.
    pub fn substitute_index(&self, name: &str) -> Option<u8> {
        self.file
            .substitutes
            .iter()
            .position(|substitute| substitute.name == name)
            .map(|index| index as u8)
    }

    /// Index of the kernel of this name.
    pub fn kernel_index(&self, name: &str) -> Option<u8> {
        self.file
            .kernels
            .iter()
            .position(|kernel| kernel.name == name)
            .map(|index| index as u8)
    }
}

/// Where the figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Real forward passes of real models.
    Measured,
    /// Fitted to figures that others published.
    Derived,
}

/// How the figures came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// Hash of the model's weights, if they were at hand.
    pub model_hash: Option<String>,
    /// Number format of the promised model.
    pub dtype: String,
    /// Accelerators used.
    pub device: String,
    /// Versions of the software, by name.
    pub versions: BTreeMap<String, String>,
    /// Sample sizes, by what was sampled.
    pub samples: BTreeMap<String, u64>,
    /// Public sources of the figures.
    pub sources: Vec<String>,
}

/// A threshold on the calibration's scale: a validation passes strictly above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Name, `[a-z0-9.-]`.
    pub name: String,
    /// Similarity in parts per 10^9.
    pub similarity_ppb: u32,
    /// Where it was in force, or how it was found.
    pub source: String,
}

/// A class of prompts: the shock that all validators of one inference have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptClass {
    /// Name, `[a-z0-9.-]`.
    pub name: String,
    /// Share of the prompts, 0 to 1.
    pub share: f64,
}

/// A kernel stratum: hardware and arithmetic that give the same answer the same log-probabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// Name, `[a-z0-9.-]`; a scenario's hardware classes refer to it.
    pub name: String,
    /// What it stands for.
    pub note: String,
}

/// A model that is served in the place of the promised one; index 0 is the promised one.
#[derive(Clone, Debug, PartialEq)]
pub struct Substitute {
    /// Name, `[a-z0-9.-]`; `none` for the promised model.
    pub name: String,
    /// Time of one decoded model token, relative to the promised model.
    pub decode_cost: f64,
    /// Time of one prefilled model token, relative to the promised model.
    pub prefill_cost: f64,
    /// Accelerator memory, relative to the promised model.
    pub memory: f64,
    /// What it stands for.
    pub note: String,
}

/// One point of a quantile function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Probability, 0 to 1.
    pub p: f64,
    /// Similarity that a share `p` of the scores doesn't exceed, 0 to 1.
    pub similarity: f64,
}

/// The law of one score: similarity's quantile function, linear between its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// Index of the substitute that answered.
    pub substitute: u8,
    /// Index of the executor's kernel.
    pub executor: u8,
    /// Index of the validator's kernel.
    pub validator: u8,
    /// Index of the prompt class.
    pub prompt: u8,
    /// From p = 0 to p = 1; p rises by 10^-9 or more, similarity never falls.
    pub quantiles: Vec<Quantile>,
}

/// How hard the cheater tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// The substitute answers and reports its own log-probabilities.
    Naive,
    /// The substitute answers, and one prefill of the promised model makes the artifact.
    Laundered,
    /// The attack is tuned against the statistic.
    Optimised,
    /// Only a part of each answer is the substitute's.
    Mixed,
}

impl Attack {
    /// The name in a file.
    pub fn name(self) -> &'static str {
        match self {
            Attack::Naive => "naive",
            Attack::Laundered => "laundered",
            Attack::Optimised => "optimised",
            Attack::Mixed => "mixed",
        }
    }
}

/// An estimated probability with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The estimate, 0 to 1.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Number of answers it is estimated from.
    pub n: u64,
}

/// How often honest and substituted answers fail at a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct OperatingPoint {
    /// What the figures were taken on.
    pub label: String,
    /// Index of the substitute.
    pub substitute: u8,
    /// Threshold in parts per 10^9 of similarity.
    pub threshold_ppb: u32,
    /// How hard the cheater tried.
    pub attack: Attack,
    /// Answer length in model tokens, if it was fixed.
    pub length: Option<u32>,
    /// Honest answers that fail.
    pub false_positive: Rate,
    /// Substituted answers that fail.
    pub true_positive: Rate,
}

/// How strongly failures cluster, as the intra-class correlation of a beta-binomial count.
#[derive(Clone, Debug, PartialEq)]
pub struct Overdispersion {
    /// What the failures have in common: `prompt`, `host-epoch`.
    pub unit: String,
    /// Correlation of two failures of one unit, 0 to 1.
    pub correlation: f64,
    /// Number of answers behind the figure.
    pub n: u64,
    /// Public source.
    pub source: String,
}

/// One target of a derived calibration, and how well it is met.
#[derive(Clone, Debug, PartialEq)]
pub struct FitRow {
    /// The parameter that the target fixes, or `-` for a target that fixes none and checks the others.
    pub parameter: String,
    /// Value of the parameter; for a check, the fitted figure again.
    pub value: f64,
    /// What the public figure is about.
    pub target: String,
    /// The public figure.
    pub published: f64,
    /// The same figure under the fitted laws.
    pub fitted: f64,
    /// Public source.
    pub source: String,
}

impl FitRow {
    /// Fitted less published.
    pub fn residual(&self) -> f64 {
        self.fitted - self.published
    }
}
