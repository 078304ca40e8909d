//! How likely a failure is, and how sure one can be of that. For people: nothing is decided by it.

use std::fmt;

/// So many of so many seeds failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odds {
    /// How many failed.
    pub failed: u64,
    /// Of how many; at least one.
    pub of: u64,
}

/// The normal quantile of a two-sided interval of 95 %.
const Z: f64 = 1.959_963_984_540_054;

impl Odds {
    /// Between which rates the true one is, 95 % sure: Wilson's score interval. With no failure at all it begins at
    /// zero and ends at [`bound`](Self::bound), with nothing but failures it is the mirror of that.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        if self.failed == 0 {
            return (0.0, self.bound());
        }
        if self.failed == self.of {
            return (1.0 - self.bound(), 1.0);
        }
        let (n, p) = (self.of as f64, self.failed as f64 / self.of as f64);
        let middle = p + Z * Z / (2.0 * n);
        let reach = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + Z * Z / n;
        ((middle - reach) / scale, (middle + reach) / scale)
    }

    /// The rate below which the true one is, 95 % sure, when none of so many seeds failed: a higher rate would have
    /// shown itself in 19 of 20 sweeps.
    #[must_use]
    pub fn bound(self) -> f64 {
        1.0 - 0.05_f64.powf(1.0 / self.of as f64)
    }

    /// [`bound`](Self::bound) in percent.
    #[must_use]
    pub fn bounded(self) -> String {
        percent(self.bound())
    }
}

impl fmt::Display for Odds {
    /// `3 of 20 (5.2 % to 36 %)`; without a failure `0 of 20 (below 14 %)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Odds { failed, of } = *self;
        let (least, most) = self.interval();
        match failed {
            0 => write!(f, "0 of {of} (below {})", percent(most)),
            _ if failed == of => write!(f, "{failed} of {of} (above {})", percent(least)),
            _ => write!(f, "{failed} of {of} ({} to {})", percent(least), percent(most)),
        }
    }
}

/// A part of one in percent, with two digits that count.
fn percent(part: f64) -> String {
    let hundredths = part * 100.0;
    let digits = [10.0, 1.0, 0.1, 0.01].iter().position(|&least| hundredths >= least).unwrap_or(4);
    format!("{hundredths:.digits$} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(failed: u64, of: u64) -> String {
        Odds { failed, of }.to_string()
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        assert_eq!(told(10, 20), "10 of 20 (30 % to 70 %)");
        assert_eq!(told(1, 100), "1 of 100 (0.18 % to 5.4 %)");
        assert_eq!(told(3, 20), "3 of 20 (5.2 % to 36 %)");
    }

    #[test]
    fn clean_seeds_bound_the_rate_by_about_three_in_their_number() {
        assert_eq!(told(0, 20), "0 of 20 (below 14 %)");
        assert_eq!(told(0, 1000), "0 of 1000 (below 0.30 %)");
        assert_eq!(told(0, 3_000_000), "0 of 3000000 (below 0.0001 %)");
        assert_eq!(told(20, 20), "20 of 20 (above 86 %)");
        assert_eq!(told(1, 1), "1 of 1 (above 5.0 %)");
    }
}
