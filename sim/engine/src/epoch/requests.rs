//! How many requests each host gets in a stretch of time, and who takes over those of an expelled host.
//!
//! Requests of a model are a Poisson process whose points choose a host by weight, so each host's requests are a
//! Poisson process of their own. What a host can no longer take goes to the others by weight.
//!
//! **Invariant.** Every request is served by somebody or turned away.

use stakeout_kernel::sample::poisson_from;

use super::serve::{Gone, Keys, Load, Stretch, exposure, serve};
use crate::world::{Draw, Window, World, draw_of};

/// Below this many requests a host they are drawn one by one.
const SPARSE: f64 = 0.25;
/// Degrees of exposure; see [`exposure`].
const EXPOSURES: u8 = 3;

/// Requests of one model in a stretch.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Expected number.
    pub expected: f64,
    /// Price of a model token, base units.
    pub price: u64,
    /// Only preserved hosts serve.
    pub is_paused: bool,
}

/// A stretch, what is wanted in it, and the streams it draws from.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Streams.
    pub keys: &'a Keys,
    /// When.
    pub stretch: &'a Stretch,
    /// What, by model.
    pub wanted: &'a [Wanted],
}

/// Buffers that keep their memory.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Requests by model and member of its group.
    counts: Vec<Vec<u32>>,
    /// Answers that a stretch has numbered, by participant.
    numbered: Vec<u32>,
    /// Who was expelled in the stretch.
    gone: Vec<Gone>,
    /// One host's requests.
    loads: Vec<Load>,
    /// Requests that came after their host had been expelled, by model.
    surplus: Vec<u64>,
}

/// Serves all requests of a stretch; says what clients laid down for them, base units.
pub fn serve_stretch(world: &mut World<'_>, scratch: &mut Scratch, task: &Task<'_>) -> i128 {
    scratch.numbered.clear();
    scratch.numbered.resize(world.scenario.hosts.len(), 0);
    scratch.gone.clear();
    scratch.counts.resize(task.wanted.len(), Vec::new());
    let (mut billed, mut round, mut is_left) = (0, 0, false);
    for model in 0..task.wanted.len() {
        is_left |= draw_counts(world, scratch, task, model);
    }
    while is_left {
        scratch.surplus.clear();
        scratch.surplus.resize(task.wanted.len(), 0);
        // Those whom checks may convict come first, so that the others' checks know who left, and when.
        for degree in 0..EXPOSURES {
            world.stamp_plans();
            if serve_round(world, scratch, task, degree, &mut billed) {
                world.collect();
                world.expel();
            }
        }
        round += 1;
        is_left = false;
        for model in 0..task.wanted.len() {
            is_left |= spread(world, scratch, task, model, round);
        }
    }
    for finished in &mut world.lanes[0].finished {
        world.traffic[0] += std::mem::take(&mut finished.inferences);
        finished.tokens = 0;
    }
    world.update_targets();
    billed
}

fn total(world: &World<'_>, model: usize, is_paused: bool) -> u64 {
    if is_paused {
        world.preserved.total(model as u16)
    } else {
        world.groups[model].total
    }
}

/// Draws every member's requests; says whether there are any to serve.
fn draw_counts(world: &mut World<'_>, scratch: &mut Scratch, task: &Task<'_>, model: usize) -> bool {
    let Task {
        keys,
        stretch,
        wanted,
    } = *task;
    let wanted = &wanted[model];
    let members = world.groups[model].members.len();
    let counts = &mut scratch.counts[model];
    counts.clear();
    counts.resize(members, 0);
    let stretch_word = u64::from(stretch.number) << 32;
    let sub = (model as u64) << 40;
    let whole = || {
        poisson_from(
            &mut keys.count.stream(stretch_word | 0xFFFF_FFFF, sub),
            wanted.expected,
        )
    };
    let total = total(world, model, wanted.is_paused);
    if total == 0 {
        world.totals.unassigned += whole();
        return false;
    }
    if wanted.expected < SPARSE * members as f64 {
        return pick_each(world, scratch, task, model, (whole(), 0));
    }
    let each = wanted.expected / total as f64;
    for (count, member) in counts.iter_mut().zip(&world.groups[model].members) {
        let is_serving = !wanted.is_paused || world.preserved.contains(member.participant);
        if is_serving && member.weight > 0 {
            let mut stream = keys
                .count
                .stream(stretch_word | u64::from(member.participant), sub);
            *count = poisson_from(&mut stream, each * member.weight as f64) as u32;
        }
    }
    true
}

