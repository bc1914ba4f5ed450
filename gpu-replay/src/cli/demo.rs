//! `demo`: the shipped pair, measured; `demo train`: how it was made.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::measure::{Job, measure};
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
    /// Measure as much as the committed calibration rests on: a quarter of an hour of one core, not a minute
    #[arg(long, conflicts_with = "scale")]
    full: bool,
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
        if let Some(DemoCommand::Train { size, out, steps }) = self.command {
            let mut plan = train::Plan::committed(size.into());
            plan.steps = steps.unwrap_or(plan.steps);
            let mut tell = |step: u32, loss: f32| eprintln!("step {step}: {loss:.3} nats a token");
            let loss = train::train(size.into(), plan, &out, &mut tell)?;
            println!("held-out text: {loss:.3} nats a token");
            return Ok(());
        }
        let models = self.out.join("models");
        let promised = shipped(self.size.into(), &models)?;
        let smaller = match self.size {
            Size::Large => Some(shipped(DemoSize::Small, &models)?),
            Size::Small => None,
        };
        let mut plan = if self.full {
            Plan::committed()
        } else {
            Plan::demo().scaled(self.scale)
        };
        if self.size == Size::Small {
            plan.substitutes.retain(|name| name != "smaller");
        }
        plan.name = DemoSize::from(self.size).name().into();
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
