//! How many requests each host gets in a stretch of time, and who takes over those of an expelled host.
//!
//! Requests of a model are a Poisson process whose points choose a host by weight, so each host's requests are a
//! Poisson process of their own. What a host can no longer take goes to the others by weight.
//!
//! **Invariant.** Every request is served by somebody or turned away.

use std::collections::VecDeque;

use stakeout_kernel::sample::{PoissonLaw, poisson_from};

use super::bulk::Memory;
use super::serve::{Gone, Keys, Late, Load, Pending, Stretch, exposure, serve};
use crate::world::{Lane, StatusChange, Window, World};

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
    /// Those that were taken over by hosts that had been served: they are served in the next round.
    next: Vec<Vec<u32>>,
    /// When everybody's turn is in this round, by participant; see [`exposure`].
    degrees: Vec<u8>,
    /// Answers that a stretch has numbered, by participant.
    numbered: Vec<u32>,
    /// Who was expelled in the stretch.
    gone: Vec<Gone>,
    /// What hosts that are summed up share.
    bulk: Memory,
    /// One host's requests.
    loads: Vec<Load>,
    /// Requests that came after their host had been expelled, by model.
    surplus: Vec<u64>,
    /// Misses on their way to the block, by participant.
    late: Vec<VecDeque<Late>>,
    /// Who has been convicted in this round, and leaves with a block of a later stretch.
    convicted: Vec<Gone>,
    /// Who has been convicted before and leaves with a block of this stretch or a later one.
    leaving: Vec<(Gone, StatusChange)>,
}

impl Scratch {
    /// When a host leaves that has been convicted in an earlier stretch, ns since the run's start.
    fn leaves_at(&self, participant: u32) -> Option<u64> {
        let found = self
            .leaving
            .iter()
            .find(|(gone, _)| gone.participant == participant);
        found.map(|(gone, _)| gone.left_at)
    }

    /// Says whose turn is when: who leaves for sure comes first, then those whom checks may convict, so that the others'
    /// checks know who left, and when.
    fn rank(&mut self, lane: &Lane) {
        let participants = 0..self.numbered.len() as u32;
        self.degrees.clear();
        self.degrees.extend(participants.map(|at| exposure(lane, at)));
        for (gone, _) in &self.leaving {
            self.degrees[gone.participant as usize] = 0;
        }
    }

    /// Turns to what was taken over by hosts that had been served; says whether there is any.
    fn turn(&mut self) -> bool {
        std::mem::swap(&mut self.counts, &mut self.next);
        self.next.iter_mut().for_each(|counts| counts.fill(0));
        self.counts.iter().flatten().any(|&count| count > 0)
    }

    /// Whether something is on its way to a block.
    fn has_pending(&self) -> bool {
        !self.leaving.is_empty() || self.late.iter().any(|late| !late.is_empty())
    }

    /// Keeps back those whose expulsion reaches a block behind the stretch, and lets those go whose time has come.
    fn keep_leaving(&mut self, lane: &mut Lane, stretch: &Stretch) {
        let (convicted, leaving) = (&self.convicted, &mut self.leaving);
        lane.changes.retain(|change| {
            let found = convicted
                .iter()
                .find(|gone| gone.participant == change.participant);
            found.is_none_or(|gone| {
                leaving.push((*gone, *change));
                false
            })
        });
        let due = leaving.extract_if(.., |(gone, _)| stretch.has(gone.left_at));
        lane.changes.extend(due.map(|(_, change)| change));
        self.convicted.clear();
    }
}

/// Serves all requests of a stretch; says what clients laid down for them, base units.
pub fn serve_stretch(world: &mut World<'_>, scratch: &mut Scratch, task: &Task<'_>) -> i128 {
    scratch.numbered.clear();
    scratch.numbered.resize(world.scenario.hosts.len(), 0);
    scratch.gone.clear();
    scratch
        .late
        .resize_with(world.scenario.hosts.len(), VecDeque::new);
    scratch.counts.resize(task.wanted.len(), Vec::new());
    scratch.next.resize(task.wanted.len(), Vec::new());
    let (mut billed, mut spreads, mut is_left) = (0, 0, false);
    for model in 0..task.wanted.len() {
        is_left |= draw_counts(world, scratch, task, model);
        let (laws, most) = (world.tables.lengths(model), world.tables.max_tokens);
        let long_run = &mut scratch.bulk.sum_up.long_run;
        long_run.expect(model, task.wanted[model].expected, laws, most);
        let members = scratch.counts[model].len();
        scratch.next[model].clear();
        scratch.next[model].resize(members, 0);
    }
    is_left |= scratch.has_pending();
    while is_left {
        scratch.rank(&world.lanes[0]);
        for degree in 0..EXPOSURES {
            world.stamp_plans();
            scratch.surplus.clear();
            scratch.surplus.resize(task.wanted.len(), 0);
            if !serve_round(world, scratch, task, degree, &mut billed) {
                continue;
            }
            world.collect();
            scratch.keep_leaving(&mut world.lanes[0], task.stretch);
            world.expel();
            spreads += 1;
            for model in 0..task.wanted.len() {
                spread(world, scratch, task, model, (spreads, degree));
            }
        }
        is_left = scratch.turn();
    }
    for finished in &mut world.lanes[0].sums.finished {
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
    let members = world.groups[model].executors.len();
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
        let count = whole();
        pick_each(world, task, model, (count, 0), |member| {
            scratch.counts[model][member] += 1;
        });
        return count > 0;
    }
    let each = wanted.expected / total as f64;
    // Neighbours often have the same weight.
    let mut law = (0, PoissonLaw::new(0.0));
    for (count, member) in counts.iter_mut().zip(world.groups[model].members()) {
        let is_serving = !wanted.is_paused || world.preserved.contains(member.participant);
        if is_serving && member.weight > 0 {
            let mut stream = keys
                .count
                .stream(stretch_word | u64::from(member.participant), sub);
            if law.0 != member.weight {
                law = (member.weight, PoissonLaw::new(each * member.weight as f64));
            }
            *count = law.1.draw(&mut stream) as u32;
        }
    }
    true
}

