//! Numbers with units, read and written without a floating-point step.
//!
//! Invariant: a quantity is an integer of its dimension's base unit; what the base unit cannot hold
//! exactly is refused, never rounded. Written in canonical form it reads back as itself.

/// A unit and how many base units it is.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// As written behind the number; empty for a bare number.
    pub name: &'static str,
    /// Base units in one of it.
    pub factor: i128,
}

/// What a number measures, and in which units it may be written.
#[derive(Debug)]
pub struct Dimension {
    /// As a message calls it: "a length of time".
    pub noun: &'static str,
    /// Allowed units; the first is the canonical one, whose factor is a power of ten.
    pub units: &'static [Unit],
    /// The value keeps the unit in which it was written (rates, whose units do not divide each other).
    pub keeps_unit: bool,
}

const fn unit(name: &'static str, factor: i128) -> Unit {
    Unit { name, factor }
}

const E18: i128 = 1_000_000_000_000_000_000;

/// A bare whole number.
pub static COUNT: Dimension = Dimension {
    noun: "a whole number without a unit",
    units: &[unit("", 1)],
    keeps_unit: false,
};
/// A bare number with at most eighteen decimals; base unit 10^-18.
pub static NUMBER: Dimension = Dimension {
    noun: "a number without a unit",
    units: &[unit("", E18)],
    keeps_unit: false,
};
/// A similarity between 0 and 1; base unit 10^-9.
pub static SIMILARITY: Dimension = Dimension {
    noun: "a similarity without a unit",
    units: &[unit("", 1_000_000_000)],
    keeps_unit: false,
};
/// A relative size; base unit 10^-6.
pub static FACTOR: Dimension = Dimension {
    noun: "a factor without a unit",
    units: &[unit("", 1_000_000)],
    keeps_unit: false,
};
/// A share; base unit 10^-18.
pub static SHARE: Dimension = Dimension {
    noun: "a share",
    units: &[
        unit("%", E18 / 100),
        unit("permille", E18 / 1_000),
        unit("bps", E18 / 10_000),
        unit("ppm", E18 / 1_000_000),
        unit("ppb", E18 / 1_000_000_000),
    ],
    keeps_unit: false,
};
/// A length of time; base unit the nanosecond.
pub static DURATION: Dimension = Dimension {
    noun: "a length of time",
    units: &[
        unit("s", 1_000_000_000),
        unit("ns", 1),
        unit("us", 1_000),
        unit("ms", 1_000_000),
        unit("min", 60_000_000_000),
        unit("h", 3_600_000_000_000),
        unit("d", 86_400_000_000_000),
    ],
    keeps_unit: false,
};
/// A length of time that a rule counts in seconds; base unit the second.
pub static WHOLE_SECONDS: Dimension = Dimension {
    noun: "a length of time in whole seconds",
    units: &[unit("s", 1), unit("min", 60), unit("h", 3_600), unit("d", 86_400)],
    keeps_unit: false,
};
/// Coins; base unit the network's own.
pub static COINS: Dimension = Dimension {
    noun: "an amount of coins",
    units: &[unit("GNK", 1_000_000_000), unit("ngonka", 1)],
    keeps_unit: false,
};
/// Price of a model token; base unit one base unit of coins a token.
pub static PRICE: Dimension = Dimension {
    noun: "a price",
    units: &[unit("ngonka/token", 1), unit("GNK/token", 1_000_000_000)],
    keeps_unit: false,
};
/// Operating cost; base unit one base unit of coins an hour.
pub static COST_RATE: Dimension = Dimension {
    noun: "a cost",
    units: &[unit("GNK/h", 1_000_000_000), unit("ngonka/h", 1)],
    keeps_unit: false,
};
/// Collateral asked per unit of weight; base unit 10^-18 base units of coins.
pub static COINS_PER_WEIGHT: Dimension = Dimension {
    noun: "coins per unit of weight",
    units: &[
        unit("ngonka/weight", E18),
        unit("GNK/weight", E18 * 1_000_000_000),
    ],
    keeps_unit: false,
};
/// Model tokens.
pub static TOKENS: Dimension = Dimension {
    noun: "a number of model tokens",
    units: &[unit("tokens", 1), unit("token", 1)],
    keeps_unit: false,
};
/// Mean lengths in model tokens; base unit 10^-6 tokens.
pub static MEAN_TOKENS: Dimension = Dimension {
    noun: "a mean number of model tokens",
    units: &[unit("tokens", 1_000_000), unit("token", 1_000_000)],
    keeps_unit: false,
};
/// Speed of a model; base unit 10^-6 tokens a second.
pub static TOKENS_PER_SECOND: Dimension = Dimension {
    noun: "a speed",
    units: &[unit("tokens/s", 1_000_000)],
    keeps_unit: false,
};
/// Capacity that one unit of weight stands for; base unit 10^-18 tokens a second.
pub static TOKENS_PER_SECOND_PER_WEIGHT: Dimension = Dimension {
    noun: "a capacity",
    units: &[unit("tokens/s/weight", E18)],
    keeps_unit: false,
};
/// Blocks.
pub static BLOCKS: Dimension = Dimension {
    noun: "a number of blocks",
    units: &[unit("blocks", 1), unit("block", 1)],
    keeps_unit: false,
};
/// Epochs.
pub static EPOCHS: Dimension = Dimension {
    noun: "a number of epochs",
    units: &[unit("epochs", 1), unit("epoch", 1)],
    keeps_unit: false,
};
/// Accelerator memory.
pub static MEMORY: Dimension = Dimension {
    noun: "an amount of memory",
    units: &[unit("GiB", 1)],
    keeps_unit: false,
};
/// Data in a block; base unit 10^-4 KB.
pub static DATA: Dimension = Dimension {
    noun: "an amount of data",
    units: &[unit("KB", 10_000), unit("MB", 10_000_000)],
    keeps_unit: false,
};
/// Data per model token; base unit 10^-4 KB.
pub static DATA_PER_TOKEN: Dimension = Dimension {
    noun: "an amount of data per model token",
    units: &[unit("KB/token", 10_000)],
    keeps_unit: false,
};
/// Arrivals; base unit a millionth of an arrival a day, but `/epoch` counts millionths an epoch.
pub static RATE: Dimension = Dimension {
    noun: "a rate",
    units: &[
        unit("/s", 86_400_000_000),
        unit("/min", 1_440_000_000),
        unit("/h", 24_000_000),
        unit("/d", MICRO_PER_DAY),
        unit("/epoch", MICRO_PER_DAY),
    ],
    keeps_unit: true,
};
/// Length of a run: blocks, epochs or time; each keeps its unit, and base units are per unit.
pub static SPAN: Dimension = Dimension {
    noun: "a length of the run",
    units: &[
        unit("blocks", 1_000_000_000),
        unit("block", 1_000_000_000),
        unit("epochs", 1_000_000_000),
        unit("epoch", 1_000_000_000),
        unit("s", 1_000_000_000),
        unit("h", 3_600_000_000_000),
        unit("d", 86_400_000_000_000),
    ],
    keeps_unit: true,
};

