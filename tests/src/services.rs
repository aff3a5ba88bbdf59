//! Services as their vendors and others describe them, imitated by a man in the middle before a
//! real server. What nobody has written down is not imitated: an imitation is no proof that the
//! service is so.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use percent_encoding::percent_decode_str;

use crate::middleman::{Answer, Asked, Fate, Manners};

/// What a service does with `If-None-Match` and `If-Match`.
#[derive(Clone, Copy)]
pub enum Conditions {
    /// It keeps them: for whole objects, and for those in parts.
    Keeps { put: bool, complete: bool },
    /// 501, nothing is stored.
    Refuses,
}

/// A header, and what is said to it.
type Refusal = (&'static str, fn() -> Fate);

/// A service's ways.
#[derive(Clone, Copy)]
pub struct Service {
    pub provider: &'static str,
    pub conditions: Conditions,
    /// `If-Match` is compared with the ETag without quotation marks.
    bare_etags: bool,
    /// How its ETags look in answers.
    etag: fn(&str) -> String,
    /// A POST without a length is refused, with a page.
    wants_length: bool,
    /// A second write of a key within a second is refused.
    one_write_a_second: bool,
    /// Headers it does not take, and what it says to them.
    refuses: &'static [Refusal],
    /// Keys have these signs and ASCII letters and digits only.
    key_signs: &'static str,
    /// Unfinished uploads can be listed.
    lists_uploads: bool,
    /// Nobody says whether it keeps conditions, or it is so in some releases or regions only: the
    /// suite meets it both ways.
    are_conditions_unknown: bool,
}

const NONE: Conditions = Conditions::Keeps {
    put: false,
    complete: false,
};
const BOTH: Conditions = Conditions::Keeps {
    put: true,
    complete: true,
};
const PUT: Conditions = Conditions::Keeps {
    put: true,
    complete: false,
};

const PLAIN: Service = Service {
    provider: "other",
    conditions: NONE,
    bare_etags: false,
    etag: str::to_owned,
    wants_length: false,
    one_write_a_second: false,
    refuses: &[],
    key_signs: "",
    lists_uploads: true,
    are_conditions_unknown: false,
};

fn upper(etag: &str) -> String {
    etag.to_uppercase()
}

fn bare(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

const NO_ACL: Refusal = ("x-amz-acl", || Fate::Say(501, "NotImplemented"));
const NO_TAGS: Refusal = ("x-amz-tagging", || Fate::Say(501, "NotImplemented"));
const NO_SSE: Refusal = ("x-amz-server-side-encryption", || {
    Fate::Say(501, "NotImplemented")
});

/// By the vendors' pages and measurements of October 2026, as in the providers' table.
pub const SERVICES: &[Service] = &[
    Service {
        provider: "aws",
        conditions: BOTH,
        refuses: &[("x-amz-acl", || {
            Fate::Say(400, "AccessControlListNotSupported")
        })],
        ..PLAIN
    },
    Service {
        provider: "r2",
        conditions: BOTH,
        one_write_a_second: true,
        refuses: &[NO_ACL, NO_TAGS, NO_SSE],
        ..PLAIN
    },
    Service {
        provider: "b2",
        conditions: Conditions::Refuses,
        refuses: &[NO_TAGS],
        ..PLAIN
    },
    Service {
        provider: "spaces",
        conditions: PUT,
        bare_etags: true,
        refuses: &[NO_SSE],
        ..PLAIN
    },
    Service {
        provider: "wasabi",
        ..PLAIN
    },
    Service {
        provider: "gcs",
        wants_length: true,
        one_write_a_second: true,
        refuses: &[NO_TAGS, ("x-amz-acl", || Fate::Say(400, "InvalidArgument"))],
        ..PLAIN
    },
    Service {
        provider: "hetzner",
        conditions: PUT,
        bare_etags: true,
        refuses: &[("x-amz-tagging", || Fate::Page(501)), NO_SSE],
        ..PLAIN
    },
    Service {
        provider: "scaleway",
        conditions: BOTH,
        ..PLAIN
    },
    Service {
        provider: "ovh",
        conditions: BOTH,
        bare_etags: true,
        ..PLAIN
    },
    // Its own header instead of conditions.
    Service {
        provider: "oss",
        etag: upper,
        lists_uploads: false,
        refuses: &[NO_TAGS],
        ..PLAIN
    },
    // Its own header, too.
    Service {
        provider: "cos",
        are_conditions_unknown: true,
        ..PLAIN
    },
    Service {
        provider: "supabase",
        are_conditions_unknown: true,
        etag: bare,
        key_signs: "_/!-.*'() &$@=;:+,?",
        refuses: &[NO_ACL, NO_TAGS, NO_SSE],
        ..PLAIN
    },
    Service {
        provider: "minio",
        conditions: BOTH,
        are_conditions_unknown: true,
        ..PLAIN
    },
    // This is a release that has conditions for whole objects.
    Service {
        provider: "ceph",
        conditions: PUT,
        are_conditions_unknown: true,
        ..PLAIN
    },
];

/// A service at work: what it has under its keys, and when that was written.
pub struct AtWork {
    service: Service,
    keys: Mutex<HashMap<String, (String, Instant)>>,
}

impl AtWork {
    /// The service of that provider.
    pub fn of(provider: &str) -> Self {
        let service = SERVICES.iter().find(|known| known.provider == provider);
        Self {
            service: *service.unwrap_or_else(|| panic!("{provider} is not imitated")),
            keys: Mutex::default(),
        }
    }

    /// The service of that provider, which answers the other way what nobody says of it.
    pub fn otherwise(provider: &str) -> Self {
        let mut as_said = Self::of(provider);
        let service = &mut as_said.service;
        assert!(service.are_conditions_unknown, "{provider} is known");
        service.conditions = match service.conditions {
            Conditions::Keeps {
                complete: false, ..
            } => BOTH,
            _ => NONE,
        };
        as_said
    }

    pub const fn service(&self) -> Service {
        self.service
    }

    fn refused(&self, asked: &Asked) -> Option<Fate> {
        let Service {
            refuses,
            key_signs,
            wants_length,
            lists_uploads,
            ..
        } = self.service;
        if let Some((_, fate)) = refuses
            .iter()
            .find(|(header, _)| !asked.header(header).is_empty())
        {
            return Some(fate());
        }
        let key = percent_decode_str(asked.path()).decode_utf8_lossy();
        let takes = |c: char| c.is_ascii_alphanumeric() || key_signs.contains(c);
        if !key_signs.is_empty() && asked.method != "GET" && !key.chars().all(takes) {
            return Some(Fate::Say(400, "InvalidKey"));
        }
        if wants_length && asked.method == "POST" && asked.header("content-length").is_empty() {
            return Some(Fate::Page(411));
        }
        let lists = asked.method == "GET" && asked.target.contains("?uploads");
        (lists && !lists_uploads).then_some(Fate::Say(501, "NotImplemented"))
    }

    /// Whether a condition on what is under the key holds.
    fn condition(&self, asked: &Asked) -> Option<Fate> {
        let (free, still) = (asked.header("if-none-match"), asked.header("if-match"));
        let (put, complete) = match self.service.conditions {
            Conditions::Refuses if !free.is_empty() || !still.is_empty() => {
                return Some(Fate::Say(501, "NotImplemented"));
            }
            Conditions::Refuses => (false, false),
            Conditions::Keeps { put, complete } => (put, complete),
        };
        let keeps = (put && (asked.is_put() || asked.method == "DELETE"))
            || (complete && asked.is_complete());
        let keys = self.keys.lock().expect("unpoisoned");
        let there = keys.get(asked.path()).map(|(etag, _)| etag.as_str());
        let given = if self.service.bare_etags {
            still
        } else {
            still.trim_matches('"')
        };
        let fails = (free == "*" && there.is_some())
            || (!still.is_empty() && there.is_none_or(|there| there != given));
        (keeps && fails).then_some(Fate::Say(412, "PreconditionFailed"))
    }

    fn too_soon(&self, asked: &Asked) -> Option<Fate> {
        let keys = self.keys.lock().expect("unpoisoned");
        let written = keys.get(asked.path()).map(|(_, at)| at.elapsed());
        let writes = asked.is_put() || asked.is_complete();
        let soon = written.is_some_and(|ago| ago < Duration::from_secs(1));
        (self.service.one_write_a_second && writes && soon)
            .then_some(Fate::Say(429, "TooManyRequests"))
    }
}

impl Manners for AtWork {
    fn judge(&self, asked: &Asked) -> Fate {
        self.refused(asked)
            .or_else(|| self.condition(asked))
            .or_else(|| self.too_soon(asked))
            .unwrap_or(Fate::Pass)
    }

    fn answered(&self, asked: &Asked, answer: &mut Answer<'_>) {
        if answer.status >= 300 {
            return;
        }
        let etag = answer.header("etag").trim_matches('"').to_owned();
        let mut keys = self.keys.lock().expect("unpoisoned");
        let key = asked.path().to_owned();
        match asked.method.as_str() {
            "DELETE" => drop(keys.remove(&key)),
            "HEAD" => drop(keys.get_mut(&key).map(|known| known.0 = etag)),
            _ if asked.is_put() || asked.is_complete() => {
                drop(keys.insert(key, (etag, Instant::now())))
            }
            _ => {}
        }
        for (name, value) in answer.headers.iter_mut() {
            // Garage wants those of parts back as it gave them.
            if name == "etag" && !asked.is_part() {
                *value = (self.service.etag)(value);
            }
        }
    }
}
