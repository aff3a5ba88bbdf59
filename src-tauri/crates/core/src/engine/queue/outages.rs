//! What cannot be used for the moment, and when to look again: a profile's bucket, or something
//! that all jobs need (the journal, the settings, this computer). Pure: the clock is handed in.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Retry};
use crate::profile::ProfileId;

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

impl Outage {
    /// One more failed look. The pause grows with every failed look, not with every waiting job.
    fn again(known: Option<&Self>, error: &Error, now: Instant) -> Option<Self> {
        if known.is_some_and(|outage| outage.until > now) {
            return None;
        }
        let longest = if error.retry_class() == Retry::WhenOnline {
            LONGEST_OFFLINE
        } else {
            LONGEST_PAUSE
        };
        let pause = known.map_or(FIRST_PAUSE, |outage| (outage.pause * 2).min(longest));
        let shaken = pause.mul_f64(0.5 + fastrand::f64() / 2.0);
        let until = now + error.after.map_or(shaken, |after| shaken.max(after));
        Some(Self {
            until,
            pause,
            error: error.clone(),
            probe: None,
        })
    }

    /// Whether one job may go to see.
    fn may_probe(&self, now: Instant, runs: &impl Fn(i64) -> bool) -> bool {
        self.until <= now && !self.probe.is_some_and(runs)
    }
}

/// Outages by profile, and of what all share.
#[derive(Default)]
pub(in crate::engine) struct Outages {
    profiles: HashMap<ProfileId, Outage>,
    all: Option<Outage>,
}

impl Outages {
    /// A job of this profile could not go on.
    pub(in crate::engine) fn note(&mut self, profile: &ProfileId, error: &Error, now: Instant) {
        if let Some(outage) = Outage::again(self.profiles.get(profile), error, now) {
            self.profiles.insert(profile.clone(), outage);
        }
    }

    /// No job can go on.
    pub(in crate::engine) fn note_all(&mut self, error: &Error, now: Instant) {
        if let Some(outage) = Outage::again(self.all.as_ref(), error, now) {
            self.all = Some(outage);
        }
    }

    /// A job came to its end: whatever all need is there. `answered`: its bucket is, too. True if
    /// that is news.
    pub(in crate::engine) fn end(&mut self, profile: &ProfileId, answered: bool) -> bool {
        let all = self.all.take().is_some();
        (answered && self.profiles.remove(profile).is_some()) || all
    }

    /// Only these profiles have jobs that wait: what is known of the others is of no use any more.
    pub(in crate::engine) fn keep_only(&mut self, profiles: &[ProfileId]) {
        self.profiles
            .retain(|profile, _| profiles.contains(profile));
    }

    /// Something changed that may be the cure: look again at once.
    pub(in crate::engine) fn look_again(&mut self, now: Instant) {
        self.profiles
            .values_mut()
            .chain(&mut self.all)
            .for_each(|outage| outage.until = now);
    }

    /// Whether a job of a profile may start, at the most to see whether things are well again;
    /// `runs` tells whether a job is running.
    pub(in crate::engine) fn may_start(
        &self,
        profile: &ProfileId,
        now: Instant,
        runs: impl Fn(i64) -> bool,
    ) -> bool {
        self.profiles
            .get(profile)
            .into_iter()
            .chain(&self.all)
            .all(|outage| outage.may_probe(now, &runs))
    }

    /// Whether, where nothing can go on, one job may go to see if it can again.
    pub(in crate::engine) fn may_probe_all(
        &self,
        now: Instant,
        runs: impl Fn(i64) -> bool,
    ) -> bool {
        self.all.iter().all(|outage| outage.may_probe(now, &runs))
    }

    /// The profiles that have an outage and one of whose jobs may go to see.
    pub(in crate::engine) fn to_probe(
        &self,
        now: Instant,
        runs: impl Fn(i64) -> bool,
    ) -> Vec<ProfileId> {
        let may = |outage: &Outage| outage.may_probe(now, &runs);
        if !self.all.iter().all(may) {
            return Vec::new();
        }
        self.profiles
            .iter()
            .filter(|(_, outage)| may(outage))
            .map(|(profile, _)| profile.clone())
            .collect()
    }

