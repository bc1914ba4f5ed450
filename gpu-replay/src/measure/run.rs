//! A whole measurement: units in parallel, parts on disk, answers in order.

use std::collections::BTreeMap;
use std::path::Path;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

use rayon::prelude::*;

use super::cheat::{attacks, learn, naive};
use super::honest::honest;
use super::plan::Plan;
use super::prompts::{Prompt, attackers_prompts, prompts};
use super::store::Store;
use super::unit::{Task, Unit, units};
use crate::attack::Correction;
use crate::derive::{ScoredAnswer, SubstituteCost};
use crate::error::{ReplayError, Result};
use crate::forward::{Machine, Options};
use crate::gpu::Device;
use crate::model::{Loaded, Weights, rotate};
use crate::stratum::Stratum;
use crate::substitute::{Change, Substitute, change_weights, choose, options};

/// Prompts that a forger learns on.
const LEARNING_PROMPTS: usize = 16;
/// Bytes that the weights of the substitutes at work may take together.
const SUBSTITUTES_BYTES: usize = 8 << 30;

/// The promised model on each kernel, prepared when first asked for.
pub struct Models {
    device: Device,
    weights: Weights,
    longest: usize,
    /// The weights in each format, shared by the kernels that store in it.
    stored: [OnceLock<Weights>; 3],
    preparing: Mutex<()>,
    machines: BTreeMap<Stratum, OnceLock<Machine>>,
}

impl Models {
    fn new(weights: Weights, longest: usize, device: Device) -> Self {
        let machines = Stratum::ALL
            .into_iter()
            .map(|stratum| (stratum, OnceLock::new()))
            .collect();
        Self {
            device,
            weights,
            longest,
            stored: Default::default(),
            preparing: Mutex::new(()),
            machines,
        }
    }

    /// What positions are reduced on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The promised model on a kernel.
    pub fn promised(&self, stratum: Stratum) -> Result<&Machine> {
        let slot = &self.machines[&stratum];
        if let Some(machine) = slot.get() {
            return Ok(machine);
        }
        // One thread prepares, the others wait for it: each copy of the weights is made once.
        let _turn = self
            .preparing
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(machine) = slot.get() {
            return Ok(machine);
        }
        let storage = stratum.arithmetic().storage;
        let shelf = &self.stored[storage as usize];
        if shelf.get().is_none() {
            let stored = self
                .weights
                .clone()
                .map_tensors(|tensor| storage.store(tensor.clone()))?;
            shelf.get_or_init(|| stored);
        }
        let weights = shelf.get().unwrap_or(&self.weights);
        let machine = Machine::of_stored(weights, stratum, Options::default(), self.longest)?;
        Ok(slot.get_or_init(|| machine))
    }
}

/// A substitute ready to answer.
pub struct Substituted {
    /// What it is.
    pub what: Substitute,
    /// The kernel that it decodes on.
    pub executor: Stratum,
    /// It, on that kernel.
    pub machine: Machine,
}

/// Who hears of progress, and who may stop it.
pub struct Progress<'a> {
    /// Called with the number of finished units and of all.
    pub tell: &'a (dyn Fn(usize, usize) + Sync),
    /// Set to stop after the units that are running.
    pub stop: &'a AtomicBool,
}

/// What a measurement found.
pub struct Outcome {
    /// Every scored answer, in the order of the units.
    pub answers: Vec<ScoredAnswer>,
    /// Costs of the substitutes and of what attacks make of them.
    pub costs: Vec<SubstituteCost>,
    /// Prompts used.
    pub prompts: usize,
    /// What positions were reduced on.
    pub device: String,
}

/// Measures `model` by `plan` on the processor, keeping parts under `folder`.
///
/// # Errors
/// The plan does not fit the model, a part cannot be written, or it was stopped.
pub fn run(
    plan: &Plan,
    model: &Loaded,
    sibling: Option<&Loaded>,
    folder: &Path,
    progress: &Progress<'_>,
) -> Result<Outcome> {
    run_on(Device::cpu(), plan, model, sibling, folder, progress)
}

