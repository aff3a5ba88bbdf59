//! What a bucket has under a key, and whether that is what is meant: the one comparison that
//! planning, verifying, repairing and removing share.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Metadata: SHA-256 of the object's bytes, hex.
pub const META_SHA256: &str = "sha256";
/// Metadata: what it was made of (see [`Labels`]).
pub const META_SOURCE: &str = "source";
/// Metadata: what variant it is (see [`Labels`]).
pub const META_MADE: &str = "made";
/// What older versions told of both, in clear: SHA-256 of the file, and the variant as it is
/// written in settings.
const OLD_META_SOURCE: &str = "source-sha256";
const OLD_META_MADE: &str = "variant";

/// Metadata: the job that sent it (see [`label_of`]). An object whose job is not finished is known
/// by that, should the bucket's answer have been lost.
pub const META_UPLOAD: &str = "upload";

/// How an object names the job that sent it: in a way from which the job's id, which may be part of
/// a secret key, cannot be found out.
pub fn label_of(job: &str) -> String {
    hex::encode(&Sha256::digest(format!("upload {job}"))[..16])
}

/// How objects say what they were made of, and how: so that this computer knows them again, and
/// nobody else learns which file an original was before it was cleaned, or what a watermark's
/// folder is called.
#[derive(Clone)]
pub struct Labels {
    key: Vec<u8>,
}

impl Labels {
    /// Made with this installation's own key.
    pub const fn new(key: Vec<u8>) -> Self {
        Self { key }
    }

    /// Of the file with this SHA-256.
    pub fn source(&self, sha256: &str) -> String {
        self.label("source", sha256)
    }

    /// Of the variant as it is written in settings.
    pub fn made(&self, spec: &str) -> String {
        self.label("variant", spec)
    }

    fn label(&self, what: &str, text: &str) -> String {
        // Keys of any length are taken.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return String::new();
        };
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }
}

/// A variant as it should be: the file it is made of, and how.
#[derive(Clone, Copy)]
pub struct Made<'a> {
    /// How it would say so.
    pub labels: &'a Labels,
    /// SHA-256 of the file, hex.
    pub source: &'a str,
    /// The variant as it is written in settings.
    pub spec: &'a str,
}

/// What the bucket has under a key, as it says itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Bytes.
    pub size: u64,
    /// The ETag without quotes.
    pub etag: String,
    /// User metadata.
    pub metadata: Vec<(String, String)>,
}

/// An object as it should be.
#[derive(Clone, Copy, Default)]
pub struct Meant<'a> {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, hex.
    pub sha256: &'a str,
    /// The ETag it had, or its MD5, where one is known.
    pub etag: Option<&'a str>,
    /// For a variant: what it is made of, and how.
    pub made: Option<Made<'a>>,
}

/// How an object is like what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// It is the same.
    Same,
    /// It may be: it has the size, and nothing that says what it is. Only its MD5 can tell.
    Unlabelled,
    /// Other bytes, made of the same file in the same way by another version: as good.
    MadeAlike,
    /// It is something else.
    Other,
}

impl Held {
    /// A metadata value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.metadata
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether it says that it was made of the file with this SHA-256, or is that file; nothing if
    /// it does not say what it was made of.
    pub fn is_made_of(&self, labels: &Labels, sha256: &str) -> Option<bool> {
        if let Some(source) = self.get(META_SOURCE) {
            return Some(source == labels.source(sha256));
        }
        let told = self
            .get(OLD_META_SOURCE)
            .or_else(|| self.get(META_SHA256))?;
        Some(told == sha256)
    }

    /// How this is like what is meant. A label alone proves nothing: a server that stored no byte
    /// kept the label, too.
    pub fn compare(&self, meant: &Meant<'_>) -> Likeness {
        let labelled = self.get(META_SHA256);
        if self.size == meant.size && labelled == Some(meant.sha256) {
            let other_etag = meant.etag.is_some_and(|etag| {
                is_md5(etag) && is_md5(&self.etag) && !same_etag(etag, &self.etag)
            });
            return if other_etag {
                Likeness::Other
            } else {
                Likeness::Same
            };
        }
        let made_alike = meant.made.is_some_and(|made| {
            let is = |name, label: &str| self.get(name) == Some(label);
            is(META_SOURCE, &made.labels.source(made.source))
                && is(META_MADE, &made.labels.made(made.spec))
                || is(OLD_META_SOURCE, made.source) && is(OLD_META_MADE, made.spec)
        });
        if made_alike && self.size > 0 && labelled.is_some_and(|label| label != meant.sha256) {
            return Likeness::MadeAlike;
        }
        if self.size != meant.size || labelled.is_some() {
            return Likeness::Other;
        }
        match meant.etag {
            Some(etag) if is_md5(etag) && is_md5(&self.etag) => {
                if same_etag(etag, &self.etag) {
                    Likeness::Same
                } else {
                    Likeness::Other
                }
            }
            _ => Likeness::Unlabelled,
        }
    }
}

