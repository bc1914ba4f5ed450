//! The promised model on honest kernels.
//!
//! The text is written by the decoding kernel. On it every kernel says what it would have drawn at each position, so
//! that each pair of kernels is measured under the same contexts.

use std::sync::Arc;

use super::plan::Plan;
use super::prompts::Prompt;
use super::replay::{Verified, laws, write};
use super::run::Models;
use crate::derive::ScoredAnswer;
use crate::error::Result;
use crate::observation::{AttackLevel, ReplayKey, Trace};
use crate::sampler::{Contract, Noise};
use crate::stratum::Stratum;

/// Answers of `prompts` on `strata`, verified on each of `validators` other than the executor's own.
pub fn honest(
    plan: &Plan,
    models: &Models,
    prompts: &[Prompt],
    strata: &[Stratum],
    validators: &[Stratum],
) -> Result<Vec<ScoredAnswer>> {
    let contexts: Vec<Vec<u32>> = prompts.iter().map(|prompt| prompt.tokens.clone()).collect();
    let noises: Vec<Noise> = prompts
        .iter()
        .map(|prompt| Noise::new(plan.seed, prompt.number))
        .collect();
    let decoder = models.promised(Stratum::Bf16Decode)?;
    let written = write(
        decoder,
        &contexts,
        &noises,
        &Contract::default(),
        (0, plan.answer_tokens),
    )?;
    let mut decoded = Some(written.laws);
    // Kernel by kernel, prompt by prompt, position by position.
    let mut views: Vec<Vec<Vec<Verified>>> = Vec::new();
    for stratum in strata {
        let found = match decoded.take_if(|_| *stratum == Stratum::Bf16Decode) {
            Some(laws) => laws,
            None => laws(models.promised(*stratum)?, &contexts, &written.tokens)?,
        };
        let reduced = found
            .into_iter()
            .zip(&noises)
            .map(|(laws, noise)| Verified::of_answer(models.device(), laws, noise, plan.entries));
        views.push(reduced.collect::<Result<_>>()?);
    }
    let mut answers = Vec::new();
    for (index, prompt) in prompts.iter().enumerate() {
        for (executor, claims) in strata.iter().zip(&views) {
            for (validator, replays) in strata.iter().zip(&views) {
                if executor == validator || !validators.contains(validator) {
                    continue;
                }
                let observations =
                    claims[index]
                        .iter()
                        .zip(&replays[index])
                        .enumerate()
                        .map(|(at, (claim, replay))| {
                            let claimed = (claim.winner(), Arc::clone(claim.top()));
                            replay.observe(claimed, Some(claim.law()), &noises[index], at as u32)
                        });
                let key = ReplayKey {
                    prompt: prompt.number,
                    kind: prompt.kind.into(),
                    substitute: "none".into(),
                    attack: AttackLevel::Honest,
                    executor: *executor,
                    validator: *validator,
                };
                let trace = Trace {
                    key,
                    observations: observations.collect(),
                };
                answers.push(ScoredAnswer::on(models.device(), &trace, plan.entries)?);
            }
        }
    }
    Ok(answers)
}
