//! What the demo bucket serves: a folder as an S3 service, with every key that S3 takes.

use std::collections::{BTreeMap, HashMap};

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use crate::names::Names;

/// Objects in files, whatever their keys.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) files: FileSystem,
    pub(crate) names: Names,
}

impl Served {
    fn claim(&self, bucket: &str, key: &str) -> S3Result<String> {
        self.names
            .claim(bucket, key)
            .map_err(|error| s3_error!(InternalError, "the key cannot be written down: {error}"))
    }

    /// All objects of a bucket, by key.
    async fn objects(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<BTreeMap<String, Object>> {
        let bucket = req.input.bucket.clone();
        let all = |input: ListObjectsV2Input| ListObjectsV2Input {
            bucket: input.bucket,
            max_keys: Some(i32::MAX),
            ..Default::default()
        };
        let found = self
            .files
            .list_objects_v2(req.map_input(all))
            .await?
            .output
            .contents
            .unwrap_or_default();
        let named = found
            .into_iter()
            .filter_map(|object| Some((self.names.key(&bucket, object.key.as_deref()?)?, object)));
        Ok(named
            .map(|(key, object)| {
                (
                    key.clone(),
                    Object {
                        key: Some(key),
                        ..object
                    },
                )
            })
            .collect())
    }
}

/// One page of a listing: what begins with the prefix, what shares all up to the delimiter told
/// once.
fn page(objects: BTreeMap<String, Object>, input: ListObjectsV2Input) -> ListObjectsV2Output {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let delimiter = input
        .delimiter
        .as_deref()
        .filter(|delimiter| !delimiter.is_empty());
    let most = usize::try_from(input.max_keys.unwrap_or(1000))
        .unwrap_or_default()
        .min(1000);
    let after = input
        .continuation_token
        .as_deref()
        .max(input.start_after.as_deref())
        .unwrap_or_default();
    let mut entries: BTreeMap<String, Option<Object>> = BTreeMap::new();
    for (key, object) in objects {
        let Some(rest) = key.strip_prefix(prefix) else {
            continue;
        };
        let shared = delimiter.and_then(|delimiter| {
            rest.find(delimiter)
                .map(|at| prefix.len() + at + delimiter.len())
        });
        match shared {
            Some(end) => drop(entries.insert(key[..end].to_owned(), None)),
            None => drop(entries.insert(key, Some(object))),
        }
    }
    let mut left = entries.into_iter().filter(|(key, _)| key.as_str() > after);
    let entries: Vec<(String, Option<Object>)> = left.by_ref().take(most).collect();
    let more = most > 0 && left.next().is_some();
    let next = entries.last().map(|(key, _)| key.clone()).filter(|_| more);
    let (mut contents, mut shared, count) = (Vec::new(), Vec::new(), entries.len());
    for (key, object) in entries {
        match object {
            Some(object) => contents.push(object),
            None => shared.push(CommonPrefix { prefix: Some(key) }),
        }
    }
    ListObjectsV2Output {
        key_count: i32::try_from(count).ok(),
        max_keys: input.max_keys,
        is_truncated: Some(more),
        contents: Some(contents).filter(|contents| !contents.is_empty()),
        common_prefixes: Some(shared).filter(|shared| !shared.is_empty()),
        continuation_token: input.continuation_token,
        next_continuation_token: next,
        delimiter: input.delimiter,
        encoding_type: input.encoding_type,
        name: Some(input.bucket),
        prefix: input.prefix,
        start_after: input.start_after,
        ..Default::default()
    }
}

/// The trait has a method for each operation and no way to go through all of them alike: `plain`
/// ones name no key, `found` ones an object that is there, `made` ones one that comes to be.
macro_rules! serve {
    (
        plain { $($plain:ident: $plain_in:ident => $plain_out:ident,)* }
        found { $($found:ident: $found_in:ident => $found_out:ident,)* }
        made { $($made:ident: $made_in:ident => $made_out:ident,)* }
        $($own:item)*
    ) => {
        #[async_trait::async_trait]
        impl S3 for Served {
            $(async fn $plain(&self, req: S3Request<$plain_in>) -> S3Result<S3Response<$plain_out>> {
                self.files.$plain(req).await
            })*
            $(async fn $found(&self, mut req: S3Request<$found_in>) -> S3Result<S3Response<$found_out>> {
                req.input.key = self.names.find(&req.input.bucket, &req.input.key);
                self.files.$found(req).await
            })*
            $(async fn $made(&self, mut req: S3Request<$made_in>) -> S3Result<S3Response<$made_out>> {
                req.input.key = self.claim(&req.input.bucket, &req.input.key)?;
                self.files.$made(req).await
            })*
            $($own)*
        }
    };
}

serve! {
    plain {
        create_bucket: CreateBucketInput => CreateBucketOutput,
        delete_bucket: DeleteBucketInput => DeleteBucketOutput,
        get_bucket_location: GetBucketLocationInput => GetBucketLocationOutput,
        head_bucket: HeadBucketInput => HeadBucketOutput,
        list_buckets: ListBucketsInput => ListBucketsOutput,
    }
    found {
        get_object: GetObjectInput => GetObjectOutput,
        head_object: HeadObjectInput => HeadObjectOutput,
        delete_object: DeleteObjectInput => DeleteObjectOutput,
        upload_part: UploadPartInput => UploadPartOutput,
        abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput,
    }
    made {
        put_object: PutObjectInput => PutObjectOutput,
    }

    async fn create_multipart_upload(
        &self,
        mut req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let key = req.input.key.clone();
        req.input.key = self.claim(&req.input.bucket, &key)?;
        let made = self.files.create_multipart_upload(req).await?;
        Ok(made.map_output(|output| CreateMultipartUploadOutput { key: Some(key), ..output }))
    }

    async fn complete_multipart_upload(
        &self,
        mut req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let key = req.input.key.clone();
        req.input.key = self.claim(&req.input.bucket, &key)?;
        let made = self.files.complete_multipart_upload(req).await?;
        Ok(made.map_output(|output| CompleteMultipartUploadOutput { key: Some(key), ..output }))
    }

    async fn list_parts(&self, mut req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let key = req.input.key.clone();
        req.input.key = self.names.find(&req.input.bucket, &key);
        let listed = self.files.list_parts(req).await?;
        Ok(listed.map_output(|output| ListPartsOutput { key: Some(key), ..output }))
    }

    async fn copy_object(&self, mut req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        if let CopySource::Bucket { bucket, key, .. } = &mut req.input.copy_source {
            *key = self.names.find(bucket, key).into();
        }
        req.input.key = self.claim(&req.input.bucket, &req.input.key)?;
        self.files.copy_object(req).await
    }

    async fn delete_objects(&self, mut req: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut keys = HashMap::new();
        for object in &mut req.input.delete.objects {
            let place = self.names.find(&req.input.bucket, &object.key);
            keys.insert(place.clone(), std::mem::replace(&mut object.key, place));
        }
        let mut deleted = self.files.delete_objects(req).await?;
        for object in deleted.output.deleted.iter_mut().flatten() {
            object.key = object.key.take().map(|place| keys.get(&place).cloned().unwrap_or(place));
        }
        Ok(deleted)
    }

    async fn list_objects(&self, req: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        let marker = req.input.marker.clone();
        let listed = self.list_objects_v2(req.map_input(Into::into)).await?;
        Ok(listed.map_output(|page| ListObjectsOutput {
            contents: page.contents,
            common_prefixes: page.common_prefixes,
            delimiter: page.delimiter,
            encoding_type: page.encoding_type,
            name: page.name,
            prefix: page.prefix,
            marker,
            max_keys: page.max_keys,
            is_truncated: page.is_truncated,
            next_marker: page.next_continuation_token,
            ..Default::default()
        }))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input.clone();
        let objects = self.objects(req).await?;
        Ok(S3Response::new(page(objects, input)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_tell_shared_beginnings_once() {
        let keys = ["a/1", "a/2", "b", "c/3", "d"];
        let objects = || {
            keys.map(|key| {
                (
                    key.to_owned(),
                    Object {
                        key: Some(key.into()),
                        ..Default::default()
                    },
                )
            })
            .into_iter()
            .collect()
        };
        let (mut from, mut told) = (None, Vec::new());
        loop {
            let input = ListObjectsV2Input {
                delimiter: Some("/".into()),
                max_keys: Some(2),
                continuation_token: from,
                ..Default::default()
            };
            let page = page(objects(), input);
            told.extend(
                page.common_prefixes
                    .into_iter()
                    .flatten()
                    .filter_map(|shared| shared.prefix),
            );
            told.extend(
                page.contents
                    .into_iter()
                    .flatten()
                    .filter_map(|object| object.key),
            );
            from = page.next_continuation_token;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(told, ["a/", "b", "c/", "d"]);
    }
}
