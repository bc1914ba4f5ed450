//! Substitutes that answer, and executors that dress the answer up.

use std::sync::Arc;

use rayon::prelude::*;

use super::plan::Plan;
use super::prompts::Prompt;
use super::replay::{Verified, laws, write};
use super::run::{Models, Substituted};
use crate::artifact::TopK;
use crate::attack::{Correction, pad, truncate};
use crate::derive::ScoredAnswer;
use crate::error::Result;
use crate::observation::{AttackLevel, Observation, ReplayKey, Trace};
use crate::sampler::{Contract, Law, Noise};
use crate::stratum::Stratum;
use crate::substitute::{Change, edit_prompt};

/// Kernel that a launderer prefills the promised model on.
const LAUNDRY: Stratum = Stratum::Bf16Split4;
/// Kernel that verifies.
const VALIDATOR: Stratum = Stratum::Bf16;

/// A batch of answers under judgement.
struct Case<'a> {
    plan: &'a Plan,
    models: &'a Models,
    prompts: &'a [Prompt],
    contexts: Vec<Vec<u32>>,
    noises: Vec<Noise>,
}

/// What an executor claims at each position of each answer, and its own law where it has one.
struct Claims {
    tokens: Vec<Vec<u32>>,
    reported: Vec<Vec<Arc<TopK>>>,
    laws: Option<Vec<Vec<Law>>>,
}

impl<'a> Case<'a> {
    fn new(plan: &'a Plan, models: &'a Models, prompts: &'a [Prompt]) -> Self {
        Self {
            plan,
            models,
            prompts,
            contexts: prompts.iter().map(|prompt| prompt.tokens.clone()).collect(),
            noises: prompts
                .iter()
                .map(|prompt| Noise::new(plan.seed, prompt.number))
                .collect(),
        }
    }

    /// Replays claims on the verifier's kernel.
    fn judge(
        &self,
        claims: &Claims,
        name: &str,
        attack: AttackLevel,
        executor: Stratum,
    ) -> Result<Vec<ScoredAnswer>> {
        let entries = self.plan.entries;
        let replayed = laws(self.models.promised(VALIDATOR)?, &self.contexts, &claims.tokens)?;
        let mut answers = Vec::new();
        for (index, (prompt, replayed)) in self.prompts.iter().zip(replayed).enumerate() {
            let noise = &self.noises[index];
            let views = Verified::of_answer(self.models.device(), replayed, noise, entries)?;
            let observe = |(at, view): (usize, &Verified)| -> Observation {
                let claim = (claims.tokens[index][at], Arc::clone(&claims.reported[index][at]));
                let own = claims.laws.as_ref().map(|laws| &laws[index][at]);
                view.observe(claim, own, noise, at as u32)
            };
            let observations = views.iter().enumerate().map(observe).collect();
            let key = ReplayKey {
                prompt: prompt.number,
                kind: prompt.kind.into(),
                substitute: name.into(),
                attack,
                executor,
                validator: VALIDATOR,
            };
            let trace = Trace { key, observations };
            answers.push(ScoredAnswer::on(self.models.device(), &trace, entries)?);
        }
        Ok(answers)
    }

    fn own_report(&self, tokens: Vec<Vec<u32>>, laws: Vec<Vec<Law>>) -> Result<Claims> {
        Ok(Claims {
            tokens,
            reported: self.reports(&laws, self.plan.entries)?,
            laws: Some(laws),
        })
    }

    fn reports(&self, laws: &[Vec<Law>], entries: usize) -> Result<Vec<Vec<Arc<TopK>>>> {
        let lines = |laws: &Vec<Law>| -> Result<Vec<Arc<TopK>>> {
            let lists = self.models.device().lists(laws, entries)?;
            Ok(lists.into_iter().map(Arc::new).collect())
        };
        laws.iter().map(lines).collect()
    }
}

fn change_lines(lines: &[Vec<Arc<TopK>>], change: impl Fn(&TopK) -> TopK) -> Vec<Vec<Arc<TopK>>> {
    lines
        .iter()
        .map(|lines| lines.iter().map(|line| Arc::new(change(line))).collect())
        .collect()
}

/// The substitute answers and reports what it computed.
pub fn naive(
    plan: &Plan,
    models: &Models,
    prompts: &[Prompt],
    substitute: &Substituted,
) -> Result<Vec<ScoredAnswer>> {
    let case = Case::new(plan, models, prompts);
    let contexts: Vec<Vec<u32>> = match substitute.what.change {
        Change::Context(edit) => case
            .contexts
            .iter()
            .map(|prompt| edit_prompt(prompt, edit))
            .collect(),
        _ => case.contexts.clone(),
    };
    let contract = match substitute.what.change {
        Change::Sampler(contract) => contract,
        _ => Contract::default(),
    };
    let written = write(
        &substitute.machine,
        &contexts,
        &case.noises,
        &contract,
        (0, plan.answer_tokens),
    )?;
    let claims = case.own_report(written.tokens, written.laws)?;
    case.judge(
        &claims,
        &substitute.what.name,
        AttackLevel::Naive,
        substitute.executor,
    )
}

