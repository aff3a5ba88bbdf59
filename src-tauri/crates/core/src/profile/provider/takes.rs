//! What a service takes besides bytes: refused when it is set, not at the first object.

use serde::Serialize;

use super::Provider;
use crate::error::{Code, Error, Result};
use crate::profile::headers::{HeaderRule, ObjectHeaders};

/// What may be sent with an object.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Takes {
    /// Canned ACLs; nothing: whatever the service knows.
    pub acls: Option<&'static [&'static str]>,
    /// Whether objects may have tags.
    pub tags: bool,
    /// Storage classes; nothing: whatever the service knows.
    pub classes: Option<&'static [&'static str]>,
    /// `x-amz-server-side-encryption`
    pub encryptions: &'static [&'static str],
    /// Bytes of user metadata, names and values together.
    pub metadata: u32,
}

/// Our own metadata: a checksum, a mark of the upload, with their names.
const OURS: usize = 300;

impl Takes {
    /// What AWS takes, and whoever copies it whole.
    pub(super) const ALL: Self = Self {
        acls: None,
        tags: true,
        classes: None,
        encryptions: &["AES256", "aws:kms", "aws:kms:dsse"],
        metadata: 2048,
    };
    /// Bytes and metadata alone.
    pub(super) const PLAIN: Self = Self {
        acls: Some(&[]),
        tags: false,
        classes: Some(&[]),
        encryptions: &[],
        metadata: 2048,
    };
    /// The two ACLs that most services have.
    pub(super) const OPEN_OR_NOT: Option<&'static [&'static str]> =
        Some(&["private", "public-read"]);

    /// Whether a service takes what a rule sends.
    pub(super) fn check(&self, provider: &Provider, rule: &HeaderRule) -> Result<()> {
        let headers = &rule.headers;
        let of_list = |what: &str, given: &str, known: Option<&[&str]>| {
            let Some(known) = known.filter(|known| !given.is_empty() && !known.contains(&given))
            else {
                return Ok(());
            };
            let there = match known {
                [] => format!("it takes no {what}"),
                known => format!("it takes {}", known.join(", ")),
            };
            Err(refused(
                provider,
                rule,
                &format!("the {what} \"{given}\""),
                &there,
            ))
        };
        of_list("ACL", &headers.acl, self.acls)?;
        of_list("encryption", &headers.encryption, Some(self.encryptions))?;
        of_list("storage class", &headers.storage_class, self.classes)?;
        if !self.tags && !headers.tags.is_empty() {
            return Err(refused(provider, rule, "tags", "it takes none"));
        }
        let most = usize::try_from(self.metadata).unwrap_or(usize::MAX);
        if length(headers) + OURS > most {
            let room = format!("it takes {} bytes", most.saturating_sub(OURS));
            return Err(refused(provider, rule, "so much metadata", &room));
        }
        Ok(())
    }
}

fn length(headers: &ObjectHeaders) -> usize {
    let pairs = headers.metadata.iter();
    pairs.map(|(name, value)| name.len() + value.len()).sum()
}

fn refused(provider: &Provider, rule: &HeaderRule, what: &str, instead: &str) -> Error {
    let told = format!(
        "{} does not take {what}, as the rule for \"{}\" has it",
        provider.label, rule.pattern
    );
    Error::new(Code::ProfileInvalid, told).hint(format!("{instead}; change the rule"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::provider::find;

    fn says(provider: &str, rule: &str) -> Result<Option<String>> {
        let provider = find(provider)?;
        let refused = provider.takes.check(provider, &rule.parse()?);
        Ok(refused.err().map(|error| error.to_string()))
    }

    #[test]
    fn what_a_service_does_not_take_is_refused_by_name() -> Result<()> {
        let long = format!("*; meta-note={}", "x".repeat(1900));
        for (provider, rule, word) in [
            ("r2", "*; acl=public-read", "ACL"),
            ("hetzner", "*; tag-kind=photo", "tags"),
            ("hetzner", "*; acl=authenticated-read", "authenticated-read"),
            ("spaces", "*; encryption=AES256", "encryption"),
            ("wasabi", "*; storage-class=GLACIER", "GLACIER"),
            ("gcs", "*; storage-class=STANDARD_IA", "STANDARD_IA"),
            ("b2", "*; encryption=aws:kms", "aws:kms"),
            ("aws", long.as_str(), "metadata"),
        ] {
            let said = says(provider, rule)?.unwrap_or_default();
            assert!(said.contains(word), "{provider} {rule}: {said}");
        }
        for (provider, rule) in [
            ("aws", "*; acl=public-read; tag-a=b; encryption=aws:kms"),
            ("gcs", "*; storage-class=NEARLINE"),
            ("r2", "*; storage-class=STANDARD_IA; meta-note=x"),
            ("other", "*; acl=x-own; storage-class=COLD"),
            ("r2", long.as_str()),
        ] {
            assert_eq!(says(provider, rule)?, None, "{provider} {rule}");
        }
        Ok(())
    }
}
