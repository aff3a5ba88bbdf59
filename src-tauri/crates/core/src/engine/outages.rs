//! Which profiles' buckets cannot be used for the moment, and when to look again. Pure: the clock is handed in.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::error::{Error, Retry};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Between two looks whether a busy server is well again.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// Between two looks whether there is a way to the bucket again: looking costs nobody anything.
const LONGEST_OFFLINE: Duration = Duration::from_secs(5);

struct Outage {
    until: Instant,
    pause: Duration,
    error: Error,
    /// The job that went to see.
    probe: Option<i64>,
}

/// Outages by profile name.
#[derive(Default)]
pub(super) struct Outages(HashMap<String, Outage>);

impl Outages {
    /// A job of this profile could not go on. The pause grows with every failed look, not with every waiting job.
    pub(super) fn note(&mut self, profile: &str, error: &Error, now: Instant) {
        let known = self.0.get(profile);
        if known.is_some_and(|outage| outage.until > now) {
            return;
        }
        let longest = if error.retry_class() == Retry::WhenOnline { LONGEST_OFFLINE } else { LONGEST_PAUSE };
        let pause = known.map_or(FIRST_PAUSE, |outage| (outage.pause * 2).min(longest));
        let until = now + pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.0.insert(profile.to_owned(), Outage { until, pause, error: error.clone(), probe: None });
    }

    /// The bucket answered; true if that is news.
    pub(super) fn end(&mut self, profile: &str) -> bool {
        self.0.remove(profile).is_some()
    }

    /// Something changed that may be the cure: look again at once.
    pub(super) fn look_again(&mut self, now: Instant) {
        self.0.values_mut().for_each(|outage| outage.until = now);
    }

    pub(super) fn has(&self, profile: &str) -> bool {
        self.0.contains_key(profile)
    }

    /// This job goes to see whether the profile's bucket is back.
    pub(super) fn probe(&mut self, profile: &str, job: i64) {
        if let Some(outage) = self.0.get_mut(profile) {
            outage.probe = Some(job);
        }
    }

    /// The job that went to see, if one did.
    pub(super) fn probed_by(&self, profile: &str) -> Option<i64> {
        self.0.get(profile).and_then(|outage| outage.probe)
    }

    /// The profiles that have one.
    pub(super) fn profiles(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Whether it is time for one job of the profile to see if its bucket is back.
    pub(super) fn is_due(&self, profile: &str, now: Instant) -> bool {
        self.0.get(profile).is_none_or(|outage| outage.until <= now)
    }

    /// Why uploads wait, if they do.
    pub(super) fn reason(&self) -> Option<Error> {
        self.0.values().next().map(|outage| outage.error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn the_pause_grows_with_looks_and_not_with_jobs() {
        let (mut outages, error, start) = (Outages::default(), Error::new(Code::EndpointUnreachable, "away"), Instant::now());
        for _ in 0..500 {
            outages.note("p", &error, start);
        }
        assert!(!outages.is_due("p", start) && outages.is_due("p", start + FIRST_PAUSE));
        let mut now = start;
        for _ in 0..10 {
            now += LONGEST_PAUSE;
            outages.note("p", &error, now);
        }
        assert!(!outages.is_due("p", now + LONGEST_PAUSE / 3) && outages.is_due("p", now + LONGEST_PAUSE));
        let offline = Error::new(Code::EndpointUnreachable, "away").retry(Retry::WhenOnline);
        outages.note("p", &offline, now + LONGEST_PAUSE);
        assert!(outages.is_due("p", now + LONGEST_PAUSE + LONGEST_OFFLINE), "the network's return is noticed within seconds");
        outages.look_again(now);
        assert!(outages.is_due("p", now) && outages.has("p"));
        outages.end("p");
        assert!(!outages.has("p") && outages.reason().is_none());
    }
}
