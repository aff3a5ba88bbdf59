//! What goes with objects besides their bytes: headers by pattern of the key.

use std::collections::BTreeMap;
use std::str::FromStr;

use globset::GlobBuilder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};

/// Headers of an object; what is empty is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ObjectHeaders {
    /// `Cache-Control`
    pub cache_control: String,
    /// `Content-Disposition`
    pub content_disposition: String,
    /// As the service names it: `STANDARD_IA`, `GLACIER_IR` …
    pub storage_class: String,
    /// `AES256` or `aws:kms`
    pub encryption: String,
    /// The KMS key's id, for `aws:kms`.
    pub kms_key: String,
    /// A canned ACL: `public-read` …; many services take none.
    pub acl: String,
    /// User metadata, without the `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// Headers for the objects whose key matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HeaderRule {
    /// A glob over the key's last part (`*.svg`), or over the whole key if it has a slash
    /// (`originals/**`).
    pub pattern: String,
    /// What they get.
    #[serde(flatten)]
    pub headers: ObjectHeaders,
}

impl ObjectHeaders {
    /// The tags as S3 wants them in a header.
    pub fn tagging(&self) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        self.tags
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect::<Vec<_>>()
            .join("&")
    }

    /// Takes over what another has.
    fn overlay(&mut self, other: &Self) {
        let pairs = [
            (&mut self.cache_control, &other.cache_control),
            (&mut self.content_disposition, &other.content_disposition),
            (&mut self.storage_class, &other.storage_class),
            (&mut self.encryption, &other.encryption),
            (&mut self.kms_key, &other.kms_key),
            (&mut self.acl, &other.acl),
        ];
        for (mine, theirs) in pairs {
            if !theirs.is_empty() {
                mine.clone_from(theirs);
            }
        }
        self.metadata.extend(other.metadata.clone());
        self.tags.extend(other.tags.clone());
    }

    fn set(&mut self, name: &str, value: String) -> Result<()> {
        match name {
            "cache-control" => self.cache_control = value,
            "content-disposition" => self.content_disposition = value,
            "storage-class" => self.storage_class = value,
            "encryption" => self.encryption = value,
            "kms-key" => self.kms_key = value,
            "acl" => self.acl = value,
            _ => match name.split_once('-') {
                Some(("meta", name)) if !name.is_empty() => {
                    drop(self.metadata.insert(name.to_ascii_lowercase(), value))
                }
                Some(("tag", name)) if !name.is_empty() => {
                    drop(self.tags.insert(name.to_owned(), value))
                }
                _ => {
                    return Err(invalid(&format!("there is no header \"{name}\" for a rule")).hint(
                        "there are cache-control, content-disposition, storage-class, encryption, kms-key, acl, meta-NAME and tag-NAME",
                    ));
                }
            },
        }
        Ok(())
    }
}

impl HeaderRule {
    /// Whether the rule can be used.
    pub fn check(&self) -> Result<()> {
        self.matcher()?;
        let headers = &self.headers;
        let texts = [
            &headers.cache_control,
            &headers.content_disposition,
            &headers.storage_class,
            &headers.encryption,
            &headers.acl,
        ];
        let sendable = |text: &str| text.chars().all(|c| matches!(c, ' '..='~'));
        if !texts
            .into_iter()
            .chain(headers.metadata.values())
            .all(|text| sendable(text))
        {
            return Err(invalid(&format!(
                "a header for \"{}\" has letters that headers cannot carry",
                self.pattern
            ))
            .hint("use ASCII only"));
        }
        if !matches!(
            headers.encryption.as_str(),
            "" | "AES256" | "aws:kms" | "aws:kms:dsse"
        ) {
            return Err(invalid(&format!(
                "there is no encryption \"{}\"",
                headers.encryption
            ))
            .hint("there are AES256 and aws:kms"));
        }
        Ok(())
    }

