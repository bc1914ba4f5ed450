//! Queues, latency and capacity.
//!
//! Invariant: a queue is observed after a warm-up of at least ten of its relaxation times.

use std::collections::VecDeque;

use stakeout_engine::oracle::{Observation, Parameter, Parameters};
use stakeout_kernel::queue::{EventClass, EventQueue, PendingEvents};
use stakeout_kernel::time::SimTime;

use crate::check::{Check, Kind, Observed, figures, require};
use crate::dice::Dice;

/// The checks of this theme.
pub const CHECKS: &[Check] = &[
    ERLANG_B,
    POLLACZEK,
    VACATION,
    TANDEM,
    POWER_OF_CHOICES,
    LITTLE,
    AVAILABILITY,
    SUPERPOSITION,
    RENEWAL,
];

const ERLANG_B: Check = Check {
    id: "erlang-b",
    catalogue: &[3],
    title: "Requests refused by c slots without a line (M/M/c/c)",
    source: "Erlang 1917",
    kind: Kind::Chance,
    parameters: || vec![Parameter::count("c", 10), Parameter::positive("a", 8.0)],
    expected: |p| {
        let blocking = compute_erlang_b(p.count("c"), p.get("a"));
        figures([("share refused", blocking)])
    },
    observe: |p, o| {
        let (slots, offered) = (f64::from(p.count("c")), p.get("a"));
        let mut dice = Dice::new(o.seed, 3);
        let (mut busy, mut refused, mut seen) = (0.0, 0_u64, 0_u64);
        let warm_up = o.size / 10 + 100 * u64::from(p.count("c"));
        while seen < warm_up + o.size {
            if dice.chance(offered / (offered + busy)) {
                seen += 1;
                if busy < slots {
                    busy += 1.0;
                } else if seen > warm_up {
                    refused += 1;
                }
            } else {
                busy -= 1.0;
            }
        }
        Ok(vec![refused as f64 / o.size as f64])
    },
};

fn compute_erlang_b(slots: u32, offered: f64) -> f64 {
    (1..=slots).fold(1.0, |blocking, k| {
        offered * blocking / (f64::from(k) + offered * blocking)
    })
}

const POLLACZEK: Check = Check {
    id: "pollaczek-khinchine",
    catalogue: &[4],
    title: "Mean wait where service times vary (M/G/1)",
    source: "Pollaczek 1930; Khinchine 1932",
    kind: Kind::Chance,
    parameters: || vec![load(0.8), Parameter::positive("cs2", 4.0)],
    expected: |p| {
        let wait = |variation: f64| p.get("rho") * (1.0 + variation) / (2.0 * (1.0 - p.get("rho")));
        figures([
            ("mean wait over service", wait(p.get("cs2"))),
            ("mean wait over service, constant service", wait(0.0)),
        ])
    },
    observe: |p, o| {
        let wait = |purpose: u8, variation: f64| {
            let mut dice = Dice::new(o.seed, purpose);
            let (mut wait, mut sum) = (0.0_f64, 0.0);
            let warm_up = warm_up(p, variation);
            for request in 0..warm_up + o.size {
                if request >= warm_up {
                    sum += wait;
                }
                let service = draw_service(&mut dice, variation);
                wait = (wait + service - dice.exponential(1.0 / p.get("rho"))).max(0.0);
            }
            sum / o.size as f64
        };
        Ok(vec![wait(4, p.get("cs2")), wait(5, 0.0)])
    },
};

fn load(default: f64) -> Parameter {
    let range: (&str, fn(f64) -> bool) = ("a number from 0.01 to 0.99", |value| {
        (0.01..=0.99).contains(&value)
    });
    Parameter::ranged("rho", default, range)
}

/// Requests in ten relaxation times of a queue of this load and variation.
fn warm_up(p: &Parameters, variation: f64) -> u64 {
    let gap = 1.0 - p.get("rho");
    (10.0 * (1.0 + variation) / (gap * gap)) as u64 + 100
}

/// A service time of mean one and this squared coefficient of variation: shifted exponential up to one, two
/// exponentials of balanced means above.
fn draw_service(dice: &mut Dice, variation: f64) -> f64 {
    if variation <= 1.0 {
        let part = variation.sqrt();
        return 1.0 - part + part * dice.exponential(1.0);
    }
    let fast = (1.0 + ((variation - 1.0) / (variation + 1.0)).sqrt()) / 2.0;
    let chosen = if dice.chance(fast) { fast } else { 1.0 - fast };
    dice.exponential(1.0 / (2.0 * chosen))
}

