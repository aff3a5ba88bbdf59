//! Jobs as others are told of them.

use std::collections::BTreeMap;

use crate::journal::{JobRow, Message, ObjectRow};
use crate::manifest::{ManifestEntry, ManifestObject};
use crate::placeholder::Placeholder;
use crate::profile::ProfileId;

pub(super) fn by_profile(messages: Vec<Message>) -> BTreeMap<ProfileId, Vec<Message>> {
    let mut by_profile: BTreeMap<ProfileId, Vec<Message>> = BTreeMap::new();
    for message in messages {
        by_profile
            .entry(message.profile.clone())
            .or_default()
            .push(message);
    }
    by_profile
}

pub(super) fn entry(job: JobRow, objects: Vec<ObjectRow>) -> ManifestEntry {
    let object = |object: ObjectRow| ManifestObject {
        variant: object.variant,
        key: object.key,
        size: object.size.unwrap_or_default(),
        sha256: object.sha256.unwrap_or_default(),
        content_type: object.content_type.unwrap_or_default(),
        url: object.url.unwrap_or_default(),
        width: object.pixels.map(|(width, _)| width),
        height: object.pixels.map(|(_, height)| height),
        worth: object.worth,
    };
    ManifestEntry {
        name: job.name,
        sha256: job.sha256.unwrap_or_default(),
        finished_at: job.finished_at.unwrap_or_default(),
        thumbhash: job.placeholder.as_ref().map(Placeholder::thumbhash),
        colour: job.placeholder.as_ref().map(Placeholder::colour),
        objects: objects.into_iter().map(object).collect(),
    }
}
