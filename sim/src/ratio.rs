//! Probabilities and rates as integers: `1/100`, never a float.

use std::fmt;
use std::str::FromStr;

/// A probability, from none to always, as a fraction of whole numbers.
///
/// Compared as written: `1/2` and `2/4` are as likely, but not equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: u32,
    den: u32,
}

impl Ratio {
    /// Never.
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };
    /// Always.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num` times out of `den`.
    ///
    /// # Errors
    /// When `den` is zero, or `num` is above it.
    pub const fn new(num: u32, den: u32) -> Result<Ratio, RatioError> {
        if den == 0 {
            Err(RatioError::ZeroDenominator { num })
        } else if num > den {
            Err(RatioError::AboveOne { num, den })
        } else {
            Ok(Ratio { num, den })
        }
    }

    /// How often, out of [`den`](Self::den).
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Out of how many; never zero.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }

    /// Whether this never happens.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// Whether nothing is left to chance: it happens never, or always.
    pub(crate) fn is_certain(self) -> bool {
        self.num == 0 || self.num == self.den
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Ratio::ZERO
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    /// Reads `1/100`, or a bare `0` or `1`.
    fn from_str(text: &str) -> Result<Ratio, RatioError> {
        let (num, den) = fraction(text)?;
        Ratio::new(num, den)
    }
}

/// Reads two whole numbers with a stroke between them, or one alone, which stands over 1.
fn fraction(text: &str) -> Result<(u32, u32), RatioError> {
    let whole = |part: &str| {
        let part = part.trim();
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten().ok_or_else(|| RatioError::Malformed { found: text.to_owned() })
    };
    match text.split_once('/') {
        Some((num, den)) => Ok((whole(num)?, whole(den)?)),
        None => Ok((whole(text)?, 1)),
    }
}

/// How fast a clock runs against true time: `11/10` gains a second every ten.
///
/// Compared as written, like a [`Ratio`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    num: u32,
    den: u32,
}

impl Rate {
    /// As fast as true time.
    pub const ONE: Rate = Rate { num: 1, den: 1 };

    /// `num` seconds shown for every `den` that pass.
    ///
    /// # Errors
    /// When either is zero: a clock neither stands still nor outruns all bounds.
    pub const fn new(num: u32, den: u32) -> Result<Rate, RatioError> {
        if num == 0 || den == 0 { Err(RatioError::NoRate { num, den }) } else { Ok(Rate { num, den }) }
    }

    /// Seconds shown, for every [`den`](Self::den) that pass.
    #[must_use]
    pub fn num(self) -> u32 {
        self.num
    }

    /// Seconds that pass while [`num`](Self::num) are shown.
    #[must_use]
    pub fn den(self) -> u32 {
        self.den
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for Rate {
    type Err = RatioError;

    /// Reads `11/10`.
    fn from_str(text: &str) -> Result<Rate, RatioError> {
        let (num, den) = fraction(text)?;
        Rate::new(num, den)
    }
}

/// Why something is no ratio.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatioError {
    /// Not two whole numbers.
    #[error("expected a ratio such as `1/100`, found `{found}`")]
    Malformed {
        /// The text given.
        found: String,
    },
    /// Nothing happens so many times out of zero.
    #[error("a ratio's second number is at least 1, found {num}/0")]
    ZeroDenominator {
        /// The first number.
        num: u32,
    },
    /// A clock that stands still, or shows all times at once.
    #[error("a clock's rate has no zero, found {num}/{den}")]
    NoRate {
        /// The first number.
        num: u32,
        /// The second number.
        den: u32,
    },
    /// More often than always.
    #[error("a ratio is at most 1, found {num}/{den}")]
    AboveOne {
        /// The first number.
        num: u32,
        /// The second number.
        den: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_reads_what_it_prints() {
        for text in ["0/1", "1/100", "99/100", "1/1", "4294967295/4294967295"] {
            assert_eq!(text.parse::<Ratio>().map(|ratio| ratio.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("0".parse(), Ok(Ratio::ZERO));
        assert_eq!(" 1 / 1 ".parse(), Ok(Ratio::ONE));
    }

    #[test]
    fn what_is_no_ratio_is_refused_with_what_was_found() {
        for text in ["", "/", "1/", "/2", "-1/2", "+1/2", "1/2/3", "0.5", "1%", "4294967296/4294967297"] {
            assert_eq!(text.parse::<Ratio>(), Err(RatioError::Malformed { found: text.to_owned() }), "{text}");
        }
        assert_eq!("1/0".parse::<Ratio>(), Err(RatioError::ZeroDenominator { num: 1 }));
        assert_eq!("2".parse::<Ratio>(), Err(RatioError::AboveOne { num: 2, den: 1 }));
        assert_eq!("0/2".parse::<Rate>(), Err(RatioError::NoRate { num: 0, den: 2 }));
        assert_eq!("3/2".parse::<Rate>().map(|rate| rate.to_string()), Ok("3/2".to_owned()));
        assert_eq!("3/2".parse::<Ratio>().unwrap_err().to_string(), "a ratio is at most 1, found 3/2");
    }
}