const VACATION: Check = Check {
    id: "vacation",
    catalogue: &[5],
    title: "Mean wait where an idle server goes away for a while (a proof-of-compute pause)",
    source: "Fuhrmann, Cooper 1985, decomposition of M/G/1 with vacations",
    kind: Kind::Chance,
    parameters: || vec![load(0.8), Parameter::positive("pause", 10.0)],
    expected: |p| {
        let queue = p.get("rho") / (1.0 - p.get("rho"));
        figures([("mean wait over service", queue + p.get("pause") / 2.0)])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 6);
        let (mut now, mut free_at, mut sum) = (0.0_f64, 0.0_f64, 0.0);
        let (pause, warm_up) = (p.get("pause"), 10 * warm_up(p, 1.0));
        for request in 0..warm_up + o.size {
            now += dice.exponential(1.0 / p.get("rho"));
            let start = if now < free_at {
                free_at
            } else {
                // Away since the line was empty, one pause after the other.
                free_at + pause * (libm::floor((now - free_at) / pause) + 1.0)
            };
            if request >= warm_up {
                sum += start - now;
            }
            free_at = start + dice.exponential(1.0);
        }
        Ok(vec![sum / o.size as f64])
    },
};

const TANDEM: Check = Check {
    id: "tandem",
    catalogue: &[6],
    title: "Two queues in a row (Jackson)",
    source: "Jackson 1957",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("lambda", 0.8),
            Parameter::positive("mu1", 1.0),
            Parameter::positive("mu2", 2.0),
        ]
    },
    expected: |p| {
        let [lambda, mu1, mu2] = ["lambda", "mu1", "mu2"].map(|name| p.get(name));
        require(
            "tandem",
            lambda < 0.99 * mu1.min(mu2),
            "lambda has to be below 99 % of both mu1 and mu2",
        )?;
        figures([("mean time in both", 1.0 / (mu1 - lambda) + 1.0 / (mu2 - lambda))])
    },
    observe: |p, o| {
        let [lambda, mu1, mu2] = ["lambda", "mu1", "mu2"].map(|name| p.get(name));
        let mut dice = Dice::new(o.seed, 7);
        let (mut now, mut first, mut second, mut sum) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0);
        let gap = 1.0 - lambda / mu1.min(mu2);
        let warm_up = (20.0 / (gap * gap)) as u64 + 100;
        for request in 0..warm_up + o.size {
            now += dice.exponential(1.0 / lambda);
            first = first.max(now) + dice.exponential(1.0 / mu1);
            second = second.max(first) + dice.exponential(1.0 / mu2);
            if request >= warm_up {
                sum += second - now;
            }
        }
        Ok(vec![sum / o.size as f64])
    },
};

/// Servers of the network of choices: the formula is that of infinitely many.
const SERVERS: usize = 4_000;

const POWER_OF_CHOICES: Check = Check {
    id: "power-of-choices",
    catalogue: &[7],
    title: "Mean time where a request joins the shortest of d lines drawn (4,000 servers for infinitely many)",
    source: "Vvedenskaya, Dobrushin, Karpelevich 1996; Mitzenmacher 2001",
    kind: Kind::Chance,
    parameters: || {
        let choices: (&str, fn(f64) -> bool) = ("a whole number from 1 to 8", |value| {
            value.fract() == 0.0 && (1.0..=8.0).contains(&value)
        });
        vec![load(0.9), Parameter::ranged("d", 2.0, choices)]
    },
    expected: |p| {
        figures([(
            "mean time over service",
            compute_choice_time(p.get("rho"), p.get("d")),
        )])
    },
    observe: observe_choices,
};

fn compute_choice_time(load: f64, choices: f64) -> f64 {
    let mut sum = 0.0;
    for i in 1..10_000 {
        let exponent = if choices == 1.0 {
            f64::from(i - 1)
        } else {
            (libm::pow(choices, f64::from(i)) - choices) / (choices - 1.0)
        };
        let term = libm::pow(load, exponent);
        sum += term;
        if term < 1e-15 {
            break;
        }
    }
    sum
}