/// The same with positions reduced on `device`.
///
/// # Errors
/// Those of [`run`], and the card's refusals.
pub fn run_on(
    device: Device,
    plan: &Plan,
    model: &Loaded,
    sibling: Option<&Loaded>,
    folder: &Path,
    progress: &Progress<'_>,
) -> Result<Outcome> {
    plan.check()?;
    let chosen = choose(&plan.substitutes, sibling.is_some())?;
    choose(&plan.attackers, sibling.is_some())?;
    let weights = turned(&model.weights, plan.rotation)?;
    let sibling = sibling.map(|sibling| &sibling.weights);
    if let Some(sibling) = sibling
        && sibling.shape.vocabulary != weights.shape.vocabulary
    {
        return Err(ReplayError::Usage(
            "the smaller model has another vocabulary".into(),
        ));
    }
    let text = serde_json::to_string(plan).unwrap_or_default() + &model.hash + device.tag();
    let store = Store::open(
        &folder.join("parts"),
        blake3::hash(text.as_bytes()).to_hex().to_string(),
    )?;
    let asked = prompts(&model.tokenizer, plan.prompts(), plan.prompt_tokens)?;
    let learning = attackers_prompts(&model.tokenizer, LEARNING_PROMPTS, plan.prompt_tokens)?;
    let models = Models::new(weights, plan.longest(), device);
    let all = units(plan);
    let missing: Vec<&Unit> = all.iter().filter(|unit| !store.has(&unit.name())).collect();
    let done = std::sync::atomic::AtomicUsize::new(all.len() - missing.len());
    let finish = |unit: &Unit, answers: Vec<ScoredAnswer>| -> Result<()> {
        store.write(&unit.name(), &answers)?;
        (progress.tell)(done.fetch_add(1, Ordering::Relaxed) + 1, all.len());
        Ok(())
    };
    let go_on = || {
        if progress.stop.load(Ordering::Relaxed) {
            Err(ReplayError::Interrupted)
        } else {
            Ok(())
        }
    };
    let honest_units: Vec<&&Unit> = missing
        .iter()
        .filter(|unit| matches!(unit.task, Task::Deep | Task::Wide))
        .collect();
    honest_units.into_iter().par_bridge().try_for_each(|unit| {
        go_on()?;
        let batch = &asked[unit.begin..unit.end];
        let answers = match unit.task {
            Task::Deep => honest(plan, &models, batch, &plan.deep.strata, &plan.deep.strata)?,
            _ => honest(plan, &models, batch, &plan.wide.strata, &plan.wide.strata[..1])?,
        };
        finish(unit, answers)
    })?;
    let mut asked_for: Vec<(&str, Stratum)> = Vec::new();
    for pair in missing.iter().filter_map(|unit| unit.substitute(plan)) {
        if !asked_for.contains(&pair) {
            asked_for.push(pair);
        }
    }
    // As many substitutes at once as their weights may take of memory.
    let bytes = 4 * models.weights.shape.parameters(models.weights.head.is_none());
    for group in asked_for.chunks((SUBSTITUTES_BYTES / bytes.max(1)).clamp(1, 32)) {
        go_on()?;
        let ready = |(name, executor): &(&str, Stratum)| -> Result<(Substituted, Option<Correction>)> {
            let what = choose(&[name.to_string()], sibling.is_some())?.swap_remove(0);
            let substitute = prepare(plan, &models.weights, sibling, what, *executor)?;
            let is_attacker =
                plan.attackers.iter().any(|other| other == name) && *executor == plan.executors[0];
            let correction = match is_attacker {
                true => Some(learn(plan, &models, &learning, &substitute)?),
                false => None,
            };
            Ok((substitute, correction))
        };
        let ready: Vec<(Substituted, Option<Correction>)> =
            group.par_iter().map(ready).collect::<Result<_>>()?;
        let mut own: Vec<(&Unit, &(Substituted, Option<Correction>))> = missing
            .iter()
            .filter_map(|unit| {
                let pair = unit.substitute(plan)?;
                let at = group.iter().position(|other| *other == pair)?;
                Some((*unit, &ready[at]))
            })
            .collect();
        // The long units first and one by one, so that the threads end together.
        own.sort_by_key(|(unit, _)| !matches!(unit.task, Task::Attacks(_)));
        own.into_iter()
            .par_bridge()
            .try_for_each(|(unit, (substitute, correction))| {
                go_on()?;
                let batch: &[Prompt] = &asked[unit.begin..unit.end];
                let answers = match (&unit.task, correction) {
                    (Task::Attacks(_), Some(correction)) => {
                        attacks(plan, &models, batch, substitute, correction)?
                    }
                    _ => naive(plan, &models, batch, substitute)?,
                };
                finish(unit, answers)
            })?;
    }
    let parts = all
        .iter()
        .map(|unit| store.read(&unit.name()))
        .collect::<Result<Vec<_>>>()?;
    Ok(Outcome {
        answers: parts.into_iter().flatten().collect(),
        costs: costs(plan, &chosen, &models.weights, sibling),
        prompts: asked.len(),
        device: models.device.name(),
    })
}