/// Gives requests that expelled hosts left to the others; says whether there are any.
fn spread(world: &mut World<'_>, scratch: &mut Scratch, task: &Task<'_>, model: usize, round: u64) -> bool {
    scratch.counts[model].fill(0);
    let surplus = scratch.surplus[model];
    if surplus > 0 && total(world, model, task.wanted[model].is_paused) == 0 {
        world.totals.unassigned += surplus;
        return false;
    }
    pick_each(world, scratch, task, model, (surplus, round))
}

/// Chooses an executor for each of `count` requests; says whether there are any.
fn pick_each(
    world: &World<'_>,
    scratch: &mut Scratch,
    task: &Task<'_>,
    model: usize,
    (count, round): (u64, u64),
) -> bool {
    let sub = round << 40 | model as u64;
    for request in 0..count {
        let counter = u64::from(task.stretch.number) << 32 | request;
        let word = task.keys.executor.draw(counter, sub);
        let member = if task.wanted[model].is_paused {
            world.preserved.pick(model as u16, word)
        } else {
            Some(world.groups[model].pick.pick(word))
        };
        if let Some(member) = member {
            scratch.counts[model][member] += 1;
        }
    }
    count > 0
}

/// Serves what has been counted for hosts of one degree of exposure; says whether there were any.
fn serve_round(
    world: &mut World<'_>,
    scratch: &mut Scratch,
    task: &Task<'_>,
    degree: u8,
    billed: &mut i128,
) -> bool {
    let World {
        lanes,
        tables,
        groups,
        targets,
        scenario,
        plan_stamps,
        parity,
        epoch_start,
        epoch,
        cut,
        epoch_start_window,
        schedule,
        ..
    } = world;
    let Task {
        keys,
        stretch,
        wanted,
    } = *task;
    let draw = draw_of(&scenario.protocol.sampling, scenario.protocol.sampling_draw);
    let window = Window {
        tables,
        groups,
        index: 0,
        end: stretch.to,
        height: stretch.origin + tables.window_of(stretch.from) + 1,
        paused_until: 0,
        targets,
        is_plain: draw == Draw::Independent,
        plan_stamps,
        parity: *parity,
        epoch_start: *epoch_start,
        epoch: *epoch,
        cut: *cut,
        blocks_to_poc: (*epoch_start_window + schedule.effective_windows)
            .saturating_sub(tables.window_of(stretch.from)),
        dispute: &scenario.protocol.dispute,
        collateral: &scenario.protocol.collateral,
        draw,
        sampling: &scenario.protocol.sampling,
        measures: &scenario.protocol.measures,
        at_least_one: scenario.protocol.sampling.at_least_one_for_newcomers,
    };
    let lane = &mut lanes[0];
    let mut was_anybody = false;
    for (participant, host) in (0_u32..).zip(&scenario.hosts) {
        if exposure(lane, participant) != degree {
            continue;
        }
        was_anybody = true;
        scratch.loads.clear();
        let mut first = scratch.numbered[participant as usize];
        let mut weight = 0;
        for &model in &host.models {
            let group = &groups[usize::from(model)];
            let member = place(group, participant);
            let count = scratch.counts[usize::from(model)][member];
            if count == 0 {
                continue;
            }
            weight = group.members[member].weight;
            scratch.loads.push(Load {
                participant,
                member: member as u32,
                model,
                price: wanted[usize::from(model)].price,
                count,
                first,
                taken: count,
            });
            first += count;
        }
        if scratch.loads.is_empty() {
            continue;
        }
        let served = serve(lane, &window, keys, stretch, (&mut scratch.loads, &scratch.gone));
        scratch.numbered[participant as usize] = first;
        *billed += served.billed;
        for load in &scratch.loads {
            scratch.surplus[usize::from(load.model)] += u64::from(load.count - load.taken);
        }
        if let Some(left_at) = served.left_at {
            scratch.gone.push(Gone {
                participant,
                weight,
                left_at,
            });
        }
    }
    was_anybody
}

/// A host's place in a group of its models. Where everybody serves the model it is its number.
fn place(group: &crate::world::Group, participant: u32) -> usize {
    let at = participant as usize;
    match group.executors.get(at) {
        Some(&executor) if executor == participant => at,
        _ => group
            .position(participant)
            .expect("hosts are members of their models' groups"),
    }
}
