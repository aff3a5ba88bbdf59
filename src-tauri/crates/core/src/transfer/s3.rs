//! The S3 side of [`ObjectStore`].

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ObjectCannedAcl,
    ServerSideEncryption, StorageClass,
};
use bytes::Bytes;

use super::failure;
use super::reach::{ANSWER, COMPLETE, S3};
use super::sent_headers::with_headers;
use super::stranger::{is_of_s3, may_be_page};
use super::sums::Sums;
use super::watchdog::{self, Watched};
use super::{Headers, Held, Lookup, ObjectStore, Only, Page, Part, PartRules, Progress, Receipt};
use crate::error::{Code, Error, Result};
use crate::profile::{Checksum, Conditions};

/// A link waits no longer than this to learn the server's time.
const TIME: Duration = Duration::from_secs(3);

/// Without its quotation marks, and without the mark that a proxy puts before one when it packs what
/// goes through it: in the bucket it is the same.
fn bare(etag: Option<&str>) -> String {
    let etag = etag.unwrap_or_default();
    etag.strip_prefix("W/")
        .unwrap_or(etag)
        .trim_matches('"')
        .to_owned()
}

fn held(found: &HeadObjectOutput) -> Held {
    let metadata = found.metadata().into_iter().flatten();
    Held {
        size: found.content_length().unwrap_or_default().unsigned_abs(),
        etag: bare(found.e_tag()),
        metadata: metadata
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
    }
}

fn length(body: &Bytes) -> i64 {
    i64::try_from(body.len()).unwrap_or(i64::MAX)
}

#[async_trait]
impl ObjectStore for S3 {
    async fn head(&self, key: &str) -> Result<Lookup> {
        let asked = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send();
        let Watched::Ended(asked) = watchdog::answer(ANSWER, asked).await else {
            return Err(failure::stalled(&self.context));
        };
        match asked {
            Ok(found) => {
                if may_be_page(&found) {
                    self.is_s3().await?;
                }
                Ok(Lookup::Found(held(&found)))
            }
            Err(error) => match error.raw_response() {
                Some(answer) if answer.status().as_u16() == 404 && is_of_s3(answer) => {
                    Ok(Lookup::Absent)
                }
                Some(answer) if matches!(answer.status().as_u16(), 301 | 307 | 400..=404) => {
                    self.why_hidden(key).await
                }
                _ => Err(self.explain(&error)),
            },
        }
    }

    async fn put(
        &self,
        key: &str,
        body: Bytes,
        headers: &Headers,
        only: &Only,
        progress: &Progress,
    ) -> Result<Receipt> {
        let sums = Sums::of(&body, self.checksum).await?;
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(length(&body))
            // Signed with the headers, so the body is protected although its signature is left out.
            .set_content_md5(sums.content_md5())
            .set_checksum_crc32(sums.crc32.clone())
            .set_if_none_match(Self::if_none_match(only, self.conditions.put))
            .set_if_match(self.if_match(only, self.conditions.put))
            .body(self.stream(body.clone(), progress));
        let sent = with_headers!(request, headers)
            .customize()
            .disable_payload_signing()
            .send();
        let receipt = self.moving(body.len() as u64, progress, sent).await?;
        let etag = bare(receipt.e_tag());
        Ok(Receipt {
            proven: sums.proven_by(&etag, receipt.checksum_crc32(), &body),
            etag,
        })
    }

    async fn get(&self, key: &str) -> Result<Bytes> {
        self.read(key, None).await
    }

    async fn get_range(&self, key: &str, from: u64, until: u64) -> Result<Bytes> {
        self.read(
            key,
            Some(format!("bytes={from}-{}", until.saturating_sub(1))),
        )
        .await
    }

