//! The simulator for Python: scenarios in, Arrow tables out.
//!
//! This crate translates and nothing else: what a scenario means, what a run gives and what a mistake is called is
//! decided in the engine, so that Python and the command line say the same.
//!
//! Invariant: the interpreter is free while anything is simulated, Ctrl-C is heard, and no panic reaches Python as
//! anything but an exception of the package.

mod calibration;
mod design;
mod error;
mod figures;
mod guard;
mod html;
mod policy;
mod run;
mod scenario;
mod sensitivity;
mod solve;
mod strategy;
mod sweep;
mod table;
mod validate;
mod value;
mod worlds;

use pyo3::prelude::*;

/// What the package `stakeout` is made of; its Python files add the rest.
#[pymodule]
mod _stakeout {
    #[pymodule_export]
    use super::calibration::calibration;
    #[pymodule_export]
    use super::policy::View;
    #[pymodule_export]
    use super::run::{Run, run};
    #[pymodule_export]
    use super::scenario::Scenario;
    #[pymodule_export]
    use super::solve::{Solution, solve};
    #[pymodule_export]
    use super::strategy::register_strategy;
    #[pymodule_export]
    use super::sweep::{Sweep, sweep};
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::validate::validate;
    #[pymodule_export]
    use super::value::written;
    #[pymodule_export]
    use super::worlds::worlds;

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
