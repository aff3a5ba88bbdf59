//! What Tintype may take of this computer and of its line.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// What decoding a picture may take. All of it is checked before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Limits {
    /// Million pixels of one picture.
    pub megapixels: u32,
    /// MiB of pixels of one picture while it is decoded (a JPEG at the scale its variants need).
    pub decode_mib: u32,
    /// Seconds for one picture and all its variants.
    pub seconds: u32,
    /// MiB of pixels of all pictures that are decoded at once.
    pub memory_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        // 268 million: about the largest any camera makes.
        Self {
            megapixels: 268,
            decode_mib: 512,
            seconds: 20,
            memory_mib: 512,
        }
    }
}

impl Limits {
    /// Pixels of one picture.
    pub const fn pixels(&self) -> u64 {
        self.megapixels as u64 * 1_000_000
    }

    /// Bytes of pixels of one picture.
    pub const fn decode_bytes(&self) -> u64 {
        (self.decode_mib as u64) << 20
    }
}

/// How fast bytes may leave, over all uploads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Bandwidth {
    /// KiB a second; 0: as fast as the line takes.
    pub kib_per_second: u32,
    /// Other limits at certain hours; the first that fits is in force.
    pub hours: Vec<Hours>,
}

/// A limit for some hours of every day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Hours {
    /// From this time of day on, as `HH:MM`.
    pub from: String,
    /// Until this one; earlier than `from` means the next day.
    pub until: String,
    /// KiB a second; 0: as fast as the line takes.
    pub kib_per_second: u32,
}

impl Bandwidth {
    /// Bytes a second at a time of day; 0 for no limit.
    pub fn at(&self, time: jiff::civil::Time) -> u64 {
        let fits = |hours: &&Hours| {
            let (Ok(from), Ok(until)) = (
                hours.from.parse::<jiff::civil::Time>(),
                hours.until.parse::<jiff::civil::Time>(),
            ) else {
                return false;
            };
            if from <= until {
                from <= time && time < until
            } else {
                from <= time || time < until
            }
        };
        let kib = self
            .hours
            .iter()
            .find(fits)
            .map_or(self.kib_per_second, |hours| hours.kib_per_second);
        u64::from(kib) << 10
    }

    /// Whether the times of day can be read.
    pub fn check(&self) -> Result<()> {
        let readable = |time: &str| time.len() == 5 && time.parse::<jiff::civil::Time>().is_ok();
        match self
            .hours
            .iter()
            .find(|hours| !readable(&hours.from) || !readable(&hours.until))
        {
            None => Ok(()),
            Some(hours) => Err(Error::new(
                Code::SettingsDamaged,
                format!(
                    "\"{}\" to \"{}\" are no times of day",
                    hours.from, hours.until
                ),
            )
            .hint("write them as HH:MM, for example 08:00 and 18:30")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bandwidth_follows_the_hours() {
        let hours = |from: &str, until: &str, kib_per_second| Hours {
            from: from.into(),
            until: until.into(),
            kib_per_second,
        };
        let bandwidth = Bandwidth {
            kib_per_second: 100,
            hours: vec![hours("08:00", "18:30", 10), hours("22:00", "06:00", 0)],
        };
        let at = |hour, minute| bandwidth.at(jiff::civil::time(hour, minute, 0, 0)) >> 10;
        assert_eq!(
            [
                at(8, 0),
                at(18, 29),
                at(18, 30),
                at(23, 0),
                at(5, 59),
                at(6, 0)
            ],
            [10, 10, 100, 0, 0, 100]
        );
        assert!(bandwidth.check().is_ok());
        assert!(
            Bandwidth {
                hours: vec![hours("8 am", "noon", 1)],
                ..bandwidth
            }
            .check()
            .is_err()
        );
    }
}
