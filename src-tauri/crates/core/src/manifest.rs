//! The manifest: finished jobs as JSON lines in the bucket, so that another computer, or a new
//! installation, can rebuild its history.

use serde::{Deserialize, Serialize};

use crate::placeholder::Placeholder;
use crate::variant::Worth;

/// One finished job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestEntry {
    /// The file's name.
    pub name: String,
    /// SHA-256 of the source file.
    pub sha256: String,
    /// Milliseconds since 1970.
    pub finished_at: i64,
    /// ThumbHash of the picture, Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    /// The colour that most of the picture has, `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The original first, then its variants.
    pub objects: Vec<ManifestObject>,
}

/// One object of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestObject {
    /// The variant's name; nothing for the original.
    pub variant: Option<String>,
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its media type.
    pub content_type: String,
    /// Its public address.
    pub url: String,
    /// Pixels, where it is a picture.
    pub width: Option<u32>,
    /// Pixels, where it is a picture.
    pub height: Option<u32>,
    /// How well it was encoded.
    #[serde(flatten)]
    pub worth: Worth,
}

impl ManifestEntry {
    /// The original; an empty one where the entry has none.
    pub fn original(&self) -> ManifestObject {
        self.objects.first().cloned().unwrap_or_default()
    }

    /// What stands for the picture while it loads; nothing where nonsense was written.
    pub fn placeholder(&self) -> Option<Placeholder> {
        Placeholder::read(self.thumbhash.as_deref()?, self.colour.as_deref()?)
    }
}

/// Entries as JSON lines.
pub fn write(entries: &[ManifestEntry]) -> Vec<u8> {
    let mut text = Vec::new();
    for entry in entries {
        // Strings and numbers always have a JSON form.
        text.extend(serde_json::to_vec(entry).unwrap_or_default());
        text.push(b'\n');
    }
    text
}

/// The entries of a manifest; lines that are none are counted, not taken.
pub fn read(text: &[u8]) -> (Vec<ManifestEntry>, usize) {
    let mut damaged = 0;
    let mut entries = Vec::new();
    for line in text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        match serde_json::from_slice::<ManifestEntry>(line) {
            Ok(entry) if !entry.objects.is_empty() => entries.push(entry),
            _ => damaged += 1,
        }
    }
    (entries, damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_rubbish_is_counted() {
        let object = ManifestObject {
            key: "originals/ä b.jpg".into(),
            size: 3,
            ..ManifestObject::default()
        };
        let entry = ManifestEntry {
            name: "ä\nb.jpg".into(),
            sha256: "aa".into(),
            finished_at: 1,
            thumbhash: Some("1QcSHQRnh493V4dIh4eXh1h4kJUI".into()),
            colour: Some("#0a780c".into()),
            objects: vec![object],
        };
        assert_eq!(entry.original(), entry.objects[0]);
        assert!(entry.placeholder().is_some());

        let mut text = write(&[entry.clone(), entry.clone()]);
        let of_nothing = ManifestEntry {
            objects: Vec::new(),
            ..entry.clone()
        };
        text.extend(write(&[of_nothing]));
        text.extend(b"{\"name\": 3}\nrubbish\xff\n");
        assert_eq!(read(&text), (vec![entry.clone(), entry], 3));
    }
}
