//! Answers that single services give, by their pages and by measurements of others, each with what
//! becomes of the file. What a service does with conditions, lengths, headers and names is
//! imitated for the whole suite instead (`services.rs`).

use super::*;

/// What is said.
type Said = fn() -> Fate;

/// Said once to the first request with the file, it keeps no file from going up.
const PASSING: &[(&str, Said)] = &[
    ("r2", || Fate::Say(400, "IncompleteBody")),
    ("r2", || Fate::Say(400, "ClientDisconnect")),
    ("r2", || Fate::Say(429, "TooManyRequests")),
    ("b2", || Fate::Say(500, "InternalError")),
    ("b2", || {
        Fate::SayWith(503, "SlowDown", "retry-after: 1\r\n".into())
    }),
    ("wasabi", || Fate::Say(410, "DisconnectError")),
    ("wasabi", || Fate::Say(400, "RequestRateLimitExceeded")),
    ("wasabi", || Fate::Say(503, "RequestRateLimitExceeded")),
    ("wasabi", || Fate::Say(503, "Unavailable")),
    ("aws", || Fate::Say(307, "TemporaryRedirect")),
    // The connection is closed before the body is through.
    ("r2", || Fate::Reset),
];

#[test]
fn what_passes_keeps_no_file_from_going_up() {
    let (server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
    let met: Vec<AtomicBool> = PASSING.iter().map(|_| AtomicBool::new(false)).collect();
    let middleman = Middleman::before(&server.endpoint, move |asked| {
        let number = asked.path().rsplit('/').next().and_then(|name| {
            let number = name.strip_suffix(".bin")?;
            number.parse::<usize>().ok()
        });
        match number {
            Some(number) if asked.is_put() && !met[number].swap(true, Ordering::SeqCst) => {
                PASSING[number].1()
            }
            _ => Fate::Pass,
        }
    });
    let client = server.client_at(&middleman.endpoint(), &[]);
    let files: Vec<PathBuf> = (0..PASSING.len())
        .map(|number| write(folder.path(), &format!("{number}.bin"), [number as u8; 9]))
        .collect();

    let reports = upload(&client, &files).with_code(0).json();

    for (report, (service, _)) in reports.iter().zip(PASSING) {
        assert_eq!(text(report, "status"), "uploaded", "{service}: {report}");
    }
    assert_eq!(server.demo_keys().len(), PASSING.len());
}

/// What is said to all requests, and what a person then reads.
struct Lasting {
    service: &'static str,
    /// To requests that have an answer with words; a HEAD has the status alone.
    said: Fate,
    code: &'static str,
    /// In the sentence or its hint.
    words: &'static str,
}

const LASTING: &[Lasting] = &[
    Lasting {
        service: "r2",
        said: Fate::SayInWords(401, "Unauthorized", "Unauthorized"),
        code: "credentials-refused",
        words: "does not accept these credentials",
    },
    Lasting {
        service: "r2",
        said: Fate::SayInWords(
            400,
            "InvalidArgument",
            "Credential access key has length 64, should be 32",
        ),
        code: "credentials-refused",
        words: "may stand in its place",
    },
    Lasting {
        service: "r2",
        said: Fate::SayInWords(403, "AccessDenied", "Access Denied"),
        code: "access-denied",
        words: "a bucket of a jurisdiction has an endpoint of its own",
    },
    Lasting {
        service: "r2",
        said: Fate::SayInWords(403, "NotEntitled", "R2 is not enabled"),
        code: "bucket-full",
        words: "look at the account",
    },
    Lasting {
        service: "b2",
        said: Fate::SayInWords(
            403,
            "AccessDenied",
            "Transaction cap exceeded, see the Caps &amp; Alerts page",
        ),
        code: "bucket-full",
        words: "00:00 UTC",
    },
    Lasting {
        service: "b2",
        said: Fate::SayInWords(403, "InvalidAccessKeyId", "The key is not valid"),
        code: "credentials-refused",
        words: "a key belongs to one region",
    },
    Lasting {
        service: "hetzner",
        said: Fate::Say(404, "NoSuchBucket"),
        code: "bucket-missing",
        words: "another location",
    },
    Lasting {
        service: "spaces",
        said: Fate::Say(404, "NoSuchBucket"),
        code: "bucket-missing",
        words: "another region",
    },
    Lasting {
        service: "wasabi",
        said: Fate::Say(403, "AuthenticationLockout"),
        code: "server-busy",
        words: "after too many wrong ones",
    },
    Lasting {
        service: "wasabi",
        said: Fate::SayInWords(
            400,
            "AuthorizationHeaderMalformed",
            "the region is wrong</Message><Region>eu-west-1</Region><Message>",
        ),
        code: "wrong-region",
        words: "eu-west-1",
    },
    Lasting {
        service: "aws",
        said: Fate::Say(400, "AccessControlListNotSupported"),
        code: "request-refused",
        words: "take the ACL out",
    },
    Lasting {
        service: "cos",
        said: Fate::Say(403, "PathStyleDomainForbidden"),
        code: "profile-invalid",
        words: "virtual addressing",
    },
    Lasting {
        service: "minio",
        said: Fate::Say(507, "XMinioStorageFull"),
        code: "bucket-full",
        words: "make room",
    },
    Lasting {
        service: "ceph",
        said: Fate::Say(403, "QuotaExceeded"),
        code: "bucket-full",
        words: "takes no more",
    },
];

#[test]
fn what_lasts_is_told_with_what_to_do() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let asked: Vec<_> = LASTING
            .iter()
            .map(|lasting| scope.spawn(|| lasting.is_told().err()))
            .collect();
        let told = asked.into_iter().map(|asked| asked.join().unwrap());
        told.flatten().collect()
    });

    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl Lasting {
    /// What a person was told instead.
    fn is_told(&'static self) -> Result<(), String> {
        let (mut server, folder) = (Server::demo(), tempfile::tempdir().unwrap());
        server.provider = self.service;
        let middleman = Middleman::before(&server.endpoint, |_| self.said.clone());
        let client = server.client_at(&middleman.endpoint(), &[]);
        let file = write(folder.path(), "a.txt", b"hello");
        let args = ["upload", "--json", "--profile", "test", "--patience", "1"];

        let ended = client.run(args.iter().copied().chain(file.to_str()));

        let report = ended.with_code(1).json().remove(0);
        let told = &report["error"];
        match told["code"] == self.code && told.to_string().contains(self.words) {
            true => Ok(()),
            false => Err(format!("{}, {}: {told}", self.service, self.words)),
        }
    }
}

