//! Where a measurement's figures come from, as the calibration file says it.

use std::collections::BTreeMap;

use stakeout_calibration::Provenance;

use super::plan::Plan;
use super::run::Outcome;
use crate::model::Loaded;

/// The provenance of a measurement. Nothing in it depends on the machine's speed or on the number of threads.
pub fn provenance(plan: &Plan, model: &Loaded, sibling: Option<&Loaded>, outcome: &Outcome) -> Provenance {
    let mut sources = vec![
        format!(
            "forward passes of a {} model of this crate",
            model.weights.shape.family.name()
        ),
        format!("weights stored as {}", model.stored),
        "prompts: gpu-replay/demo/corpus, the parts held out of training".to_string(),
    ];
    if plan.rotation.is_some() {
        sources.push("residual stream turned by a seeded orthogonal matrix, off the grid of the file".into());
    }
    if let Some(sibling) = sibling {
        sources.push(format!("smaller model: SHA-256 {}", sibling.hash));
    }
    let count = |value: usize| value as u64;
    let samples = [
        ("prompts", count(outcome.prompts)),
        ("tokens of a prompt", count(plan.prompt_tokens)),
        ("tokens of an answer", count(plan.answer_tokens)),
    ];
    Provenance {
        model_hash: Some(model.hash.clone()),
        dtype: "bf16".into(),
        device: outcome.device.clone(),
        versions: BTreeMap::from([
            ("candle-core".to_string(), "0.11.1".to_string()),
            (
                "stakeout-replay".to_string(),
                env!("CARGO_PKG_VERSION").to_string(),
            ),
        ]),
        samples: samples
            .into_iter()
            .map(|(name, count)| (name.to_string(), count))
            .collect(),
        sources,
    }
}