    async fn list(&self, prefix: &str, from: Option<String>) -> Result<Page> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_continuation_token(from.clone());
        let page = self.answer(ANSWER, request.send()).await?;
        let keys: Vec<String> = page
            .contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect();
        let more = page.is_truncated() == Some(true) && !keys.is_empty();
        // A service that gives the same page again would never come to an end.
        let next = page
            .next_continuation_token()
            .filter(|next| more && Some(*next) != from.as_deref());
        Ok(Page {
            next: next.map(str::to_owned),
            keys,
        })
    }

    async fn delete(&self, key: &str, only: &Only) -> Result<()> {
        let request = || self.client.delete_object().bucket(&self.bucket).key(key);
        let condition = self.if_match(only, self.conditions.put);
        let conditional = condition.is_some();
        match self
            .answer(ANSWER, request().set_if_match(condition).send())
            .await
        {
            // Not every service that knows conditions knows them here; what is there has just been
            // looked at.
            Err(error) if conditional && error.code == Code::RequestRefused => {
                self.answer(ANSWER, request().send()).await.map(|_| ())
            }
            Err(error) if error.code == Code::ObjectMissing => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn create_upload(&self, key: &str, headers: &Headers) -> Result<String> {
        let algorithm = (self.checksum == Checksum::Crc32).then_some(ChecksumAlgorithm::Crc32);
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .set_checksum_algorithm(algorithm);
        // A POST without a body has no length unless it is said; Google refuses that (411).
        let request = with_headers!(request, headers)
            .customize()
            .mutate_request(|request| {
                request.headers_mut().insert("content-length", "0");
            });
        let begun = self.answer(ANSWER, request.send()).await?;
        begun.upload_id.ok_or_else(|| {
            Error::new(
                Code::EndpointNotS3,
                format!("{} gave no upload id", self.context.endpoint),
            )
        })
    }

    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        body: Bytes,
        progress: &Progress,
    ) -> Result<Part> {
        let (sums, size) = (Sums::of(&body, self.checksum).await?, body.len() as u64);
        let request = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(number)
            .content_length(length(&body))
            .set_content_md5(sums.content_md5())
            .set_checksum_crc32(sums.crc32.clone())
            .body(self.stream(body, progress));
        let sent = self
            .moving(
                size,
                progress,
                request.customize().disable_payload_signing().send(),
            )
            .await?;
        Ok(Part {
            number,
            size,
            etag: bare(sent.e_tag()),
            crc32: sums.crc32,
        })
    }

    async fn list_parts(&self, key: &str, upload: &str) -> Result<Option<Vec<Part>>> {
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let request = self
                .client
                .list_parts()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload)
                .set_part_number_marker(after);
            let page = match self.answer(ANSWER, request.send()).await {
                Err(error) if matches!(error.code, Code::UploadLost | Code::ObjectMissing) => {
                    return Ok(None);
                }
                page => page?,
            };
            parts.extend(page.parts().iter().map(|part| Part {
                number: part.part_number().unwrap_or_default(),
                size: part.size().unwrap_or_default().unsigned_abs(),
                etag: bare(part.e_tag()),
                crc32: part.checksum_crc32().map(str::to_owned),
            }));
            match page.next_part_number_marker() {
                Some(next) if page.is_truncated() == Some(true) => after = Some(next.to_owned()),
                _ => return Ok(Some(parts)),
            }
        }
    }

    async fn complete_upload(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
        only: &Only,
    ) -> Result<String> {
        let parts = parts.iter().map(|part| {
            let builder = CompletedPart::builder()
                .part_number(part.number)
                .e_tag(format!("\"{}\"", part.etag));
            builder.set_checksum_crc32(part.crc32.clone()).build()
        });
        let list = CompletedMultipartUpload::builder()
            .set_parts(Some(parts.collect()))
            .build();
        let request = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .multipart_upload(list);
        let request = request
            .set_if_none_match(Self::if_none_match(only, self.conditions.complete))
            .set_if_match(self.if_match(only, self.conditions.complete));
        match watchdog::answer(COMPLETE, request.send()).await {
            Watched::Ended(Ok(receipt)) => Ok(bare(receipt.e_tag())),
            // The service has given up this upload; AWS: it has to be begun anew.
            Watched::Ended(Err(error)) if error.code() == Some(failure::CONFLICT) => Err(
                Error::new(Code::UploadLost, "another request for the key was faster")
                    .hint("Tintype begins it again"),
            ),
            Watched::Ended(Err(error)) => Err(self.explain(&error)),
            Watched::Stalled => Err(failure::stalled(&self.context)),
        }
    }

    async fn abort_upload(&self, key: &str, upload: &str) -> Result<()> {
        let request = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload);
        match self.answer(ANSWER, request.send()).await {
            Err(error) if matches!(error.code, Code::UploadLost | Code::ObjectMissing) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    async fn unfinished_uploads(&self, key: &str) -> Result<Vec<String>> {
        // One page will do: these are uploads of one key.
        let page = self
            .answer(
                ANSWER,
                self.client
                    .list_multipart_uploads()
                    .bucket(&self.bucket)
                    .prefix(key)
                    .send(),
            )
            .await?;
        let of_key = page
            .uploads()
            .iter()
            .filter(|upload| upload.key() == Some(key));
        Ok(of_key
            .filter_map(|upload| upload.upload_id().map(str::to_owned))
            .collect())
    }

    async fn presign(&self, key: &str, lifetime: Duration) -> Result<String> {
        if !self.clock.is_known() {
            // Any answer tells the time, also one that refuses.
            let asked = self
                .answer(TIME, self.client.head_bucket().bucket(&self.bucket).send())
                .await;
            asked.map(|_| ()).unwrap_or_else(
                |error| tracing::debug!(%error, "the server's time may not be known"),
            );
            self.clock.give_up();
        }
        let config = PresigningConfig::builder()
            .start_time(self.clock.now())
            .expires_in(lifetime)
            .build()
            .map_err(|error| {
                Error::new(
                    Code::ProfileInvalid,
                    format!("a link cannot be good for that long: {error}"),
                )
                .hint("at most 168 hours (7 days)")
            })?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .presigned(config)
            .await;
        request
            .map(|request| request.uri().to_owned())
            .map_err(|error| self.explain(&error))
    }

    fn conditions(&self) -> Conditions {
        self.conditions
    }

    fn part_rules(&self) -> PartRules {
        self.part_rules
    }
}