    /// This job starts: where there is an outage, it goes to see.
    pub(in crate::engine) fn started(&mut self, profile: &ProfileId, job: i64) {
        self.profiles
            .get_mut(profile)
            .into_iter()
            .chain(&mut self.all)
            .for_each(|outage| outage.probe = Some(job));
    }

    /// The profiles that have one.
    pub(in crate::engine) fn profiles(&self) -> Vec<ProfileId> {
        self.profiles.keys().cloned().collect()
    }

    /// Whether nothing at all can go on.
    pub(in crate::engine) fn is_all(&self) -> bool {
        self.all.is_some()
    }

    /// Why jobs wait, if they do; of one profile, where it is asked for.
    pub(in crate::engine) fn reason(&self, profile: Option<&ProfileId>) -> Option<Error> {
        let of_profile = match profile {
            Some(profile) => self.profiles.get(profile),
            None => self.profiles.values().next(),
        };
        self.all
            .as_ref()
            .or(of_profile)
            .map(|outage| outage.error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn p() -> ProfileId {
        ProfileId::named("p")
    }

    fn q() -> ProfileId {
        ProfileId::named("q")
    }

    fn nothing_runs(_: i64) -> bool {
        false
    }

    #[test]
    fn the_pause_grows_with_looks_and_not_with_jobs() {
        let (mut outages, error, start) = (
            Outages::default(),
            Error::new(Code::ServerBusy, "busy"),
            Instant::now(),
        );
        for _ in 0..500 {
            outages.note(&p(), &error, start);
        }
        let may = |outages: &Outages, now| outages.may_start(&p(), now, nothing_runs);
        assert!(!may(&outages, start) && may(&outages, start + FIRST_PAUSE));
        let mut now = start;
        for _ in 0..10 {
            now += LONGEST_PAUSE;
            outages.note(&p(), &error, now);
        }
        assert!(!may(&outages, now + LONGEST_PAUSE / 3) && may(&outages, now + LONGEST_PAUSE));
        let offline = Error::new(Code::EndpointUnreachable, "away").retry(Retry::WhenOnline);
        outages.note(&p(), &offline, now + LONGEST_PAUSE);
        assert!(
            may(&outages, now + LONGEST_PAUSE + LONGEST_OFFLINE),
            "the network's return is noticed within seconds"
        );
        outages.look_again(now);
        assert!(may(&outages, now) && outages.profiles() == [p()]);
        assert!(outages.end(&p(), true) && outages.reason(None).is_none());
    }

    #[test]
    fn one_job_goes_to_see() {
        let (mut outages, start) = (Outages::default(), Instant::now());
        outages.note(&p(), &Error::new(Code::ServerBusy, "busy"), start);
        let later = start + FIRST_PAUSE;
        assert_eq!(outages.to_probe(later, nothing_runs), [p()]);
        outages.started(&p(), 7);
        assert!(
            outages.to_probe(later, |job| job == 7).is_empty()
                && !outages.may_start(&p(), later, |job| job == 7)
        );
        assert!(
            outages.may_start(&q(), start, nothing_runs),
            "another profile's bucket is another matter"
        );
    }

    #[test]
    fn what_all_need_holds_up_all() {
        let (mut outages, start) = (Outages::default(), Instant::now());
        outages.note_all(&Error::new(Code::JournalBusy, "locked"), start);
        assert!(outages.is_all() && !outages.may_start(&p(), start, nothing_runs));
        assert!(outages.may_start(&p(), start + FIRST_PAUSE, nothing_runs));
        outages.started(&p(), 1);
        assert!(
            !outages.may_start(&q(), start + FIRST_PAUSE, |job| job == 1),
            "one goes to see for all"
        );
        assert!(
            outages.end(&p(), false),
            "it failed for a reason of its own: the journal took it"
        );
        assert!(outages.may_start(&q(), start, nothing_runs));
    }

    #[test]
    fn an_outage_without_jobs_is_forgotten() {
        let (mut outages, start) = (Outages::default(), Instant::now());
        outages.note(&p(), &Error::new(Code::ServerBusy, "busy"), start);
        outages.keep_only(&[q()]);
        assert!(outages.reason(Some(&p())).is_none() && outages.profiles().is_empty());
    }
}