/// Base units of [`RATE`] in one arrival a day, or an epoch.
pub const MICRO_PER_DAY: i128 = 1_000_000;

/// A quantity: base units, and the unit in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Base units of the dimension.
    pub base: i128,
    /// Index into the dimension's units.
    pub unit: usize,
}

/// Why a text is no quantity of its dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not start with a decimal number.
    NoNumber,
    /// The unit is missing; the number alone was found.
    NoUnit,
    /// The unit is not one of the dimension's.
    WrongUnit(String),
    /// More digits than the base unit holds.
    TooFine,
    /// Beyond the integers that hold it.
    TooLarge,
}

impl Dimension {
    /// Reads a number and its unit; a space between them is optional.
    ///
    /// # Errors
    /// What stops it from being this quantity. Ranges are the field's business.
    pub fn parse(&self, text: &str) -> Result<Quantity, Refusal> {
        let (number, unit_name) = split(text)?;
        let Some(unit) = self.units.iter().position(|u| u.name == unit_name) else {
            return Err(if unit_name.is_empty() {
                Refusal::NoUnit
            } else {
                Refusal::WrongUnit(unit_name.to_owned())
            });
        };
        Ok(Quantity {
            base: scale(number, self.units[unit].factor)?,
            unit,
        })
    }

    /// Writes a quantity so that it reads back as itself.
    #[must_use]
    pub fn write(&self, quantity: Quantity) -> String {
        let index = if self.keeps_unit { quantity.unit } else { 0 };
        let Unit { name, factor } = self.units[index];
        let number = write_decimal(quantity.base, factor);
        let space = if name.is_empty() { "" } else { " " };
        format!("{number}{space}{name}")
    }