/// The chain at the times of a Poisson clock that covers arrivals and services, so that a mean over its ticks is one
/// over time.
fn observe_choices(p: &Parameters, o: Observation) -> Observed {
    let (load, choices) = (p.get("rho"), p.count("d"));
    let mut dice = Dice::new(o.seed, 8);
    let mut lines = vec![0_u32; SERVERS];
    let relaxation = if choices == 1 {
        10.0 / ((1.0 - load) * (1.0 - load))
    } else {
        8.0 / (1.0 - load)
    };
    let warm_up = (relaxation * SERVERS as f64 * (1.0 + load)) as u64;
    let (mut inside, mut sum) = (0_u64, 0_u128);
    for tick in 0..warm_up + o.size {
        if tick >= warm_up {
            sum += u128::from(inside);
        }
        if dice.chance(load / (1.0 + load)) {
            let mut shortest = dice.below(SERVERS as u64) as usize;
            for _ in 1..choices {
                let other = dice.below(SERVERS as u64) as usize;
                if lines[other] < lines[shortest] {
                    shortest = other;
                }
            }
            lines[shortest] += 1;
            inside += 1;
        } else {
            let server = dice.below(SERVERS as u64) as usize;
            if lines[server] > 0 {
                lines[server] -= 1;
                inside -= 1;
            }
        }
    }
    Ok(vec![sum as f64 / o.size as f64 / SERVERS as f64 / load])
}

const LITTLE: Check = Check {
    id: "little",
    catalogue: &[8],
    title: "Little's law on a finite run: the area under the count is the sum of the stays, to the nanosecond",
    source: "Little 1961",
    kind: Kind::Exact,
    parameters: || vec![load(0.8), Parameter::count("slots", 3)],
    expected: |_| figures([("difference in ns", 0.0)]),
    observe: observe_little,
};

/// Requests through the kernel's pending events; those still inside at the end count up to it.
fn observe_little(p: &Parameters, o: Observation) -> Observed {
    let mut dice = Dice::new(o.seed, 9);
    let slots = u64::from(p.count("slots"));
    let mut queue = EventQueue::new();
    let (mut waiting, mut running): (VecDeque<u64>, u64) = (VecDeque::new(), 0);
    let (mut area, mut stays, mut inside, mut last) = (0_u128, 0_u128, 0_u128, 0_u64);
    let gap = 1e6 / (p.get("rho") * slots as f64);
    let ns = |dice: &mut Dice, mean: f64| dice.exponential(mean) as u64;
    queue.schedule(SimTime::from_nanos(ns(&mut dice, gap)), EventClass(0), None);
    let mut arrivals = 0;
    while let Some((time, departing)) = queue.pop() {
        let now = time.nanos();
        area += inside * u128::from(now - last);
        last = now;
        match departing {
            Some(arrived) => {
                stays += u128::from(now - arrived);
                inside -= 1;
                running -= 1;
            }
            None => {
                arrivals += 1;
                if arrivals >= o.size {
                    break;
                }
                waiting.push_back(now);
                inside += 1;
                let next = now + ns(&mut dice, gap);
                queue.schedule(SimTime::from_nanos(next), EventClass(0), None);
            }
        }
        while running < slots
            && let Some(arrived) = waiting.pop_front()
        {
            let end = now + ns(&mut dice, 1e6);
            queue.schedule(SimTime::from_nanos(end), EventClass(1), Some(arrived));
            running += 1;
        }
    }
    stays += waiting
        .iter()
        .map(|arrived| u128::from(last - arrived))
        .sum::<u128>();
    while let Some((_, event)) = queue.pop() {
        stays += event.map_or(0, |arrived| u128::from(last - arrived));
    }
    Ok(vec![area.abs_diff(stays) as f64])
}

const AVAILABILITY: Check = Check {
    id: "availability",
    catalogue: &[10],
    title: "A server that fails and is repaired",
    source: "Barlow, Proschan 1975, Statistical Theory of Reliability",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("mtbf", 99.9),
            Parameter::positive("mttr", 0.1),
        ]
    },
    expected: |p| {
        let down = p.get("mttr") / (p.get("mtbf") + p.get("mttr"));
        figures([
            ("share of time down", down),
            ("hours down a year", 8_760.0 * down),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 10);
        let (up, down) = (p.get("mtbf"), p.get("mttr"));
        let horizon = (up + down) * o.size as f64 / 10.0;
        let mut is_up = dice.chance(up / (up + down));
        let (mut now, mut lost) = (0.0, 0.0);
        while now < horizon {
            let stay = dice.exponential(if is_up { up } else { down }).min(horizon - now);
            lost += if is_up { 0.0 } else { stay };
            now += stay;
            is_up = !is_up;
        }
        let share = lost / horizon;
        Ok(vec![share, 8_760.0 * share])
    },
};