/// Gives requests that expelled hosts left to the others: to those whose turn comes yet with their own, to the others in the
/// next round.
fn spread(
    world: &mut World<'_>,
    scratch: &mut Scratch,
    task: &Task<'_>,
    model: usize,
    (round, degree): (u64, u8),
) {
    let surplus = scratch.surplus[model];
    if surplus > 0 && total(world, model, task.wanted[model].is_paused) == 0 {
        world.totals.unassigned += surplus;
        return;
    }
    let executors = &world.groups[model].executors;
    let (counts, next) = (&mut scratch.counts[model], &mut scratch.next[model]);
    pick_each(world, task, model, (surplus, round), |member| {
        let participant = executors.at(member) as usize;
        if scratch.degrees[participant] > degree {
            counts[member] += 1;
        } else {
            next[member] += 1;
        }
    });
}

/// Chooses an executor for each of `count` requests.
fn pick_each(
    world: &World<'_>,
    task: &Task<'_>,
    model: usize,
    (count, round): (u64, u64),
    mut give: impl FnMut(usize),
) {
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
            give(member);
        }
    }
}

/// Serves what has been counted for hosts of one degree of exposure; says whether there were any.
fn serve_round(
    world: &mut World<'_>,
    scratch: &mut Scratch,
    task: &Task<'_>,
    degree: u8,
    billed: &mut i128,
) -> bool {
    let Task {
        keys,
        stretch,
        wanted,
    } = *task;
    let scenario = world.scenario;
    let (lanes, window) = world.split(stretch.to);
    let groups = window.groups;
    // The stretch may lie anywhere in what comes before the next stage; nothing waits, so votes count their blocks from 0.
    let begun = window.tables.window_of(stretch.from);
    let window = Window {
        index: 0,
        height: stretch.origin + begun + 1,
        paused_until: 0,
        blocks_to_poc: (window.blocks_to_poc + window.index).saturating_sub(begun),
        ..window
    };
    let lane = &mut lanes[0];
    let mut was_anybody = false;
    for (participant, host) in (0_u32..).zip(&scenario.hosts) {
        if scratch.degrees[participant as usize] != degree {
            continue;
        }
        let leaves_at = scratch.leaves_at(participant);
        scratch.loads.clear();
        let mut first = scratch.numbered[participant as usize];
        let mut weight = 0;
        let is_pending = leaves_at.is_some() || !scratch.late[participant as usize].is_empty();
        for &model in &host.models {
            let group = &groups[usize::from(model)];
            let member = place(group, participant);
            let count = scratch.counts[usize::from(model)][member];
            if count == 0 && !is_pending {
                continue;
            }
            weight = group.weights[member];
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
        was_anybody = true;
        let pending = Pending {
            late: &mut scratch.late[participant as usize],
            leaves_at,
        };
        let loads = (&mut scratch.loads[..], &scratch.gone[..]);
        let memory = &mut scratch.bulk;
        let served = serve(lane, &window, keys, stretch, loads, memory, pending);
        scratch.numbered[participant as usize] = first;
        *billed += served.billed;
        for load in &scratch.loads {
            scratch.surplus[usize::from(load.model)] += u64::from(load.count - load.taken);
        }
        if let Some(left_at) = served.left_at {
            let gone = Gone {
                participant,
                weight,
                left_at,
            };
            if stretch.has(left_at) {
                scratch.gone.push(gone);
            } else if leaves_at.is_none() {
                scratch.convicted.push(gone);
            }
        }
    }
    lane.settle_votes(&window);
    *billed += scratch.bulk.sum_up.book(lane, &window, keys);
    was_anybody
}

/// A host's place in a group of its models.
fn place(group: &crate::world::Group, participant: u32) -> usize {
    group
        .position(participant)
        .expect("hosts are members of their models' groups")
}
