//! Probabilities as integers: `1/100`, never a float.

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
        let whole = |part: &str| {
            let part = part.trim();
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten().ok_or_else(|| RatioError::Malformed { found: text.to_owned() })
        };
        match text.split_once('/') {
            Some((num, den)) => Ratio::new(whole(num)?, whole(den)?),
            None => Ratio::new(whole(text)?, 1),
        }
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
        assert_eq!("3/2".parse::<Ratio>().unwrap_err().to_string(), "a ratio is at most 1, found 3/2");
    }
}
