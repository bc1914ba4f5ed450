//! A strategy by name, with its parameters checked against the registry.
//!
//! Invariant: a strategy that comes out has every parameter of its descriptor, in the descriptor's order.

use stakeout_kernel::time::SimDuration;
use stakeout_protocol::units::Fraction;

use super::document::{Node, Value};
use super::error::{Problem, nearest, quoted};
use super::quantity::{COUNT, DURATION, SHARE};
use super::read::{Reader, join};
use super::{ParamValue, StrategySpec};
use crate::strategy::registry::{ParamDescriptor, ParamKind, StrategyDescriptor};

impl Reader<'_> {
    pub(super) fn strategy(&mut self, path: &str, node: &Node) -> Option<StrategySpec> {
        let (name, place, params) = match &node.value {
            Value::Scalar { text, .. } => (text.as_str(), &node.place, None),
            _ => {
                let entry =
                    self.single_entry(path, node, "a strategy's name, or {name: {parameter: value}}")?;
                (entry.key.as_str(), &entry.place, Some(&entry.node))
            }
        };
        let registry = self.registry;
        let Some(strategy) = registry.get(name) else {
            let names = registry.names();
            let problem = Problem::new(place, path, format!("unknown strategy {}", quoted(name)))
                .allowed(names.join(", "));
            self.problems.push(problem.hint(nearest(name, names)));
            return None;
        };
        self.strategy_params(strategy, &join(path, name), node, params)
    }

    fn strategy_params(
        &mut self,
        strategy: &StrategyDescriptor,
        path: &str,
        node: &Node,
        params: Option<&Node>,
    ) -> Option<StrategySpec> {
        let names: Vec<_> = strategy.params.iter().map(|param| param.name).collect();
        match params.map(|params| &params.value) {
            Some(Value::Map(entries)) => {
                for entry in entries
                    .iter()
                    .filter(|entry| !names.contains(&entry.key.as_str()))
                {
                    self.unknown(entry, path, &names);
                }
            }
            Some(_) if !params.is_some_and(Node::is_empty) => {
                let allowed = if names.is_empty() {
                    "no parameters".to_owned()
                } else {
                    format!("a map with {}", names.join(", "))
                };
                self.refuse(params.unwrap_or(node), path, &allowed);
                return None;
            }
            _ => {}
        }
        let mut values = Vec::new();
        for param in strategy.params {
            let below = join(path, param.name);
            let given = params.and_then(|params| params.get(param.name)).cloned();
            match given.or_else(|| param.default.map(|text| Node::scalar(&node.place, text))) {
                Some(value) => values.push(
                    self.param(param, &below, &value)
                        .map(|value| (param.name.to_owned(), value)),
                ),
                None => {
                    self.missing(params.unwrap_or(node), &below, param.doc);
                    values.push(None);
                }
            }
        }
        let params = values.into_iter().collect::<Option<_>>()?;
        Some(StrategySpec {
            name: strategy.name.to_owned(),
            params,
        })
    }

    fn param(&mut self, param: &ParamDescriptor, path: &str, node: &Node) -> Option<ParamValue> {
        match param.kind {
            ParamKind::Fraction => {
                let share = self.quantity(&SHARE, 0, i128::from(Fraction::ONE.parts()), false, path, node)?;
                Some(ParamValue::Fraction(Fraction::from_parts(share.base as u64)))
            }
            ParamKind::Count { min, max } => {
                let count = self.quantity(&COUNT, i128::from(min), i128::from(max), false, path, node)?;
                Some(ParamValue::Count(count.base as u64))
            }
            ParamKind::Duration => {
                let time = self.quantity(&DURATION, 0, i128::from(u64::MAX), false, path, node)?;
                Some(ParamValue::Duration(SimDuration::from_nanos(time.base as u64)))
            }
            ParamKind::Name => self.word(path, node).map(ParamValue::Name),
            ParamKind::OneOf(names) => self
                .one_of(names, path, node)
                .map(|name| ParamValue::Name(name.to_owned())),
            ParamKind::Switch => self.switch(path, node).map(ParamValue::Switch),
        }
    }
}
