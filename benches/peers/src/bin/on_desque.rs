//! The verified network on desque: one state, an event type for each of the three things that happen.
//!
//! As in desque's examples, every event is a small struct and the state holds queues, generator and statistics. The
//! clock is an integer, which spares the wrapper that floats need.

use std::collections::VecDeque;

use desque::SimState;
use desque::serial::{OkEvent, Simulation};
use stakeout_peers::{DELAY_NS, EXECUTORS, Job, Outcome, Random, inferences};

type Network = Simulation<State, u64>;

struct State {
    random: Random,
    queues: Vec<VecDeque<Job>>,
    to_come: u64,
    outcome: Outcome,
}

impl SimState<u64> for State {}

#[derive(Debug)]
struct Request;

#[derive(Debug)]
struct Validation {
    executor: u32,
}

#[derive(Debug)]
struct Completion {
    executor: u32,
}

impl OkEvent<State, u64> for Request {
    fn execute(&mut self, network: &mut Network) {
        schedule_request(network);
        let executor = network.state_mut().random.executor();
        let arrived = *network.current_time();
        accept(network, executor, Job::Inference { arrived });
    }
}

impl OkEvent<State, u64> for Validation {
    fn execute(&mut self, network: &mut Network) {
        network.state_mut().outcome.validations += 1;
        accept(network, self.executor, Job::Validation);
    }
}

impl OkEvent<State, u64> for Completion {
    fn execute(&mut self, network: &mut Network) {
        let now = *network.current_time();
        let queue = &mut network.state_mut().queues[self.executor as usize];
        let done = queue.pop_front();
        if !queue.is_empty() {
            start(network, self.executor);
        }
        if let Some(Job::Inference { arrived }) = done {
            let state = network.state_mut();
            state.outcome.count(arrived, now);
            if let Some(executor) = state.random.validator(self.executor) {
                schedule(network, Validation { executor }, DELAY_NS);
            }
        }
    }
}

fn accept(network: &mut Network, executor: u32, job: Job) {
    let queue = &mut network.state_mut().queues[executor as usize];
    queue.push_back(job);
    if queue.len() == 1 {
        start(network, executor);
    }
}

fn start(network: &mut Network, executor: u32) {
    let service = network.state_mut().random.service();
    schedule(network, Completion { executor }, service);
}

fn schedule_request(network: &mut Network) {
    if network.state().to_come > 0 {
        network.state_mut().to_come -= 1;
        let gap = network.state_mut().random.gap();
        schedule(network, Request, gap);
    }
}

fn schedule(network: &mut Network, event: impl OkEvent<State, u64> + 'static, delay: u64) {
    network
        .schedule_with_delay(event, delay)
        .expect("a delay is not negative");
}

fn main() {
    let inferences = inferences();
    let state = State {
        random: Random::new(),
        queues: (0..EXECUTORS).map(|_| VecDeque::new()).collect(),
        to_come: inferences,
        outcome: Outcome::default(),
    };
    let mut network = Simulation::new(state, 0);
    schedule_request(&mut network);
    network.run().expect("no event fails");
    network.state().outcome.print(inferences);
}