#[test]
fn a_key_that_may_not_list_is_no_reason_to_fail() {
    // AWS says 403 to a HEAD of what is not there where s3:ListBucket is missing.
    let there = AtomicBool::new(false);
    arrives(b"small", move |asked| {
        if asked.is_put() {
            there.store(true, Ordering::SeqCst);
        }
        match asked.method == "HEAD" && !there.load(Ordering::SeqCst) {
            true => Fate::Say(403, ""),
            false => Fate::Pass,
        }
    });
}

#[test]
fn an_upload_that_the_bucket_forgot_begins_anew() {
    // Garage forgets it when somebody else writes the key, R2 after seven days; B2 says so to the
    // one who gives it up, too.
    let middleman = arrives(&noise(LARGE, 41), {
        let (parts, forgotten) = (AtomicUsize::new(0), Mutex::new(String::new()));
        move |asked| {
            let upload = asked.target.split("uploadId=").nth(1).unwrap_or_default();
            let mut forgotten = forgotten.lock().unwrap();
            if asked.is_part() && parts.fetch_add(1, Ordering::SeqCst) == 1 {
                *forgotten = upload.to_owned();
            }
            match !upload.is_empty() && *forgotten == upload && asked.method != "DELETE" {
                true => Fate::Say(404, "NoSuchUpload"),
                false => Fate::Pass,
            }
        }
    });

    let asked = middleman.asked();
    let begun = asked
        .iter()
        .filter(|asked| asked.target.ends_with("?uploads"));
    assert_eq!(begun.count(), 2);
}
