//! `cargo xtask audit`: whether a hole is known in the C that crates, and we, bring along. Rust's own
//! advisories know nothing of it.

use crate::sh::{self, Result};

/// Libraries that read what others wrote, by the commit of the release that is vendored.
const VENDORED: [(&str, &str); 3] = [
    // crates/avif/vendor
    ("libavif 1.4.2", "c5240fc79fe5c2407e10afd35f5505ef6333ea49"),
    // turbojpeg-sys
    (
        "libjpeg-turbo 3.1.0",
        "20ade4dea9589515a69793e447a6c6220b464535",
    ),
    // libwebp-sys 0.9.6: 1.3.1 with what 1.3.2 mended
    ("libwebp 1.3.2", "ca332209cb5567c9b249c86788cb2dbf8847e760"),
];

/// Open source vulnerabilities, by commit: <https://google.github.io/osv.dev/post-v1-query/>.
const OSV: &str = "https://api.osv.dev/v1/query";

pub(crate) fn run() -> Result {
    let asked = std::env::var("TINTYPE_OSV").unwrap_or_else(|_| OSV.into());
    let mut holes = Vec::new();
    for (library, commit) in VENDORED {
        let question = format!("{{\"commit\": \"{commit}\"}}");
        let mut ask = sh::command("curl");
        ask.args(["--silent", "--show-error", "--fail", "--max-time", "30"]);
        let answer = sh::output(ask.args(["--data", &question, &asked]))?;
        let known = ids(&answer);
        println!("{library}: {} known", known.len());
        if !known.is_empty() {
            holes.push(format!("{library} has {}", known.join(", ")));
        }
    }
    if holes.is_empty() {
        return Ok(());
    }
    Err(format!("{}: take a newer one", holes.join("; ")))
}

/// The names of what is known; an answer without any has no `vulns`.
fn ids(answer: &str) -> Vec<&str> {
    let Some((_, list)) = answer.split_once("\"vulns\"") else {
        return Vec::new();
    };
    let names = list.split("\"id\"").skip(1);
    names.filter_map(|rest| rest.split('"').nth(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_understood() {
        assert!(ids("{}").is_empty());
        let answer = r#"{"vulns": [{"id": "OSV-2025-1", "x": 1}, {"id":"CVE-2025-48174"}]}"#;
        assert_eq!(ids(answer), ["OSV-2025-1", "CVE-2025-48174"]);
    }
}
