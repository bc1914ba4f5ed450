//! The verified network on nexosim: one model that schedules its own inputs, on the single-threaded executor.
//!
//! One model stands for the whole network: a model of its own for each executor would add a mailbox and a message to
//! every event. More threads would not help either, since nexosim runs in parallel only what happens at the same instant.

use std::collections::VecDeque;
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::QuerySource;
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use stakeout_peers::{DELAY_NS, EXECUTORS, Job, Outcome, Random, inferences};

#[derive(Serialize, Deserialize)]
struct Network {
    random: Random,
    queues: Vec<VecDeque<Job>>,
    to_come: u64,
    outcome: Outcome,
}

#[Model]
impl Network {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        self.schedule_request(context);
    }

    #[nexosim(schedulable)]
    fn request(&mut self, _: (), context: &Context<Self>) {
        self.schedule_request(context);
        let executor = self.random.executor();
        let arrived = nanoseconds(context);
        self.accept(executor, Job::Inference { arrived }, context);
    }

    #[nexosim(schedulable)]
    fn validation(&mut self, executor: u32, context: &Context<Self>) {
        self.outcome.validations += 1;
        self.accept(executor, Job::Validation, context);
    }

    #[nexosim(schedulable)]
    fn completion(&mut self, executor: u32, context: &Context<Self>) {
        let queue = &mut self.queues[executor as usize];
        let done = queue.pop_front();
        if !queue.is_empty() {
            self.start(executor, context);
        }
        if let Some(Job::Inference { arrived }) = done {
            self.outcome.count(arrived, nanoseconds(context));
            if let Some(validator) = self.random.validator(executor) {
                let delay = Duration::from_nanos(DELAY_NS);
                context
                    .schedule_event(delay, schedulable!(Self::validation), validator)
                    .expect("a delay");
            }
        }
    }

    /// What the run saw: a query, answered once at the end.
    async fn outcome(&mut self, _: ()) -> Outcome {
        self.outcome
    }

    fn accept(&mut self, executor: u32, job: Job, context: &Context<Self>) {
        let queue = &mut self.queues[executor as usize];
        queue.push_back(job);
        if queue.len() == 1 {
            self.start(executor, context);
        }
    }

    fn start(&mut self, executor: u32, context: &Context<Self>) {
        let service = positive(self.random.service());
        context
            .schedule_event(service, schedulable!(Self::completion), executor)
            .expect("a positive time");
    }

    fn schedule_request(&mut self, context: &Context<Self>) {
        if self.to_come > 0 {
            self.to_come -= 1;
            let gap = positive(self.random.gap());
            context
                .schedule_event(gap, schedulable!(Self::request), ())
                .expect("a positive time");
        }
    }
}

/// Nexosim schedules nothing for the same instant; one gap in 150,000 is shorter than a nanosecond.
fn positive(nanoseconds: u64) -> Duration {
    Duration::from_nanos(nanoseconds.max(1))
}

fn nanoseconds(context: &Context<Network>) -> u64 {
    let now = context.time().duration_since(MonotonicTime::EPOCH);
    now.as_nanos() as u64
}

fn main() {
    let inferences = inferences();
    let network = Network {
        random: Random::new(),
        queues: (0..EXECUTORS).map(|_| VecDeque::new()).collect(),
        to_come: inferences,
        outcome: Outcome::default(),
    };
    let mailbox = Mailbox::new();
    let mut bench = SimInit::with_num_threads(1);
    let outcome = QuerySource::new()
        .connect(Network::outcome, &mailbox)
        .register(&mut bench);
    let bench = bench.add_model(network, mailbox, "network");
    let mut simulation = bench.init(MonotonicTime::EPOCH).expect("the bench is complete");
    simulation.run().expect("no model fails");
    let outcome = simulation
        .process_query(&outcome, ())
        .expect("the network answers");
    outcome.print(inferences);
}