    fn matcher(&self) -> Result<globset::GlobMatcher> {
        let glob = GlobBuilder::new(&self.pattern)
            .case_insensitive(true)
            .literal_separator(true)
            .build();
        glob.map(|glob| glob.compile_matcher()).map_err(|error| {
            invalid(&format!(
                "the pattern \"{}\" cannot be read: {}",
                self.pattern,
                error.kind()
            ))
            .hint("for example *.svg")
        })
    }

    fn matches(&self, key: &str) -> bool {
        let name = if self.pattern.contains('/') {
            key
        } else {
            key.rsplit('/').next().unwrap_or(key)
        };
        // Checked when it was set: what cannot be read matches nothing.
        self.matcher().is_ok_and(|matcher| matcher.is_match(name))
    }
}

/// `PATTERN; name=value; name=value …`
impl FromStr for HeaderRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split(';').map(str::trim);
        let mut rule = Self {
            pattern: words.next().unwrap_or_default().to_owned(),
            ..Self::default()
        };
        for word in words.filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').ok_or_else(|| {
                invalid(&format!("\"{word}\" is no header"))
                    .hint("write \"*.svg; content-disposition=attachment\"")
            })?;
            rule.headers.set(name.trim(), value.trim().to_owned())?;
        }
        rule.check()?;
        Ok(rule)
    }
}

/// The headers of an object: the profile's, then those of every rule that matches, later ones over
/// earlier ones.
pub(super) fn of(cache_control: &str, rules: &[HeaderRule], key: &str) -> ObjectHeaders {
    let mut headers = ObjectHeaders {
        cache_control: cache_control.to_owned(),
        ..ObjectHeaders::default()
    };
    rules
        .iter()
        .filter(|rule| rule.matches(key))
        .for_each(|rule| headers.overlay(&rule.headers));
    headers
}

fn invalid(message: &str) -> Error {
    Error::new(Code::ProfileInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_headers_that_there_are() {
        let kms: Result<HeaderRule> = "*; encryption=aws:kms; kms-key=k1".parse();

        assert_eq!(kms.map(|rule| rule.headers.kms_key), Ok("k1".into()));
        for wrong in ["*; meta-=x", "*; tag-=x", "*; colour=red"] {
            let code = wrong.parse::<HeaderRule>().map_err(|error| error.code);
            assert_eq!(code.err(), Some(Code::ProfileInvalid), "{wrong}");
        }
    }

    #[test]
    fn rules_apply_in_order_by_name_or_by_path() -> Result<()> {
        let rules: Vec<HeaderRule> = [
            "*.svg; content-disposition=attachment; tag-kind=vector & more",
            "originals/**; storage-class=STANDARD_IA; cache-control=private",
            "*.jpg; meta-Photographer=Jane; encryption=AES256",
        ]
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_>>()?;

        let svg = of("public", &rules, "originals/x/a.SVG");
        let jpg = of("public", &rules, "400x300/a.jpg");

        assert_eq!(
            (svg.content_disposition.as_str(), svg.cache_control.as_str()),
            ("attachment", "private")
        );
        assert_eq!(
            (svg.storage_class.as_str(), svg.tagging().as_str()),
            ("STANDARD_IA", "kind=vector%20%26%20more")
        );
        assert_eq!(
            (
                jpg.cache_control.as_str(),
                jpg.encryption.as_str(),
                jpg.storage_class.as_str()
            ),
            ("public", "AES256", "")
        );
        assert_eq!(
            jpg.metadata.get("photographer").map(String::as_str),
            Some("Jane")
        );
        Ok(())
    }

    #[test]
    fn what_cannot_be_sent_is_said_when_it_is_set() {
        for (text, word) in [
            ("*.svg; nonsense=1", "nonsense"),
            ("*.svg; attachment", "attachment"),
            ("[; acl=private", "pattern"),
            ("*; cache-control=größer", "ASCII"),
            ("*; encryption=rot13", "rot13"),
        ] {
            let error = text.parse::<HeaderRule>().expect_err(text);
            assert!(
                error.message.contains(word) || error.hint.is_some_and(|hint| hint.contains(word)),
                "{text}"
            );
        }
    }
}
