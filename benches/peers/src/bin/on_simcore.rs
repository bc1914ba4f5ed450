//! The verified network on simcore: a component for each executor, one for the clients.
//!
//! Events are delivered to the component that they are about, so that most carry nothing and cost no allocation.
//! Validations come in the order in which they are sent and go through `emit_ordered`, the queue that the
//! documentation recommends for it. The async mode is left off: it makes every step dearer.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use serde::Serialize;
use simcore::{Event, EventHandler, Id, Simulation, SimulationContext, cast};
use stakeout_peers::{DELAY_NS, EXECUTORS, Job, Outcome, Random, SECOND, inferences};

#[derive(Clone, Serialize)]
struct Tick {}

#[derive(Clone, Serialize)]
struct Validation {}

#[derive(Clone, Serialize)]
struct Completion {}

/// What all components draw from and count in.
struct Shared {
    random: Random,
    outcome: Outcome,
}

struct Executor {
    index: u32,
    first: Id,
    queue: VecDeque<Job>,
    shared: Rc<RefCell<Shared>>,
    context: SimulationContext,
}

impl Executor {
    fn accept(&mut self, job: Job) {
        self.queue.push_back(job);
        if self.queue.len() == 1 {
            self.start();
        }
    }

    fn start(&self) {
        let service = self.shared.borrow_mut().random.service();
        self.context.emit_self(Completion {}, seconds(service));
    }

    fn complete(&mut self) {
        let done = self.queue.pop_front();
        if !self.queue.is_empty() {
            self.start();
        }
        if let Some(Job::Inference { arrived }) = done {
            let mut shared = self.shared.borrow_mut();
            shared.outcome.count(arrived, nanoseconds(self.context.time()));
            if let Some(validator) = shared.random.validator(self.index) {
                self.context
                    .emit_ordered(Validation {}, self.first + validator, seconds(DELAY_NS));
            }
        }
    }
}

impl EventHandler for Executor {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Completion {} => {
                self.complete()
            }
            Validation {} => {
                self.shared.borrow_mut().outcome.validations += 1;
                self.accept(Job::Validation)
            }
        })
    }
}

/// Sends the requests. They reach their executor at once, which is a call and no event, as simcore's documentation
/// has it.
struct Clients {
    to_come: u64,
    executors: Vec<Rc<RefCell<Executor>>>,
    shared: Rc<RefCell<Shared>>,
    context: SimulationContext,
}

impl Clients {
    fn schedule_request(&mut self) {
        if self.to_come > 0 {
            self.to_come -= 1;
            let gap = self.shared.borrow_mut().random.gap();
            self.context.emit_self(Tick {}, seconds(gap));
        }
    }

    fn request(&mut self) {
        self.schedule_request();
        let executor = self.shared.borrow_mut().random.executor();
        let arrived = nanoseconds(self.context.time());
        self.executors[executor as usize]
            .borrow_mut()
            .accept(Job::Inference { arrived });
    }
}

impl EventHandler for Clients {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Tick {} => {
                self.request()
            }
        })
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / SECOND
}

fn nanoseconds(seconds: f64) -> u64 {
    (seconds * SECOND).round() as u64
}

fn main() {
    let inferences = inferences();
    let mut simulation = Simulation::new(1);
    let shared = Rc::new(RefCell::new(Shared {
        random: Random::new(),
        outcome: Outcome::default(),
    }));
    let contexts: Vec<_> = (0..EXECUTORS)
        .map(|index| simulation.create_context(index.to_string()))
        .collect();
    let first = contexts[0].id();
    let mut executors = Vec::new();
    for (index, context) in (0..).zip(contexts) {
        let name = context.name().to_string();
        let queue = VecDeque::new();
        let executor = Executor {
            index,
            first,
            queue,
            shared: shared.clone(),
            context,
        };
        let executor = Rc::new(RefCell::new(executor));
        simulation.add_handler(name, executor.clone());
        executors.push(executor);
    }
    let context = simulation.create_context("clients");
    let clients = Clients {
        to_come: inferences,
        executors,
        shared: shared.clone(),
        context,
    };
    let clients = Rc::new(RefCell::new(clients));
    simulation.add_handler("clients", clients.clone());
    clients.borrow_mut().schedule_request();
    simulation.step_until_no_events();
    shared.borrow().outcome.print(inferences);
}