fn turned(weights: &Weights, rotation: Option<u64>) -> Result<Weights> {
    match rotation {
        None => Ok(weights.clone()),
        Some(seed) => rotate(weights.clone(), seed),
    }
}

fn prepare(
    plan: &Plan,
    weights: &Weights,
    sibling: Option<&Weights>,
    what: Substitute,
    executor: Stratum,
) -> Result<Substituted> {
    let changed = match (what.change, sibling) {
        (Change::Smaller, Some(sibling)) => sibling.clone(),
        (change, _) => change_weights(weights, change, plan.seed)?,
    };
    let machine = Machine::new(&changed, executor, options(what.change), plan.longest())?;
    Ok(Substituted {
        what,
        executor,
        machine,
    })
}

/// Decoding follows the bytes read a step, prefill the operations, memory the bytes.
fn costs(
    plan: &Plan,
    chosen: &[Substitute],
    weights: &Weights,
    sibling: Option<&Weights>,
) -> Vec<SubstituteCost> {
    let size = |weights: &Weights| weights.shape.parameters(weights.head.is_none()) as f64;
    let mut costs = Vec::new();
    for what in chosen {
        let layers = weights.shape.layers as f64;
        let (decode, prefill) = match (what.change, sibling) {
            (Change::Smaller, Some(sibling)) => {
                (size(sibling) / size(weights), size(sibling) / size(weights))
            }
            (Change::DroppedLayers(count), _) => {
                // The last layer stays, however many are asked for.
                let left = 1.0 - (count as f64).min(layers - 1.0) / layers;
                (left, left)
            }
            _ => (what.bits / 16.0, 1.0),
        };
        let cost = |name: String, decode: f64, prefill: f64, note: String| SubstituteCost {
            name,
            decode,
            prefill,
            memory: decode,
            note,
        };
        costs.push(cost(what.name.clone(), decode, prefill, what.note.to_string()));
        if plan.attackers.contains(&what.name) {
            for (suffix, share) in [("last-quarter", 0.25), ("last-half", 0.5)] {
                let mixed = 1.0 - share * (1.0 - decode);
                let note = format!(
                    "{}, for the {} of each answer",
                    what.note,
                    suffix.replace('-', " ")
                );
                costs.push(cost(format!("{}-{suffix}", what.name), mixed, prefill, note));
            }
            for suffix in ["t0.9", "t0.95", "t1.05"] {
                let note = format!("{}, laundered, at temperature {}", what.note, &suffix[1..]);
                costs.push(cost(format!("{}-{suffix}", what.name), decode, prefill, note));
            }
        }
    }
    costs
}
