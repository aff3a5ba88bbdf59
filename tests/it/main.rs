//! Integration tests: the real program on real servers, the real keyring, the real window.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod architecture;
mod asks;
mod crash;
mod credentials;
mod engines;
mod errors;
mod faults;
mod handover;
mod keyring;
mod links;
mod outage;
mod promises;
mod suite;
mod variants;
mod waiting;
#[cfg(target_os = "linux")]
mod wall;
mod watch;
mod watch_rules;
#[cfg(target_os = "linux")]
mod window;
