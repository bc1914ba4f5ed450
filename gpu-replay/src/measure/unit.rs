//! Units of work: what they are called and which prompts they take.

use super::plan::Plan;
use crate::stratum::Stratum;

/// What a unit does with its prompts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The promised model on all kernels, each verified on each other.
    Deep,
    /// The promised model on the cheap kernels.
    Wide,
    /// One substitute, naive, decoding on a kernel.
    Naive(String, Stratum),
    /// One substitute, every attack beyond the naive one.
    Attacks(String),
}

/// A task and a range of prompts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// The task.
    pub task: Task,
    /// First prompt.
    pub begin: usize,
    /// End of the range.
    pub end: usize,
}

impl Unit {
    /// The substitute and the kernel that it decodes on, if the unit is about one.
    pub fn substitute(&self, plan: &Plan) -> Option<(&str, Stratum)> {
        match &self.task {
            Task::Deep | Task::Wide => None,
            Task::Naive(name, kernel) => Some((name, *kernel)),
            Task::Attacks(name) => Some((name, plan.executors[0])),
        }
    }

    /// The name of its file.
    pub fn name(&self) -> String {
        let task = match &self.task {
            Task::Deep => "deep".to_string(),
            Task::Wide => "wide".to_string(),
            Task::Naive(name, kernel) => format!("naive-{name}-{}", kernel.name()),
            Task::Attacks(name) => format!("attacks-{name}"),
        };
        format!("{task}-{:06}", self.begin)
    }
}

/// All units of a plan, in the order in which their answers are read.
pub fn units(plan: &Plan) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut add = |task: &Task, begin: usize, end: usize| {
        for begin in (begin..end).step_by(plan.batch) {
            units.push(Unit {
                task: task.clone(),
                begin,
                end: end.min(begin + plan.batch),
            });
        }
    };
    add(&Task::Deep, 0, plan.deep.prompts);
    // The deep tier holds the wide one's kernels already.
    add(&Task::Wide, plan.deep.prompts, plan.wide.prompts);
    for name in &plan.substitutes {
        for kernel in &plan.executors {
            add(&Task::Naive(name.clone(), *kernel), 0, plan.substitute_prompts);
        }
    }
    for name in &plan.attackers {
        add(&Task::Attacks(name.clone()), 0, plan.substitute_prompts);
    }
    units
}
