//! Values that are laws: lengths in model tokens, and weights over a group of hosts.
//!
//! Invariant: a law that comes out has all its numbers, in order and above zero where it needs them so.

use super::document::{Entry, Node, Value};
use super::error::{Problem, nearest, quoted};
use super::quantity::{COUNT, Dimension, FACTOR, MEAN_TOKENS, TOKENS};
use super::read::{Reader, describe_range, join};
use super::value::{Lengths, Weights};

const LENGTH_MAX: i128 = 100_000_000;
const WEIGHT_MAX: i128 = 1_000_000_000_000;

impl Reader<'_> {
    pub(super) fn lengths(&mut self, path: &str, node: &Node) -> Option<Lengths> {
        const LAWS: [&str; 4] = ["uniform", "exponential", "lognormal", "empirical"];
        const ALLOWED: &str = "a length such as `100 tokens`, or {uniform: {min, max}}, {exponential: {mean}}, {lognormal: {median, p95}}, {empirical: file}";
        if node.text().is_some() {
            return self
                .quantity(&TOKENS, 0, LENGTH_MAX, false, path, node)
                .map(|q| Lengths::Constant(q.base));
        }
        let entry = self.single_entry(path, node, ALLOWED)?;
        let below = join(path, &entry.key);
        match entry.key.as_str() {
            "uniform" => {
                let [min, max] = self.pair(&TOKENS, 1, ["min", "max"], &below, &entry.node)?;
                if min > max {
                    self.refuse(&entry.node, &below, "min at most max");
                    return None;
                }
                Some(Lengths::Uniform(min, max))
            }
            "exponential" => {
                let [mean] = self.pair(&MEAN_TOKENS, 1_000_000, ["mean"], &below, &entry.node)?;
                Some(Lengths::Exponential(mean))
            }
            "lognormal" => {
                let [median, p95] =
                    self.pair(&MEAN_TOKENS, 1_000_000, ["median", "p95"], &below, &entry.node)?;
                if p95 < median || median == 0 {
                    self.refuse(
                        &entry.node,
                        &below,
                        "a median above 0 tokens and a p95 at least as large",
                    );
                    return None;
                }
                Some(Lengths::Lognormal(median, p95))
            }
            "empirical" => self.file(&below, &entry.node).map(Lengths::Empirical),
            other => {
                let problem = Problem::new(&entry.place, &below, format!("unknown law {}", quoted(other)));
                self.problems
                    .push(problem.allowed(ALLOWED).hint(nearest(other, LAWS)));
                None
            }
        }
    }

    /// The one entry of a map.
    pub(super) fn single_entry<'n>(
        &mut self,
        path: &str,
        node: &'n Node,
        allowed: &str,
    ) -> Option<&'n Entry> {
        match &node.value {
            Value::Map(entries) if entries.len() == 1 => Some(&entries[0]),
            _ => {
                self.refuse(node, path, allowed);
                None
            }
        }
    }

    /// The numbers of a map that has exactly these keys.
    fn pair<const N: usize>(
        &mut self,
        dimension: &Dimension,
        scale: i128,
        keys: [&str; N],
        path: &str,
        node: &Node,
    ) -> Option<[i128; N]> {
        let Value::Map(entries) = &node.value else {
            self.refuse(node, path, &format!("a map with {}", keys.join(", ")));
            return None;
        };
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            self.unknown(entry, path, &keys);
        }
        let max = LENGTH_MAX.max(WEIGHT_MAX) * scale;
        let mut numbers = [None; N];
        for (number, key) in numbers.iter_mut().zip(keys) {
            match node.get(key) {
                Some(value) => {
                    *number = self
                        .quantity(dimension, 0, max, false, &join(path, key), value)
                        .map(|q| q.base)
                }
                None => self.missing(node, &join(path, key), &describe_range(dimension, 0, max, false)),
            }
        }
        if numbers.iter().any(Option::is_none) {
            return None;
        }
        Some(numbers.map(Option::unwrap_or_default))
    }

    pub(super) fn weights(&mut self, path: &str, node: &Node) -> Option<Weights> {
        const ALLOWED: &str =
            "a weight, a list of weights, {linear: {from, to}} or {pareto: {min, exponent}}";
        match &node.value {
            Value::Scalar { .. } => self.weight(path, node).map(Weights::Constant),
            Value::List(items) => {
                let weights: Vec<_> = items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| self.weight(&format!("{path}[{i}]"), item))
                    .collect();
                weights.into_iter().collect::<Option<_>>().map(Weights::List)
            }
            Value::Map(_) => {
                let entry = self.single_entry(path, node, ALLOWED)?;
                let below = join(path, &entry.key);
                match entry.key.as_str() {
                    "linear" => {
                        let [from, to] = self.pair(&COUNT, 1, ["from", "to"], &below, &entry.node)?;
                        self.above_zero(from.min(to), &below, &entry.node)?;
                        Some(Weights::Linear(from as u64, to as u64))
                    }
                    "pareto" => {
                        let [min, tail] = self.pair(&FACTOR, 1, ["min", "exponent"], &below, &entry.node)?;
                        self.above_zero((min / 1_000_000).min(tail), &below, &entry.node)?;
                        Some(Weights::Pareto((min / 1_000_000) as u64, tail as u64))
                    }
                    other => {
                        let problem =
                            Problem::new(&entry.place, &below, format!("unknown law {}", quoted(other)));
                        self.problems.push(
                            problem
                                .allowed(ALLOWED)
                                .hint(nearest(other, ["linear", "pareto"])),
                        );
                        None
                    }
                }
            }
        }
    }

    fn weight(&mut self, path: &str, node: &Node) -> Option<u64> {
        self.quantity(&COUNT, 1, WEIGHT_MAX, false, path, node)
            .map(|q| q.base as u64)
    }

    fn above_zero(&mut self, least: i128, path: &str, node: &Node) -> Option<()> {
        if least < 1 {
            self.refuse(node, path, "numbers above 0");
            return None;
        }
        Some(())
    }
}