    /// The allowed units as a message lists them.
    #[must_use]
    pub fn unit_names(&self) -> Vec<&'static str> {
        self.units
            .iter()
            .map(|u| u.name)
            .filter(|name| !name.is_empty())
            .collect()
    }
}

/// A decimal number: `digits·10^-places`.
#[derive(Clone, Copy)]
struct Number {
    digits: i128,
    places: i32,
}

/// The number at the start of a text and the unit behind it.
fn split(text: &str) -> Result<(Number, &str), Refusal> {
    let text = text.trim();
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mut digits, mut places, mut seen, mut end) = (0i128, 0i32, 0u32, rest.len());
    let mut has_point = false;
    let bytes = rest.as_bytes();
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            b'0'..=b'9' => {
                digits = digits
                    .checked_mul(10)
                    .and_then(|d| d.checked_add(i128::from(b - b'0')))
                    .ok_or(Refusal::TooLarge)?;
                seen += 1;
                places += i32::from(has_point);
            }
            b'.' if !has_point && seen > 0 => has_point = true,
            b'_' if seen > 0 && bytes.get(i + 1).is_some_and(u8::is_ascii_digit) => {}
            _ => {
                end = i;
                break;
            }
        }
    }
    if seen == 0 || rest[..end].ends_with('.') {
        return Err(Refusal::NoNumber);
    }
    let (exponent, unit) = split_exponent(&rest[end..])?;
    let number = Number {
        digits: if is_negative { -digits } else { digits },
        places: places - exponent,
    };
    Ok((number, unit.trim_start()))
}

/// A power of ten such as `e-6` directly behind the digits, if there is one.
fn split_exponent(rest: &str) -> Result<(i32, &str), Refusal> {
    let Some(power) = rest.strip_prefix(['e', 'E']) else {
        return Ok((0, rest));
    };
    let length = power
        .char_indices()
        .take_while(|&(i, c)| c.is_ascii_digit() || i == 0 && matches!(c, '-' | '+'))
        .count();
    let digits = power[..length].trim_start_matches('+');
    if digits.trim_start_matches('-').is_empty() {
        return Ok((0, rest));
    }
    let exponent: i32 = digits.parse().map_err(|_| Refusal::TooLarge)?;
    if exponent.abs() > 400 {
        Err(Refusal::TooLarge)
    } else {
        Ok((exponent, &power[length..]))
    }
}

/// The number in units of which `factor` make one.
fn scale(number: Number, factor: i128) -> Result<i128, Refusal> {
    let Number {
        mut digits,
        mut places,
    } = number;
    if digits == 0 {
        return Ok(0);
    }
    // Zeros at the end of a decimal fraction say nothing, and the product below has less room with them.
    while places > 0 && digits % 10 == 0 {
        digits /= 10;
        places -= 1;
    }
    let mut value = digits.checked_mul(factor).ok_or(Refusal::TooLarge)?;
    while places < 0 {
        value = value.checked_mul(10).ok_or(Refusal::TooLarge)?;
        places += 1;
    }
    while places > 0 {
        if value % 10 != 0 {
            return Err(Refusal::TooFine);
        }
        value /= 10;
        places -= 1;
    }
    Ok(value)
}

