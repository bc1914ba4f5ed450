//! How data is printed.

use clap::ValueEnum;

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
}

/// The option that every command that reads has.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct FormatOption {
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub format: Format,
}