/// The substitute answers, and the executor does what it can about it: one answer, several disguises.
pub fn attacks(
    plan: &Plan,
    models: &Models,
    prompts: &[Prompt],
    substitute: &Substituted,
    correction: &Correction,
) -> Result<Vec<ScoredAnswer>> {
    let case = Case::new(plan, models, prompts);
    let (name, executor) = (substitute.what.name.as_str(), substitute.executor);
    let (plain, count, entries) = (Contract::default(), plan.answer_tokens, plan.entries);
    let written = write(
        &substitute.machine,
        &case.contexts,
        &case.noises,
        &plain,
        (0, count),
    )?;
    let laundry = laws(models.promised(LAUNDRY)?, &case.contexts, &written.tokens)?;
    let laundered = Claims {
        tokens: written.tokens.clone(),
        reported: case.reports(&laundry, entries)?,
        laws: None,
    };
    let mut answers = case.judge(&laundered, name, AttackLevel::Laundered, LAUNDRY)?;

    let own = case.reports(&written.laws, entries)?;
    let wide = case.reports(&written.laws, 2 * entries)?;
    let dressed = |reported: Vec<Vec<Arc<TopK>>>| Claims {
        tokens: written.tokens.clone(),
        reported,
        laws: None,
    };
    let forged = dressed(change_lines(&own, |line| correction.apply(line)));
    answers.extend(case.judge(&forged, name, AttackLevel::Forged, executor)?);
    let padded = dressed(change_lines(&wide, |line| pad(line, 2 * entries)));
    answers.extend(case.judge(&padded, name, AttackLevel::Padded, executor)?);
    let short = dressed(change_lines(&own, |line| truncate(line, entries / 4)));
    answers.extend(case.judge(&short, name, AttackLevel::Truncated, executor)?);

    // The promised model writes until the change, the substitute goes on: a quarter and a half of the answer.
    let decoder = models.promised(executor)?;
    let truth = write(decoder, &case.contexts, &case.noises, &plain, (0, count))?;
    for (part, suffix) in [(4, "last-quarter"), (2, "last-half")] {
        let change = count - count / part;
        let contexts: Vec<Vec<u32>> = case
            .contexts
            .iter()
            .zip(&truth.tokens)
            .map(|(prompt, tokens)| [prompt.as_slice(), &tokens[..change]].concat())
            .collect();
        let rest = write(
            &substitute.machine,
            &contexts,
            &case.noises,
            &plain,
            (change, count - change),
        )?;
        let join = |(head, tail): (&Vec<u32>, &Vec<u32>)| [&head[..change], tail.as_slice()].concat();
        let tokens = truth.tokens.iter().zip(&rest.tokens).map(join).collect();
        let join = |(head, tail): (&Vec<Law>, &Vec<Law>)| [&head[..change], tail.as_slice()].concat();
        let joined = truth.laws.iter().zip(&rest.laws).map(join).collect();
        let claims = case.own_report(tokens, joined)?;
        answers.extend(case.judge(&claims, &format!("{name}-{suffix}"), AttackLevel::Mixed, executor)?);
    }
    // A launderer that also bends the temperature, so that the surprise of its tokens looks right.
    for (temperature, suffix) in [(0.9, "t0.9"), (0.95, "t0.95"), (1.05, "t1.05")] {
        let contract = Contract { temperature, ..plain };
        let bent = write(
            &substitute.machine,
            &case.contexts,
            &case.noises,
            &contract,
            (0, count),
        )?;
        let laundry = laws(models.promised(LAUNDRY)?, &case.contexts, &bent.tokens)?;
        let claims = Claims {
            tokens: bent.tokens,
            reported: case.reports(&laundry, entries)?,
            laws: None,
        };
        answers.extend(case.judge(
            &claims,
            &format!("{name}-{suffix}"),
            AttackLevel::Optimised,
            LAUNDRY,
        )?);
    }
    Ok(answers)
}

/// Learns the forger's correction on prompts of its own.
pub fn learn(
    plan: &Plan,
    models: &Models,
    prompts: &[Prompt],
    substitute: &Substituted,
) -> Result<Correction> {
    let lesson = |prompts: &[Prompt]| -> Result<Vec<(Arc<TopK>, Law)>> {
        let case = Case::new(plan, models, prompts);
        let written = write(
            &substitute.machine,
            &case.contexts,
            &case.noises,
            &Contract::default(),
            (0, plan.answer_tokens),
        )?;
        let truth = laws(models.promised(VALIDATOR)?, &case.contexts, &written.tokens)?;
        let own = case.reports(&written.laws, plan.entries)?;
        Ok(own
            .into_iter()
            .flatten()
            .zip(truth.into_iter().flatten())
            .collect())
    };
    let lessons: Vec<_> = prompts
        .par_chunks(plan.batch)
        .map(lesson)
        .collect::<Result<_>>()?;
    let pairs = lessons.iter().flatten();
    Ok(Correction::learn(
        pairs.map(|(line, law)| (line.as_ref(), law)),
        plan.entries,
    ))
}
