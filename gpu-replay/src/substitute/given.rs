//! Substitutes of given strength: what the catalogue names once, at the figure that the name says.
//!
//! **Invariant.** A name that is of this form is either a substitute or refused with the range of its figure.

use super::catalogue::{Change, Substitute};
use crate::error::{ReplayError, Result};
use crate::sampler::Contract;

/// What can be asked for, for messages and help.
pub(super) const FORMS: &str = "lora-rRANK-STRENGTH, dropped-LAYERS, temperature-T, top-p-P, repetition-R";

/// The substitute of a name with figures: `lora-r8-0.05`, `dropped-3`, `temperature-0.7`, `top-p-0.9`,
/// `repetition-1.2`. `None` if the name is not of such a form.
///
/// # Errors
/// A figure is out of its range.
pub(super) fn given(name: &str) -> Result<Option<Substitute>> {
    let plain = Contract::default();
    let number = |figure: &str| figure.parse::<f64>().ok();
    let within = |value: f64, low: f64, high: f64| {
        if (low..=high).contains(&value) {
            return Ok(value);
        }
        let problem = format!("`{name}`: {value} is not between {low} and {high}");
        Err(ReplayError::Usage(problem))
    };
    let (change, note) = if let Some(figures) = name.strip_prefix("lora-r") {
        let Some((rank, strength)) = figures.split_once('-') else {
            return Ok(None);
        };
        let (Some(rank), Some(strength)) = (rank.parse::<u32>().ok(), number(strength)) else {
            return Ok(None);
        };
        let change = Change::LowRank {
            rank: within(f64::from(rank), 1.0, 1024.0)? as usize,
            strength: within(strength, 1e-6, 10.0)?,
        };
        (
            change,
            "random low-rank update of the rank and relative norm in its name",
        )
    } else if let Some(count) = name
        .strip_prefix("dropped-")
        .and_then(|count| count.parse::<u32>().ok())
    {
        let count = within(f64::from(count), 1.0, 1024.0)? as usize;
        (
            Change::DroppedLayers(count),
            "as many layers left out as its name says",
        )
    } else if let Some(temperature) = name.strip_prefix("temperature-").and_then(number) {
        let temperature = within(temperature, 0.01, 100.0)?;
        (
            Change::Sampler(Contract { temperature, ..plain }),
            "the temperature in its name for 1",
        )
    } else if let Some(top_p) = name.strip_prefix("top-p-").and_then(number) {
        let top_p = within(top_p, 0.01, 1.0)?;
        (
            Change::Sampler(Contract { top_p, ..plain }),
            "the nucleus in its name for the whole law",
        )
    } else if let Some(penalty) = name.strip_prefix("repetition-").and_then(number) {
        let repetition_penalty = within(penalty, 0.1, 10.0)?;
        let contract = Contract {
            repetition_penalty,
            ..plain
        };
        (Change::Sampler(contract), "the repetition penalty in its name")
    } else {
        return Ok(None);
    };
    Ok(Some(Substitute {
        name: name.into(),
        change,
        bits: 16.0,
        note,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::{catalogue, choose};
    use super::*;

    #[test]
    fn a_name_with_figures_is_the_change_that_it_says() {
        for (name, change) in [
            (
                "lora-r4-0.1",
                Change::LowRank {
                    rank: 4,
                    strength: 0.1,
                },
            ),
            (
                "lora-r16-0.005",
                Change::LowRank {
                    rank: 16,
                    strength: 0.005,
                },
            ),
            ("dropped-3", Change::DroppedLayers(3)),
            (
                "temperature-0.7",
                Change::Sampler(Contract {
                    temperature: 0.7,
                    ..Contract::default()
                }),
            ),
            (
                "top-p-0.9",
                Change::Sampler(Contract {
                    top_p: 0.9,
                    ..Contract::default()
                }),
            ),
        ] {
            let chosen = choose(&[name.to_string()], false).expect(name);
            assert_eq!((chosen[0].name.as_str(), chosen[0].change), (name, change));
        }
    }

    /// What the catalogue names with a figure is what the figure says, so that one name has one meaning.
    #[test]
    fn the_catalogue_s_figures_agree_with_the_names() {
        let listed = catalogue(false);
        let figured: Vec<_> = listed
            .iter()
            .filter_map(|one| Some((one, given(&one.name).ok()??)))
            .collect();
        assert!(figured.len() >= 5);
        for (listed, given) in figured {
            assert_eq!(listed.change, given.change, "{}", listed.name);
        }
    }

    #[test]
    fn a_figure_out_of_range_is_refused_and_another_form_is_no_such_name() {
        for name in [
            "lora-r0-0.1",
            "lora-r4-0",
            "dropped-0",
            "temperature-0",
            "top-p-1.5",
            "temperature-nan",
        ] {
            let error = choose(&[name.to_string()], false).expect_err(name).to_string();
            assert!(error.contains("is not between"), "{error}");
        }
        for name in ["lora-r4", "lora-rx-0.1", "dropped", "temperature-warm", "q4-0"] {
            assert!(given(name).expect(name).is_none(), "{name}");
        }
    }
}
