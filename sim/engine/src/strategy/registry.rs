//! The strategies that a scenario may name, and how each is built.
//!
//! Invariant: names and parameters are unique and stay in the order in which they were registered, so
//! that a scenario resolves to the same parameters on every machine.

use crate::scenario::ParamValue;
use crate::strategy::Roles;

/// What kind of value a parameter takes, and its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A share or probability, written with a unit such as `%`.
    Fraction,
    /// A count from `min` to `max`, both included.
    Count {
        /// Smallest allowed count.
        min: u64,
        /// Largest allowed count.
        max: u64,
    },
    /// A length of time, written with a unit such as `s`.
    Duration,
    /// A free name, such as a substitute's.
    Name,
    /// One of these names.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
}

/// One parameter of a strategy.
#[derive(Clone, Copy, Debug)]
pub struct ParamDescriptor {
    /// Name in a scenario.
    pub name: &'static str,
    /// Kind of value.
    pub kind: ParamKind,
    /// Value where the scenario gives none, written as in a scenario; `None` makes it required.
    pub default: Option<&'static str>,
    /// One sentence: what it changes.
    pub doc: &'static str,
}

/// A strategy by name.
#[derive(Clone, Copy)]
pub struct StrategyDescriptor {
    /// Name in a scenario, in snake case.
    pub name: &'static str,
    /// One sentence: what it does and where its profit comes from.
    pub summary: &'static str,
    /// Parameters, in the order in which [`build`](Self::build) receives them.
    pub params: &'static [ParamDescriptor],
    /// Makes one participant's strategy from checked parameters, all present and in order.
    pub build: fn(&[(String, ParamValue)]) -> Roles,
}

impl std::fmt::Debug for StrategyDescriptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StrategyDescriptor")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The strategies on offer.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    strategies: Vec<StrategyDescriptor>,
}

impl Registry {
    /// A registry of these strategies.
    ///
    /// # Panics
    /// When two have the same name, or one has two parameters of one name: a mistake of this program.
    #[must_use]
    pub fn new(strategies: Vec<StrategyDescriptor>) -> Self {
        for (i, strategy) in strategies.iter().enumerate() {
            let is_repeated = strategies[..i].iter().any(|other| other.name == strategy.name);
            assert!(
                !is_repeated,
                "the strategy `{}` is registered twice",
                strategy.name
            );
            for (j, param) in strategy.params.iter().enumerate() {
                let is_repeated = strategy.params[..j].iter().any(|other| other.name == param.name);
                assert!(
                    !is_repeated,
                    "`{}` has two parameters named `{}`",
                    strategy.name, param.name
                );
            }
        }
        Self { strategies }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&StrategyDescriptor> {
        self.strategies.iter().find(|strategy| strategy.name == name)
    }

    /// All strategies in the order of registration.
    pub fn iter(&self) -> impl Iterator<Item = &StrategyDescriptor> {
        self.strategies.iter()
    }

    /// All names in the order of registration.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.strategies.iter().map(|strategy| strategy.name).collect()
    }
}
