//! The incomplete gamma and beta functions, by series and continued fraction (Abramowitz and Stegun 1964,
//! 6.5.29, 6.5.31 and 26.5.8), the fractions evaluated by Lentz's method.

const TINY: f64 = 1e-300;
const PRECISION: f64 = 1e-16;
/// The fractions need about the square root of their largest parameter: this is enough up to 1e8.
const MOST_TERMS: u32 = 200_000;

/// `Q(a, x)`, the regularised upper incomplete gamma function, for `a > 0` and `x >= 0`.
pub(crate) fn upper_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        1.0 - front * gamma_series(a, x)
    } else {
        front * gamma_fraction(a, x)
    }
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for n in 1..MOST_TERMS {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * PRECISION {
            break;
        }
    }
    sum
}

fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    for n in 1..MOST_TERMS {
        let n = f64::from(n);
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        value *= d * c;
        if (d * c - 1.0).abs() < PRECISION {
            break;
        }
    }
    value
}

/// `I_x(a, b)`, the regularised incomplete beta function, for `a, b > 0` and `x` in [0, 1].
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = libm::exp(a * libm::log(x) + b * libm::log1p(-x) - ln_beta);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..MOST_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for numerator in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            value *= d * c;
            change = d * c;
        }
        if (change - 1.0_f64).abs() < PRECISION {
            break;
        }
    }
    value
}

fn away_from_zero(value: f64) -> f64 {
    if value.abs() < TINY { TINY } else { value }
}

/// The `x` with `I_x(a, b) = p`, by bisection down to neighbouring doubles.
pub(crate) fn inverse_incomplete_beta(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if incomplete_beta(a, b, middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gamma_function_matches_its_closed_forms() {
        for x in [0.1, 1.0, 2.5, 10.0, 40.0] {
            assert!((upper_gamma(1.0, x) - libm::exp(-x)).abs() < 1e-14, "Q(1, {x})");
            assert!(
                (upper_gamma(0.5, x) - libm::erfc(libm::sqrt(x))).abs() < 1e-14,
                "Q(1/2, {x})"
            );
            let poisson = libm::exp(-x) * (1.0 + x + x * x / 2.0);
            assert!((upper_gamma(3.0, x) - poisson).abs() < 1e-14, "Q(3, {x})");
        }
        assert_eq!(upper_gamma(2.0, 0.0), 1.0);
    }

    #[test]
    fn the_beta_function_matches_its_closed_forms() {
        for x in [0.01, 0.3, 0.5, 0.9, 0.999] {
            assert!((incomplete_beta(1.0, 3.0, x) - (1.0 - (1.0 - x) * (1.0 - x) * (1.0 - x))).abs() < 1e-14);
            assert!((incomplete_beta(2.0, 1.0, x) - x * x).abs() < 1e-14);
            let arcsine = 2.0 / std::f64::consts::PI * libm::asin(libm::sqrt(x));
            assert!((incomplete_beta(0.5, 0.5, x) - arcsine).abs() < 1e-13, "{x}");
            let there_and_back = inverse_incomplete_beta(3.5, 0.7, incomplete_beta(3.5, 0.7, x));
            assert!((there_and_back - x).abs() < 1e-12);
        }
        assert!((incomplete_beta(50_000.0, 50_000.0, 0.5) - 0.5).abs() < 1e-9);
    }
}
