//! Which device, and why.

use crate::artifact::TopK;
use crate::error::{ReplayError, Result};
use crate::observation::Observation;
use crate::sampler::{Law, Noise};
use crate::scores::TokenScore;

use super::reduced::Reduced;

/// What a user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceChoice {
    /// The processor.
    #[default]
    Cpu,
    /// A card, or an error that says what is missing.
    Gpu,
    /// A card where there is one; otherwise one line says why not.
    Auto,
}

/// What positions are reduced on.
pub struct Device {
    #[cfg(feature = "gpu")]
    card: Option<super::card::CardReducer>,
    /// What a user is told of the choice.
    line: String,
}

impl Device {
    /// The processor.
    pub fn cpu() -> Self {
        Self {
            #[cfg(feature = "gpu")]
            card: None,
            line: "positions are reduced on the CPU".into(),
        }
    }

    /// The device that was asked for.
    ///
    /// # Errors
    /// A card was asked for and there is none: why.
    pub fn choose(choice: DeviceChoice) -> Result<Self> {
        if choice == DeviceChoice::Cpu {
            return Ok(Self::cpu());
        }
        match (Self::open(), choice) {
            (Ok(device), _) => Ok(device),
            (Err(why), DeviceChoice::Gpu) => Err(ReplayError::Usage(format!("no card to run on: {why}"))),
            (Err(why), _) => {
                let mut device = Self::cpu();
                device.line = format!("positions are reduced on the CPU: {why}");
                Ok(device)
            }
        }
    }

    #[cfg(feature = "gpu")]
    fn open() -> std::result::Result<Self, String> {
        let card = super::card::CardReducer::open().map_err(|error| error.to_string())?;
        Ok(Self {
            line: format!("positions are reduced on the card {}", card.name()),
            card: Some(card),
        })
    }

    #[cfg(not(feature = "gpu"))]
    fn open() -> std::result::Result<Self, String> {
        Err("this program was built without the feature `gpu`".into())
    }

    /// One line: what runs where, and why.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Name in a calibration's provenance.
    pub fn name(&self) -> String {
        #[cfg(feature = "gpu")]
        if let Some(card) = &self.card {
            return format!("cpu; positions reduced on {}", card.name());
        }
        "cpu".into()
    }

    /// What tells parts that were found on another device apart; nothing for the processor.
    pub fn tag(&self) -> &'static str {
        #[cfg(feature = "gpu")]
        if self.card.is_some() {
            return "on a card";
        }
        ""
    }

    /// Reduces laws of the positions `0 ..` of an answer under its noise; lists hold `entries` tokens.
    ///
    /// # Errors
    /// The card refuses.
    pub fn reduce(&self, laws: &[Law], noise: &Noise, entries: usize) -> Result<Vec<Reduced>> {
        #[cfg(feature = "gpu")]
        if let Some(card) = &self.card
            && card.lists(entries)
        {
            return card.reduce(laws, noise, entries);
        }
        let one = |(at, law): (usize, &Law)| Reduced::of(law, noise, at as u32, entries);
        Ok(laws.iter().enumerate().map(one).collect())
    }

    /// The `entries` most probable tokens of each law and what is left over.
    ///
    /// # Errors
    /// The card refuses.
    pub fn lists(&self, laws: &[Law], entries: usize) -> Result<Vec<TopK>> {
        #[cfg(feature = "gpu")]
        if let Some(card) = &self.card
            && card.lists(entries)
        {
            return card.top(laws, entries);
        }
        Ok(laws.iter().map(|law| TopK::of_law(law, entries)).collect())
    }

    /// Scores positions; `agreed` is the number of entries that an artifact is to hold.
    ///
    /// # Errors
    /// The card refuses.
    pub fn score(&self, observations: &[Observation], agreed: usize) -> Result<Vec<TokenScore>> {
        #[cfg(feature = "gpu")]
        if let Some(card) = &self.card
            && card.lists(agreed)
        {
            return card.score(observations, agreed);
        }
        Ok(observations.iter().map(|at| TokenScore::of(at, agreed)).collect())
    }
}
