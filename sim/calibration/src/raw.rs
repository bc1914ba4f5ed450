//! The shape of a calibration file as written, with the place of each value.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::Spanned;

pub(crate) type Text = Spanned<String>;
pub(crate) type Number = Spanned<f64>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCalibration {
    pub format: Text,
    pub name: Text,
    pub model: Text,
    pub kind: Text,
    pub statistic: Text,
    pub provenance: RawProvenance,
    pub thresholds: Vec<RawThreshold>,
    pub prompts: Vec<RawPromptClass>,
    pub kernels: Vec<RawKernel>,
    pub substitutes: Vec<RawSubstitute>,
    pub laws: Vec<RawLaw>,
    #[serde(default)]
    pub operating_points: Vec<RawOperatingPoint>,
    pub overdispersion: Vec<RawOverdispersion>,
    #[serde(default)]
    pub fit: Vec<RawFitRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProvenance {
    #[serde(default)]
    pub model_hash: Option<Text>,
    pub dtype: Text,
    pub device: Text,
    #[serde(default)]
    pub versions: BTreeMap<String, Text>,
    #[serde(default)]
    pub samples: BTreeMap<String, u64>,
    pub sources: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawThreshold {
    pub name: Text,
    pub similarity: Number,
    pub source: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPromptClass {
    pub name: Text,
    pub share: Number,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawKernel {
    pub name: Text,
    pub note: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSubstitute {
    pub name: Text,
    pub decode_cost: Number,
    pub prefill_cost: Number,
    pub memory: Number,
    pub note: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLaw {
    pub substitute: Text,
    pub executor: Text,
    pub validator: Text,
    pub prompt: Text,
    pub quantiles: Vec<Spanned<(f64, f64)>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRate {
    pub estimate: Number,
    pub low: Number,
    pub high: Number,
    pub n: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOperatingPoint {
    pub label: Text,
    pub substitute: Text,
    pub threshold: Number,
    pub attack: Text,
    #[serde(default)]
    pub length: Option<u32>,
    pub false_positive: RawRate,
    pub true_positive: RawRate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOverdispersion {
    pub unit: Text,
    pub correlation: Number,
    pub n: u64,
    pub source: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFitRow {
    pub parameter: Text,
    pub value: Number,
    pub target: Text,
    pub published: Number,
    pub fitted: Number,
    pub source: Text,
}
