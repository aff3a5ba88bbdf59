//! What the tests share: pictures drawn by code, servers, the real program, the desktop around the
//! real window.
#![expect(
    clippy::expect_used,
    reason = "a test rig that cannot be set up has to stop the test"
)]

pub mod aws;
pub mod clock;
pub mod desktop;
pub mod files;
pub mod middleman;
pub mod pictures;
pub mod program;
pub mod server;
pub mod services;
pub mod tls;
pub mod watching;
pub mod webdriver;
pub mod webhook;
