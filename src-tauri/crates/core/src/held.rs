//! What a bucket has under a key, and whether that is what is meant: the one comparison that
//! planning, verifying, repairing and removing share.

use sha2::{Digest as _, Sha256};

/// Metadata: SHA-256 of the object's bytes, hex.
pub const META_SHA256: &str = "sha256";
/// Metadata: SHA-256 of the file a variant was made of.
pub const META_SOURCE: &str = "source-sha256";
/// Metadata: what variant it is, as `WxH:FIT:FORMAT:QUALITY`.
pub const META_VARIANT: &str = "variant";

/// Metadata: the job that sent it (see [`label_of`]). An object whose job is not finished is known
/// by that, should the bucket's answer have been lost.
pub const META_UPLOAD: &str = "upload";

/// How an object names the job that sent it: in a way from which the job's id, which may be part of
/// a secret key, cannot be found out.
pub fn label_of(job: &str) -> String {
    hex::encode(&Sha256::digest(format!("upload {job}"))[..16])
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Meant<'a> {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, hex.
    pub sha256: &'a str,
    /// The ETag it had, or its MD5, where one is known.
    pub etag: Option<&'a str>,
    /// For a variant: SHA-256 of the file it was made of, and how.
    pub made: Option<(&'a str, &'a str)>,
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

    /// How this is like what is meant. A label alone proves nothing: a server that stored no byte
    /// kept the label, too.
    pub fn compare(&self, meant: &Meant<'_>) -> Likeness {
        let labelled = self.get(META_SHA256);
        if self.size == meant.size && labelled == Some(meant.sha256) {
            let other_etag = meant
                .etag
                .is_some_and(|etag| is_md5(etag) && is_md5(&self.etag) && etag != self.etag);
            return if other_etag {
                Likeness::Other
            } else {
                Likeness::Same
            };
        }
        let made_alike = meant.made.is_some_and(|(source, spec)| {
            self.get(META_SOURCE) == Some(source) && self.get(META_VARIANT) == Some(spec)
        });
        if made_alike && self.size > 0 && labelled.is_some_and(|label| label != meant.sha256) {
            return Likeness::MadeAlike;
        }
        if self.size != meant.size || labelled.is_some() {
            return Likeness::Other;
        }
        match meant.etag {
            Some(etag) if is_md5(etag) && is_md5(&self.etag) => {
                if etag == self.etag {
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
            assert_eq!(held.compare(&meant), likeness, "{held:?} {meant:?}");
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
        let meant = Meant {
            size: 3,
            sha256: "abc",
            made: Some(("file", "10x10")),
            ..Meant::default()
        };
        let labels: &[(&str, &str)] = &[
            (META_SHA256, "xyz"),
            (META_SOURCE, "file"),
            (META_VARIANT, "10x10"),
        ];
        assert_eq!(held(7, "x", labels).compare(&meant), Likeness::MadeAlike);
        assert_eq!(
            held(0, "x", labels).compare(&meant),
            Likeness::Other,
            "no picture has no bytes"
        );
        let own: &[(&str, &str)] = &[
            (META_SHA256, "abc"),
            (META_SOURCE, "file"),
            (META_VARIANT, "10x10"),
        ];
        assert_eq!(
            held(7, "x", own).compare(&meant),
            Likeness::Other,
            "the label of these bytes on others"
        );
        assert_eq!(
            held(7, "x", labels).compare(&Meant {
                made: Some(("file", "20x20")),
                ..meant
            }),
            Likeness::Other
        );
    }
}
