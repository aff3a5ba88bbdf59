//! The journal as the record of one object's parts.

use async_trait::async_trait;

use crate::error::Result;
use crate::journal::{Journal, PartRow, UploadKey};
use crate::transfer::{Begun, Part, PartsLog, Recalled};

/// One object's upload in the journal.
pub(in crate::engine) struct Record<'a> {
    pub(in crate::engine) journal: &'a Journal,
    pub(in crate::engine) key: UploadKey,
}

#[async_trait]
impl PartsLog for Record<'_> {
    async fn recall(&self) -> Result<Recalled> {
        let Some(row) = self.journal.upload(self.key.clone()).await? else {
            return Ok(Recalled::Nothing);
        };
        let Some(upload) = row.upload else {
            return Ok(Recalled::Intended(row.before));
        };
        let part = |row: PartRow| Part {
            number: row.number,
            size: row.size,
            etag: row.etag,
            crc32: row.crc32,
        };
        Ok(Recalled::Begun(Begun {
            upload,
            part_size: row.part_size,
            parts: row.parts.into_iter().map(part).collect(),
        }))
    }

    async fn intend(&self, before: Option<&[String]>) -> Result<()> {
        self.journal
            .intend_upload(self.key.clone(), before.map(<[String]>::to_vec))
            .await
    }

    async fn begun(&self, upload: &str, part_size: u64) -> Result<()> {
        self.journal
            .begin_upload(self.key.job, upload.to_owned(), part_size)
            .await
    }

    async fn part(&self, part: &Part) -> Result<()> {
        let Part {
            number,
            size,
            etag,
            crc32,
        } = part.clone();
        self.journal
            .add_part(
                self.key.job,
                PartRow {
                    number,
                    size,
                    etag,
                    crc32,
                },
            )
            .await
    }

    async fn discard(&self) -> Result<()> {
        self.journal.discard_upload(self.key.job).await
    }

    async fn stray(&self, upload: &str) -> Result<()> {
        self.journal
            .add_orphan(self.key.clone(), upload.to_owned())
            .await
    }

    async fn gone(&self, upload: &str) -> Result<()> {
        self.journal
            .forget_upload(self.key.target.clone(), upload.to_owned())
            .await
    }
}