/// Whether an ETag can be the MD5 of the bytes: not under multipart uploads, and not where a
/// service makes its own.
pub fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Some services write them in capitals.
pub fn same_etag(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";
    const OTHER_MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn held(size: u64, etag: &str, metadata: &[(&str, &str)]) -> Held {
        let metadata = metadata
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        Held {
            size,
            etag: etag.into(),
            metadata,
        }
    }

    #[test]
    fn size_label_and_etag_decide_together() {
        let meant = Meant {
            size: 3,
            sha256: "abc",
            ..Meant::default()
        };
        let known = Meant {
            etag: Some(MD5),
            ..meant
        };
        let label: &[(&str, &str)] = &[(META_SHA256, "abc")];
        for (held, meant, likeness) in [
            (held(3, "x", label), meant, Likeness::Same),
            (held(3, MD5, label), known, Likeness::Same),
            (held(3, "multipart-2", label), known, Likeness::Same),
            (held(3, OTHER_MD5, label), known, Likeness::Other),
            (held(0, "x", label), meant, Likeness::Other),
            (
                held(3, "x", &[(META_SHA256, "xyz")]),
                meant,
                Likeness::Other,
            ),
            (held(3, "x", &[]), meant, Likeness::Unlabelled),
            (held(4, "x", &[]), meant, Likeness::Other),
            (held(3, MD5, &[]), known, Likeness::Same),
            (held(3, OTHER_MD5, &[]), known, Likeness::Other),
            (held(3, "x", &[]), known, Likeness::Unlabelled),
        ] {
            assert_eq!(held.compare(&meant), likeness, "{held:?}");
        }
    }

    #[test]
    fn a_job_has_a_label_of_its_own_that_does_not_tell_it() {
        let (one, other) = (label_of("8e7c"), label_of("8e7d"));

        assert_ne!(one, other);
        assert_eq!(one, label_of("8e7c"), "found again by it");
        assert!(one.len() == 32 && !one.contains("8e7c"), "{one}");
    }

    #[test]
    fn an_md5_has_its_length_and_nothing_but_hex() {
        assert!(is_md5(MD5));
        assert!(!is_md5(&MD5[1..]));
        assert!(!is_md5(&MD5.replace('9', "-")));
    }

    #[test]
    fn a_variant_of_another_version_is_as_good() {
        let key = Labels::new(vec![7; 32]);
        let made = |spec| Made {
            labels: &key,
            source: "file",
            spec,
        };
        let meant = Meant {
            size: 3,
            sha256: "abc",
            made: Some(made("10x10")),
            ..Meant::default()
        };
        let told = [key.source("file"), key.made("10x10")];
        let labels: &[(&str, &str)] = &[
            (META_SHA256, "xyz"),
            (META_SOURCE, &told[0]),
            (META_MADE, &told[1]),
        ];
        assert_eq!(held(7, "x", labels).compare(&meant), Likeness::MadeAlike);
        assert_eq!(
            held(0, "x", labels).compare(&meant),
            Likeness::Other,
            "no picture has no bytes"
        );
        let own: &[(&str, &str)] = &[
            (META_SHA256, "abc"),
            (META_SOURCE, &told[0]),
            (META_MADE, &told[1]),
        ];
        assert_eq!(
            held(7, "x", own).compare(&meant),
            Likeness::Other,
            "the label of these bytes on others"
        );
        assert_eq!(
            held(7, "x", labels).compare(&Meant {
                made: Some(made("20x20")),
                ..meant
            }),
            Likeness::Other
        );
        let by_an_older_version: &[(&str, &str)] = &[
            (META_SHA256, "xyz"),
            (OLD_META_SOURCE, "file"),
            (OLD_META_MADE, "10x10"),
        ];
        assert_eq!(
            held(7, "x", by_an_older_version).compare(&meant),
            Likeness::MadeAlike
        );
        let in_another_way: &[(&str, &str)] = &[
            (META_SHA256, "xyz"),
            (OLD_META_SOURCE, "file"),
            (OLD_META_MADE, "20x20"),
        ];
        assert_eq!(
            held(7, "x", in_another_way).compare(&meant),
            Likeness::Other
        );
    }

    #[test]
    fn what_older_versions_wrote_tells_what_an_object_was_made_of() {
        let key = Labels::new(vec![7; 32]);
        let variant: &[(&str, &str)] = &[(META_SHA256, "variant"), (OLD_META_SOURCE, "file")];
        let original: &[(&str, &str)] = &[(META_SHA256, "file")];

        for labels in [variant, original] {
            let held = held(7, "x", labels);
            assert_eq!(held.is_made_of(&key, "file"), Some(true));
            assert_eq!(held.is_made_of(&key, "another"), Some(false));
        }
        assert_eq!(held(7, "x", &[]).is_made_of(&key, "file"), None);
    }

    #[test]
    fn only_who_has_the_key_knows_what_an_object_was_made_of() {
        let (own, other) = (Labels::new(vec![7; 32]), Labels::new(vec![8; 32]));
        let told = own.source("file");
        let held = held(7, "x", &[(META_SHA256, "abc"), (META_SOURCE, &told)]);

        assert_eq!(held.is_made_of(&own, "file"), Some(true));
        assert_eq!(held.is_made_of(&own, "another"), Some(false));
        assert_eq!(held.is_made_of(&other, "file"), Some(false));
        let digest = hex::encode(Sha256::digest("file"));
        assert!(told.len() == 32 && !digest.starts_with(&told));
        assert_ne!(own.source("one text"), own.made("one text"));
    }
}
