//! What the profile wants for an object, on a request that begins one.

/// What the profile wants for an object, on a request that begins one: `PutObject` and
/// `CreateMultipartUpload` have the same setters, but no trait in common.
macro_rules! with_headers {
    ($request:expr, $headers:expr) => {{
        let (mut request, extra) = (
            $request.content_type(&$headers.content_type),
            &$headers.extra,
        );
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        request = request
            .set_content_encoding($headers.content_encoding.clone())
            .set_cache_control(some(&extra.cache_control))
            .set_content_disposition(some(&extra.content_disposition))
            .set_storage_class(
                some(&extra.storage_class).map(|class| StorageClass::from(class.as_str())),
            )
            .set_server_side_encryption(
                some(&extra.encryption).map(|kind| ServerSideEncryption::from(kind.as_str())),
            )
            .set_ssekms_key_id(some(&extra.kms_key))
            .set_acl(some(&extra.acl).map(|acl| ObjectCannedAcl::from(acl.as_str())))
            .set_tagging(some(&extra.tagging()));
        for (name, value) in &extra.metadata {
            request = request.metadata(name, value);
        }
        for (name, value) in &$headers.metadata {
            request = request.metadata(name, value);
        }
        request
    }};
}

pub(super) use with_headers;
