//! What is measured, on how much: everything that the result depends on besides the model files.

use serde::{Deserialize, Serialize};

use crate::error::{ReplayError, Result};
use crate::stratum::Stratum;

/// Prompts that share an amount of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tier {
    /// Number of prompts, from number 0 on.
    pub prompts: usize,
    /// Kernels that answer and that verify.
    pub strata: Vec<Stratum>,
}

/// A measurement's plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the calibration, `[a-z0-9.-]`.
    pub name: String,
    /// Seed of everything drawn.
    pub seed: u64,
    /// Tokens of a prompt.
    pub prompt_tokens: usize,
    /// Tokens of an answer.
    pub answer_tokens: usize,
    /// Entries a position that artifacts are to hold.
    pub entries: usize,
    /// Honest answers on every kernel, each verified on every other.
    pub deep: Tier,
    /// Honest answers on the cheapest kernels, verified on the first of the list alone.
    pub wide: Tier,
    /// Prompts that each substitute answers.
    pub substitute_prompts: usize,
    /// Substitutes, by name.
    pub substitutes: Vec<String>,
    /// Kernels that substitutes decode on when they are naive; attacks take the first.
    pub executors: Vec<Stratum>,
    /// Substitutes that the attacks beyond the naive one are made with.
    pub attackers: Vec<String>,
    /// Prompts of a unit.
    pub batch: usize,
    /// Seed of the rotation that takes the weights off their grid, if they are turned.
    pub rotation: Option<u64>,
}

impl Plan {
    /// The plan of `calibrate demo`: minutes on one core.
    pub fn demo() -> Self {
        let names = [
            "q8-0",
            "fp8",
            "fp8-w8a8",
            "q6k",
            "q4k",
            "q4-0",
            "int4",
            "nf4",
            "q3k",
            "q2k",
            "lora-r4",
            "kv-int4",
            "temperature-0.9",
            "context-truncated",
            "smaller",
        ];
        Self {
            name: "demo".into(),
            seed: 1,
            prompt_tokens: 24,
            answer_tokens: 96,
            entries: 20,
            deep: Tier {
                prompts: 48,
                strata: Stratum::ALL.to_vec(),
            },
            wide: Tier {
                prompts: 480,
                strata: vec![Stratum::Bf16, Stratum::Bf16Chunked, Stratum::Bf16Split4],
            },
            substitute_prompts: 48,
            substitutes: names.map(String::from).to_vec(),
            executors: vec![Stratum::Bf16Decode],
            attackers: vec!["q4-0".into()],
            batch: 16,
            rotation: None,
        }
    }

    /// The plan that the test suite derives again: seconds of one core.
    pub fn tiny() -> Self {
        let mut plan = Self::demo();
        plan.answer_tokens = 32;
        plan.deep = Tier {
            prompts: 16,
            strata: vec![Stratum::Bf16, Stratum::Bf16Decode, Stratum::Bf16Split4],
        };
        (plan.wide.prompts, plan.substitute_prompts) = (64, 16);
        plan.substitutes = ["q4-0", "q2k", "temperature-0.9"].map(String::from).to_vec();
        plan.attackers = vec!["q2k".into()];
        plan.batch = 8;
        plan
    }

    /// The plan of the committed demonstration calibration: budget two hours of one core.
    pub fn committed() -> Self {
        const MORE: [&str; 9] = [
            "int8",
            "int8-w8a8",
            "q5k",
            "fp4",
            "kv-int8",
            "kv-fp8",
            "temperature-1.1",
            "top-p-0.95",
            "dropped-1",
        ];
        let mut plan = Self::demo();
        (plan.deep.prompts, plan.wide.prompts, plan.substitute_prompts) = (256, 4040, 208);
        plan.answer_tokens = 192;
        plan.substitutes.extend(MORE.map(String::from));
        plan
    }

    /// The plan of the committed measurement of long answers, for the substitutes that hide in the noise of honest
    /// kernels: budget two hours of one core.
    pub fn long() -> Self {
        const FAINT: [&str; 5] = ["q8-0", "int8", "q6k", "kv-int8", "kv-fp8"];
        let mut plan = Self::demo();
        plan.answer_tokens = 512;
        plan.deep = Tier {
            prompts: 256,
            strata: vec![
                Stratum::Bf16,
                Stratum::Bf16Chunked,
                Stratum::Bf16Split4,
                Stratum::Bf16Decode,
            ],
        };
        (plan.wide.prompts, plan.substitute_prompts) = (256, 256);
        plan.substitutes = FAINT.map(String::from).to_vec();
        plan.executors = vec![Stratum::Bf16Decode, Stratum::Bf16Split4];
        plan.attackers.clear();
        plan
    }

    /// The same with a factor on all numbers of prompts.
    pub fn scaled(mut self, factor: f64) -> Self {
        for count in [
            &mut self.deep.prompts,
            &mut self.wide.prompts,
            &mut self.substitute_prompts,
        ] {
            *count = ((*count as f64 * factor) as usize).max(4);
        }
        self
    }

    /// Refuses what cannot be measured.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn check(&self) -> Result<()> {
        let is_name =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter);
        if self.name.is_empty() || self.name.len() > 64 || !self.name.chars().all(is_name) {
            let problem = format!("the name `{}` must be 1 to 64 of a-z, 0-9, - and .", self.name);
            return Err(ReplayError::Usage(problem));
        }
        let ranges = [
            ("prompt tokens", self.prompt_tokens, 8, 4096),
            ("answer tokens", self.answer_tokens, 8, 4096),
            ("entries", self.entries, 5, 256),
            ("deep prompts", self.deep.prompts, 1, 100_000),
            ("wide prompts", self.wide.prompts, 1, 100_000),
            ("substitute prompts", self.substitute_prompts, 0, 100_000),
            ("prompts of a unit", self.batch, 1, 256),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(ReplayError::Usage(format!(
                    "{name}: {value} is not between {low} and {high}"
                )));
            }
        }
        for tier in [&self.deep, &self.wide] {
            if tier.strata.len() < 2 {
                return Err(ReplayError::Usage("a tier needs two kernels or more".into()));
            }
        }
        if self.executors.is_empty() {
            return Err(ReplayError::Usage(
                "substitutes need a kernel to decode on".into(),
            ));
        }
        Ok(())
    }

    /// Most tokens of a text: a prompt with a quarter more before it, and the answer.
    pub fn longest(&self) -> usize {
        self.prompt_tokens + self.prompt_tokens / 4 + self.answer_tokens
    }

    /// Number of prompts that the tiers need.
    pub fn prompts(&self) -> usize {
        self.deep
            .prompts
            .max(self.wide.prompts)
            .max(self.substitute_prompts)
    }
}
