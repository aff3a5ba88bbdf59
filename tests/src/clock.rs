//! The time as servers tell it.

use std::process::Command;

/// What `date` says of a moment, in UTC: `from_now` as it takes it ("+10 min"), in that format.
pub fn utc(from_now: &str, format: &str) -> String {
    let mut date = Command::new("date");
    let said = date.args(["-u", "-d", from_now, format]).output();
    let said = said.expect("`date` is there").stdout;
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// How an answer's `Date` header writes a moment (RFC 9110, 5.6.7).
pub fn http_date(from_now: &str) -> String {
    utc(from_now, "+%a, %d %b %Y %H:%M:%S GMT")
}
