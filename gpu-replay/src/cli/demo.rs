//! `demo`: the shipped pair, measured; `demo train`: how it was made.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::measure::{Job, measure, pool};
use crate::demo::{DemoSize, shipped, train};
use crate::error::Result;
use crate::gpu::DeviceChoice;
use crate::measure::Plan;
use crate::model::load;

/// Measure the small model that comes with the program.
#[derive(Args, Debug)]
pub struct Demo {
    #[command(subcommand)]
    command: Option<DemoCommand>,
    /// Folder of the results; the same command goes on where an interrupted one stopped
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Multiplies the number of prompts
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Measure as much as the committed calibration rests on: two hours of one core
    #[arg(long, conflicts_with = "scale")]
    full: bool,
    /// Measure the substitutes that hide in honest noise on answers of 512 tokens instead
    #[arg(long, conflicts_with = "full")]
    long: bool,
    /// Measure next to nothing, in seconds: what the test suite derives again
    #[arg(long, conflicts_with_all = ["full", "long", "scale"])]
    tiny: bool,
    /// Folder with demo-large and demo-small, where they should be other than the shipped ones
    #[arg(long)]
    pair: Option<PathBuf>,
    /// Which of the two is the promised model; the larger one's substitute is the smaller
    #[arg(long, value_enum, default_value_t = Size::Large)]
    size: Size,
    /// Threads; the result does not depend on it
    #[arg(long)]
    threads: Option<usize>,
    /// Where positions are reduced and scored; sums differ in their last digits
    #[arg(long, value_enum, default_value_t = DeviceChoice::Cpu)]
    device: DeviceChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Size {
    Large,
    Small,
}

#[derive(Subcommand, Debug)]
enum DemoCommand {
    /// Train a demonstration model again from the committed texts
    Train {
        /// Which of the two
        #[arg(long, value_enum, default_value_t = Size::Large)]
        size: Size,
        /// Folder for config.json, tokenizer.json and model.safetensors
        #[arg(long)]
        out: PathBuf,
        /// Steps, where they should be other than the committed model's
        #[arg(long)]
        steps: Option<u32>,
        /// Threads; the weights do not depend on it
        #[arg(long)]
        threads: Option<usize>,
    },
}

impl From<Size> for DemoSize {
    fn from(size: Size) -> Self {
        match size {
            Size::Large => DemoSize::Large,
            Size::Small => DemoSize::Small,
        }
    }
}

impl Demo {
    /// Measures or trains.
    ///
    /// # Errors
    /// A file cannot be written, or it was stopped.
    pub fn run(self) -> Result<()> {
        if let Some(DemoCommand::Train {
            size,
            out,
            steps,
            threads,
        }) = self.command
        {
            let mut plan = train::Plan::committed(size.into());
            plan.steps = steps.unwrap_or(plan.steps);
            let mut tell = |step: u32, loss: f64, held_out: f64| {
                eprintln!("step {step}: {loss:.3} nats a token, {held_out:.3} on held-out text");
            };
            let pool = pool(threads)?;
            let loss = pool.install(|| train::train(size.into(), plan, &out, &mut tell))?;
            println!("held-out text: {loss:.3} nats a token");
            return Ok(());
        }
        let place = |size: DemoSize| match &self.pair {
            Some(folder) => Ok(folder.join(size.name())),
            None => shipped(size, &self.out.join("models")),
        };
        let promised = place(self.size.into())?;
        let smaller = match self.size {
            Size::Large => Some(place(DemoSize::Small)?),
            Size::Small => None,
        };
        let (mut plan, suffix) = match (self.full, self.long, self.tiny) {
            (true, ..) => (Plan::committed(), ""),
            (_, true, _) => (Plan::long().scaled(self.scale), "-long"),
            (.., true) => (Plan::tiny(), "-tiny"),
            _ => (Plan::demo().scaled(self.scale), ""),
        };
        if self.size == Size::Small {
            plan.substitutes.retain(|name| name != "smaller");
        }
        plan.name = format!("{}{suffix}", DemoSize::from(self.size).name());
        let sibling = match &smaller {
            None => None,
            Some(folder) => Some(load(folder)?),
        };
        let model = load(&promised)?;
        measure(Job {
            plan,
            model,
            sibling,
            out: self.out,
            threads: self.threads,
            device: self.device,
        })
    }
}
