//! How data is printed.

use clap::ValueEnum;
use stakeout_engine::experiment::sweep::meaning::spoken_unit;

/// Forms in which data can be written to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people
    Table,
    /// One JSON value
    Json,
    /// Comma-separated values with a header
    Csv,
    /// Markdown tables
    Markdown,
}

impl Format {
    /// Whether people read it: they get units and few digits, programs every digit.
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }

    /// How a figure is shown: what its value is multiplied by, and the unit that it then has; programs get it as it is.
    pub fn unit_of(self, figure: &str) -> (f64, &'static str) {
        match self.is_for_people() {
            true => spoken_unit(figure),
            false => (1.0, ""),
        }
    }
}

/// The option that every command that reads has.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct FormatOption {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub format: Format,
}
