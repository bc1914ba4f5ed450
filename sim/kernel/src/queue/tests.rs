//! The bucketed set against the heap, and both against queueing theory.

use super::*;
use crate::sample::{exponential_ns, unit_closed_open};
use crate::streams::StreamKey;
use crate::time::SimDuration;

fn mean_gap(round: u64) -> f64 {
    // The load changes its pace by twelve powers of ten, so that the width has to follow.
    [1e3, 1e9, 1.0, 1e6, 1e12, 1e4][(round / 30_000 % 6) as usize]
}

/// Runs the same random schedule, ties and cancellations included, and lists what came out.
fn history(queue: &mut impl PendingEvents<u64>, rounds: u64, initial: u64) -> Vec<(u64, u64)> {
    let key = StreamKey::from_raw(67);
    let (mut now, mut keys, mut out) = (SimTime::ZERO, Vec::new(), Vec::new());
    for event in 0..initial {
        let time = SimTime::from_nanos(exponential_ns(key.draw(event, 1), 1e6));
        keys.push(queue.schedule(time, EventClass(0), event));
    }
    for round in 0..rounds {
        let [gap, choice] = key.draw2(round, 0);
        let delay = if choice % 8 == 0 {
            0
        } else {
            exponential_ns(gap, mean_gap(round))
        };
        let time = now + SimDuration::from_nanos(delay);
        keys.push(queue.schedule(time, EventClass((choice >> 60) as u8), initial + round));
        if choice >> 8 & 7 == 0 {
            let victim = keys[(unit_closed_open(gap) * keys.len() as f64) as usize];
            let cancelled = queue.cancel(victim);
            out.push((u64::MAX, cancelled.unwrap_or(u64::MAX)));
            assert_eq!(queue.cancel(victim), None);
        }
        if let Some((time, event)) = queue.pop() {
            assert!(time >= now);
            now = time;
            out.push((time.nanos(), event));
        }
    }
    while let Some((time, event)) = queue.pop() {
        out.push((time.nanos(), event));
    }
    assert!(queue.is_empty());
    out
}

#[test]
fn the_bucketed_set_gives_what_the_heap_gives() {
    for initial in [0, 1, 50, 5_000, 100_000] {
        let heap = history(&mut HeapQueue::new(), 200_000, initial);
        let buckets = history(&mut EventQueue::new(), 200_000, initial);
        assert!(
            heap == buckets,
            "{initial} events at the start: the two sets disagree"
        );
    }
}

#[test]
fn one_instant_is_ordered_by_class_and_then_by_scheduling() {
    let mut queue = EventQueue::new();
    let at = SimTime::from_seconds(3);
    for (class, event) in [(2, 'c'), (1, 'a'), (2, 'd'), (1, 'b')] {
        queue.schedule(at, EventClass(class), event);
    }
    let order: String = std::iter::from_fn(|| queue.pop())
        .map(|(_, event)| event)
        .collect();
    assert_eq!(order, "abcd");
}

#[test]
fn a_key_does_not_cancel_the_next_event_in_its_slot() {
    let mut queue = EventQueue::new();
    let first = queue.schedule(SimTime::from_nanos(5), EventClass(0), 1);
    assert_eq!(queue.pop(), Some((SimTime::from_nanos(5), 1)));
    let second = queue.schedule(SimTime::from_nanos(9), EventClass(0), 2);
    assert_eq!(queue.cancel(first), None);
    assert_eq!(queue.cancel(second), Some(2));
    assert_eq!((queue.len(), queue.pop()), (0, None));
}

#[test]
fn the_end_of_time_can_be_scheduled() {
    let mut queue = EventQueue::new();
    queue.schedule(SimTime::MAX, EventClass(0), 1);
    queue.schedule(SimTime::ZERO, EventClass(0), 0);
    assert_eq!(queue.pop(), Some((SimTime::ZERO, 0)));
    assert_eq!(queue.pop(), Some((SimTime::MAX, 1)));
    assert_eq!(queue.pop(), None);
}

#[test]
#[should_panic(expected = "before the last one")]
fn the_past_cannot_be_scheduled() {
    let mut queue = EventQueue::new();
    queue.schedule(SimTime::from_seconds(2), EventClass(0), ());
    queue.pop();
    queue.schedule(SimTime::from_seconds(1), EventClass(0), ());
}

enum Happening {
    Arrival,
    Departure,
}

/// Mean wait in an M/M/c queue, in mean service times.
fn simulate_mmc(queue: &mut impl PendingEvents<Happening>, servers: u32, load: f64, customers: u64) -> f64 {
    let key = StreamKey::from_raw(71);
    let service_ns = 1e9;
    let gap_ns = service_ns / (load * f64::from(servers));
    let mut waiting = std::collections::VecDeque::new();
    let (mut busy, mut arrived, mut started, mut waited) = (0, 0_u64, 0_u64, 0_u128);
    queue.schedule(SimTime::ZERO, EventClass(1), Happening::Arrival);
    while let Some((now, event)) = queue.pop() {
        match event {
            Happening::Arrival => {
                waiting.push_back(now);
                arrived += 1;
                if arrived < customers {
                    let gap = SimDuration::from_nanos(exponential_ns(key.draw(arrived, 0), gap_ns));
                    queue.schedule(now + gap, EventClass(1), Happening::Arrival);
                }
            }
            Happening::Departure => busy -= 1,
        }
        while busy < servers
            && let Some(since) = waiting.pop_front()
        {
            busy += 1;
            started += 1;
            waited += u128::from(now.since(since).nanos());
            let service = SimDuration::from_nanos(exponential_ns(key.draw(started, 1), service_ns));
            queue.schedule(now + service, EventClass(0), Happening::Departure);
        }
    }
    waited as f64 / customers as f64 / service_ns
}

/// Erlang's C formula: the probability of waiting, over `c (1 - load)`.
fn erlang_mean_wait(servers: u32, load: f64) -> f64 {
    let offered = load * f64::from(servers);
    let blocking = (1..=servers).fold(1.0, |b, n| offered * b / (f64::from(n) + offered * b));
    let waiting = blocking / (1.0 - load * (1.0 - blocking));
    waiting / (f64::from(servers) * (1.0 - load))
}

/// 2,000,000 customers at load 0.8: by batches of 20,000 the standard error of the mean wait is about 0.6 %;
/// 4 % are allowed, more than 6 of them. Fixed seed.
#[test]
fn an_mmc_queue_waits_as_erlang_says() {
    assert!((erlang_mean_wait(16, 0.8) - 0.095_28).abs() < 5e-6);
    let seen = simulate_mmc(&mut EventQueue::new(), 16, 0.8, 2_000_000);
    assert!((seen / erlang_mean_wait(16, 0.8) - 1.0).abs() < 0.04, "{seen}");
    assert_eq!(
        simulate_mmc(&mut HeapQueue::new(), 3, 0.7, 100_000),
        simulate_mmc(&mut EventQueue::new(), 3, 0.7, 100_000)
    );
}