const SUPERPOSITION: Check = Check {
    id: "superposition",
    catalogue: &[11],
    title: "Poisson streams merged add their rates; thinned ones are independent",
    source: "Kingman 1993, Poisson Processes",
    kind: Kind::Chance,
    parameters: || {
        vec![
            Parameter::positive("rate", 2.0),
            Parameter::probability("kept", 0.3),
        ]
    },
    expected: |p| {
        // Three streams of rates 1, 2 and 3 times the parameter.
        let (all, kept) = (6.0 * p.get("rate"), p.get("kept"));
        figures([
            ("mean of the merged", all),
            ("variance of the merged", all),
            ("mean of the kept", all * kept),
            ("variance of the kept", all * kept),
            ("covariance of kept and dropped", 0.0),
        ])
    },
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 11);
        let windows = (o.size / 10).max(2) as usize;
        let mut counts = vec![(0.0_f64, 0.0_f64); windows];
        for stream in 1..=3 {
            let mean = 1.0 / (f64::from(stream) * p.get("rate"));
            let mut now = dice.exponential(mean);
            while now < windows as f64 {
                let window = &mut counts[now as usize];
                if dice.chance(p.get("kept")) {
                    window.0 += 1.0;
                } else {
                    window.1 += 1.0;
                }
                now += dice.exponential(mean);
            }
        }
        let n = windows as f64;
        let mean = |value: fn(&(f64, f64)) -> f64| counts.iter().map(value).sum::<f64>() / n;
        let (kept, dropped) = (mean(|c| c.0), mean(|c| c.1));
        let spread = |f: &dyn Fn(&(f64, f64)) -> f64| counts.iter().map(f).sum::<f64>() / (n - 1.0);
        let variance = |centre: f64, value: fn(&(f64, f64)) -> f64| {
            spread(&|c| (value(c) - centre) * (value(c) - centre))
        };
        Ok(vec![
            kept + dropped,
            variance(kept + dropped, |c| c.0 + c.1),
            kept,
            variance(kept, |c| c.0),
            spread(&|c| (c.0 - kept) * (c.1 - dropped)),
        ])
    },
};

const RENEWAL: Check = Check {
    id: "renewal",
    catalogue: &[12],
    title: "Releases paid by grants: a year of work, a wait for money (elementary renewal)",
    source: "Doob 1948; the cycle is that of a publicly funded model",
    kind: Kind::Chance,
    parameters: || vec![Parameter::positive("run", 1.0), Parameter::positive("wait", 2.0)],
    expected: |p| figures([("releases in ten years", 10.0 / (p.get("run") + p.get("wait")))]),
    observe: |p, o| {
        let mut dice = Dice::new(o.seed, 12);
        let horizon = (p.get("run") + p.get("wait")) * o.size as f64;
        let (mut now, mut releases) = (0.0, 0.0);
        loop {
            now += p.get("run") + dice.exponential(p.get("wait"));
            if now > horizon {
                return Ok(vec![10.0 * releases / horizon]);
            }
            releases += 1.0;
        }
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_have_their_tabled_values() {
        let is_near =
            |value: f64, tabled: f64| assert!((value - tabled).abs() < 1e-5 * tabled, "{value} {tabled}");
        is_near(compute_erlang_b(10, 8.0), 0.121_661);
        is_near(compute_erlang_b(2, 1.6), 0.329_897);
        is_near(compute_erlang_b(100, 90.0), 0.026_957_4);
        for (load, times) in [
            (0.9, [10.0, 2.614_06, 2.027_86]),
            (0.99, [100.0, 5.432, 3.857_85]),
        ] {
            for (choices, tabled) in [1.0, 2.0, 3.0].into_iter().zip(times) {
                is_near(compute_choice_time(load, choices), tabled);
            }
        }
    }
}
