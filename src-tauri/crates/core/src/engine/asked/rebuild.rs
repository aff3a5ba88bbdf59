//! A bucket's manifest is read into the journal of another computer.

use bytes::Bytes;

use crate::engine::bucket::stores::Open;
use crate::engine::job::verdict::is_about_one;
use crate::engine::stages::Stages;
use crate::error::{Code, Error, Result};
use crate::manifest;
use crate::profile::Profile;
use crate::transfer::Lookup;

/// No manifest that we write is nearly as large; somebody else may have put anything there.
const LARGEST_MANIFEST: u64 = 16 << 20;

/// Reads a bucket's manifest into the journal; returns how many jobs were new, and how many lines
/// were damaged.
pub(in crate::engine) async fn rebuild(stages: &Stages, profile: &Profile) -> Result<(u64, u64)> {
    if profile.manifest.is_empty() {
        return Err(Error::new(
            Code::ProfileInvalid,
            format!("the profile \"{}\" keeps no manifest", profile.name),
        )
        .hint("set its manifest prefix, as on the computer that uploaded"));
    }
    let open = stages.stores.get(profile).await?.awake();
    let prefix = format!("{}/", profile.manifest);
    let (mut new, mut damaged, mut from) = (0, 0, None);
    loop {
        let page = open
            .bucket
            .call(0, || open.bucket.store.list(&prefix, from.clone()))
            .await?;
        for key in page.keys {
            let Some(text) = small(&open, &key).await? else {
                damaged += 1;
                continue;
            };
            let (entries, bad) = manifest::read(&text);
            damaged += bad as u64;
            new += stages
                .journal
                .adopt(
                    profile.id.clone(),
                    open.target.clone(),
                    open.public_base.clone(),
                    entries,
                )
                .await?;
        }
        match page.next {
            Some(next) => from = Some(next),
            None => return Ok((new, damaged)),
        }
    }
}

async fn small(open: &Open, key: &str) -> Result<Option<Bytes>> {
    let got = async {
        match open.bucket.call(0, || open.bucket.store.head(key)).await? {
            Lookup::Found(held) if held.size > LARGEST_MANIFEST => Ok(None),
            Lookup::Absent => Ok(None),
            Lookup::Found(_) | Lookup::Hidden => {
                let got = open.bucket.call(0, || open.bucket.store.get(key));
                got.await.map(Some)
            }
        }
    };
    match got.await {
        // One that cannot be had does not keep the others from being read.
        Err(error) if is_about_one(&error) => {
            tracing::warn!(%error, key, "a part of the manifest cannot be read");
            Ok(None)
        }
        got => got,
    }
}
