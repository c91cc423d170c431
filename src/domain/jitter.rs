//! By how much a read is put off, so that reads which fall due at the same moment do not all ask at once.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// A part of the longest delay. It is drawn once for each read and kept with the source's state: however often
/// somebody asks when that read is due, and whether the program was started again meanwhile, the answer is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jitter(u16);

impl Jitter {
    /// The part that a random number stands for; each is as likely as any other.
    #[must_use]
    pub const fn drawn(random: u16) -> Self {
        Self(random)
    }

    /// Returns the delay, which is less than the longest one.
    #[must_use]
    pub fn of(self, longest: std::time::Duration) -> TimeDelta {
        let part = longest.mul_f64(f64::from(self.0) / (f64::from(u16::MAX) + 1.0));
        TimeDelta::from_std(part).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_delay_is_its_part_of_the_longest_and_always_less() {
        let hour = Duration::from_secs(3600);
        assert_eq!(Jitter::drawn(0).of(hour), TimeDelta::zero());
        assert_eq!(Jitter::drawn(1 << 15).of(hour), TimeDelta::minutes(30));
        let most = Jitter::drawn(u16::MAX).of(hour);
        assert!(most > TimeDelta::minutes(59) && most < TimeDelta::hours(1), "{most}");
        assert_eq!(Jitter::drawn(u16::MAX).of(Duration::ZERO), TimeDelta::zero());
    }
}