/// `base/factor` as a decimal number; the quotient ends for every factor that a number was read with.
fn write_decimal(base: i128, factor: i128) -> String {
    let sign = if base < 0 { "-" } else { "" };
    let (whole, mut rest) = (
        base.unsigned_abs() / factor.unsigned_abs(),
        base.unsigned_abs() % factor.unsigned_abs(),
    );
    let mut decimals = String::new();
    while rest != 0 && decimals.len() < 40 {
        rest *= 10;
        decimals.push(char::from(b'0' + (rest / factor.unsigned_abs()) as u8));
        rest %= factor.unsigned_abs();
    }
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{decimals}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_shares_are_read_exactly() {
        assert_eq!(COINS.parse("323000 GNK").unwrap().base, 323_000_000_000_000);
        assert_eq!(COINS.parse("0.000000001GNK").unwrap().base, 1);
        assert_eq!(COINS.parse("0.0000000001 GNK"), Err(Refusal::TooFine));
        assert_eq!(SHARE.parse("5 %").unwrap().base, 50_000_000_000_000_000);
        assert_eq!(
            SHARE.parse("0.0001%"),
            SHARE.parse("1 ppm").map(|q| Quantity { unit: 0, ..q })
        );
        assert_eq!(
            NUMBER.parse("0.9995251127946402").unwrap().base,
            999_525_112_794_640_200
        );
        assert_eq!(NUMBER.parse("1e-6").unwrap().base, 1_000_000_000_000);
        assert_eq!(DURATION.parse("5.41 s").unwrap().base, 5_410_000_000);
        assert_eq!(COUNT.parse("80_800").unwrap().base, 80_800);
    }

    #[test]
    fn what_is_no_number_of_the_unit_says_why() {
        for text in [
            "", "nan", ".nan", "inf", "-", "five", ".5 %", "5. %", "+5 %", "0x10", "--5", "_5",
        ] {
            let refused = SHARE.parse(text).unwrap_err();
            assert!(
                matches!(refused, Refusal::NoNumber | Refusal::WrongUnit(_)),
                "{text}: {refused:?}"
            );
        }
        assert_eq!(SHARE.parse("5"), Err(Refusal::NoUnit));
        assert_eq!(SHARE.parse("5 s"), Err(Refusal::WrongUnit("s".to_owned())));
        assert_eq!(NUMBER.parse("1e308"), Err(Refusal::TooLarge));
        assert_eq!(NUMBER.parse("1e99999999999"), Err(Refusal::TooLarge));
        assert_eq!(COUNT.parse("1.5"), Err(Refusal::TooFine));
        assert_eq!(COUNT.parse(&"9".repeat(200)), Err(Refusal::TooLarge));
    }

    #[test]
    fn a_quantity_reads_back_what_it_writes() {
        let cases: [(&Dimension, &str, &str); 9] = [
            (&DURATION, "150 ms", "0.15 s"),
            (&DURATION, "2 h", "7200 s"),
            (&SHARE, "1 ppm", "0.0001 %"),
            (&RATE, "80_800 /epoch", "80800 /epoch"),
            (&RATE, "0.7 /s", "0.7 /s"),
            (&RATE, "41 /min", "41 /min"),
            (&COINS, "1 ngonka", "0.000000001 GNK"),
            (&NUMBER, "-2.50", "-2.5"),
            (&SPAN, "3 h", "3 h"),
        ];
        for (dimension, text, canonical) in cases {
            let quantity = dimension.parse(text).unwrap();
            assert_eq!(dimension.write(quantity), canonical);
            assert_eq!(dimension.parse(canonical).unwrap().base, quantity.base);
        }
    }
}
