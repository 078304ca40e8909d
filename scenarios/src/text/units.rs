//! Durations as people write them.

use std::time::Duration;

use super::Mistake;

const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The longest duration a scenario may name: ten years, so that sums of a few stay far from overflow.
const NANOS_MOST: u64 = 10 * 365 * 24 * 3_600_000_000_000;

/// Reads `"90s"`, `"1.5ms"`, `"2m"`: a number and one unit of ns, us, ms, s, m, h.
///
/// # Errors
/// When the text is negative, is no such duration, is finer than a nanosecond, or is longer than ten years.
pub fn parse_duration(text: &str) -> Result<Duration, Mistake> {
    if text.trim_start().starts_with('-') {
        return Err(Mistake::NegativeDuration(text.to_owned()));
    }
    let bad = || Mistake::BadDuration(text.to_owned());
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
    let (number, unit) = text.split_at(unit_at);
    let &(_, scale) = UNITS.iter().find(|&&(name, _)| name == unit).ok_or_else(bad)?;
    let nanos = decimal(number.trim_end(), scale).ok_or_else(bad)?;
    if nanos > NANOS_MOST {
        return Err(Mistake::LongDuration(text.to_owned()));
    }
    Ok(Duration::from_nanos(nanos))
}

/// A decimal number times `scale`, in whole numbers; `None` when it is not one or leaves a remainder.
fn decimal(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(());
    digits(whole).and(digits(fraction))?;
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(scale);
    let fraction = fraction.trim_end_matches('0');
    let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()? };
    let scaled = u128::from(fraction) * u128::from(scale);
    if !scaled.is_multiple_of(u128::from(parts)) {
        return None;
    }
    Some(whole.saturating_add(u64::try_from(scaled / u128::from(parts)).ok()?))
}

/// A duration in its largest unit that leaves no remainder: `"1500ms"`, `"2m"`.
#[must_use]
pub fn show_duration(span: Duration) -> String {
    let nanos = span.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    let fits = UNITS.iter().rev().find(|&&(_, scale)| nanos.is_multiple_of(u128::from(scale)));
    let &(unit, scale) = fits.expect("every whole number of nanoseconds is a multiple of one");
    format!("{}{unit}", nanos / u128::from(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, nanos) in
            [("0s", 0), ("10ms", 10_000_000), ("1.5us", 1_500), ("2m", 120_000_000_000), ("3 s", 3_000_000_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "5", "1.s", ".5s", "1e3s", "5 parsecs", "0.1ns", "1.2.3s", "+1s"] {
            assert_eq!(parse_duration(text), Err(Mistake::BadDuration(text.to_owned())), "{text}");
        }
        assert_eq!(parse_duration("-2s"), Err(Mistake::NegativeDuration("-2s".to_owned())));
        for text in ["99999999h", "99999999999999999999999s"] {
            assert_eq!(parse_duration(text), Err(Mistake::LongDuration(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_shown_duration_reads_back() {
        for nanos in [0, 1, 999, 1_500_000_000, 120_000_000_000, 3_600_000_000_000, 3_600_000_000_001] {
            let span = Duration::from_nanos(nanos);
            assert_eq!(parse_duration(&show_duration(span)), Ok(span));
        }
        assert_eq!(show_duration(Duration::from_millis(1500)), "1500ms");
    }
}
