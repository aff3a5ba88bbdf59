//! The rights a profile's key needs, for the provider to copy.

use serde_json::{Value, json};

use crate::error::{Code, Error, Result};
use crate::profile::{CredentialSource, Profile};

/// JSON where the provider takes policies, else a sentence.
pub(in crate::engine) fn rights(profile: &Profile) -> Result<String> {
    if !profile.provider()?.takes_policy || profile.credentials == CredentialSource::Demo {
        return Ok(format!(
            "Give the access key the right to read and write objects in the bucket \"{}\", and nothing else.",
            profile.bucket
        ));
    }
    serde_json::to_string_pretty(&policy(profile)?).map_err(|error| {
        Error::new(
            Code::Internal,
            format!("a policy has no JSON form: {error}"),
        )
    })
}

/// What is asked for, by the actions' names in AWS' service authorization reference ("Actions,
/// resources, and condition keys for Amazon S3").
fn policy(profile: &Profile) -> Result<Value> {
    let bucket = format!("arn:{}:s3:::{}", partition(profile)?, profile.bucket);
    let ruled = |is: fn(&crate::profile::ObjectHeaders) -> bool| {
        profile.rules.iter().any(|rule| is(&rule.headers))
    };
    let mut of_objects = vec![
        "s3:PutObject",
        "s3:GetObject",
        "s3:DeleteObject",
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
    ];
    if ruled(|headers| !headers.acl.is_empty()) {
        of_objects.push("s3:PutObjectAcl");
    }
    if ruled(|headers| !headers.tags.is_empty()) {
        of_objects.push("s3:PutObjectTagging");
    }
    let allow = |actions: &[&str], resource: &str| json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    let mut statements = vec![
        allow(&of_objects, &format!("{bucket}/*")),
        // Without the first, what is not there cannot be told from what may not be seen.
        allow(&["s3:ListBucket", "s3:ListBucketMultipartUploads"], &bucket),
    ];
    let encrypted = profile.rules.iter().map(|rule| &rule.headers);
    let encrypted = encrypted.filter(|headers| headers.encryption.starts_with("aws:kms"));
    for headers in encrypted {
        let key = match headers.kms_key.as_str() {
            key if key.starts_with("arn:") => key,
            _ => "*",
        };
        // Parts are read when they are put together.
        statements.push(allow(&["kms:GenerateDataKey", "kms:Decrypt"], key));
    }
    Ok(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// AWS' parts of the world: China and the American authorities have resources of their own.
fn partition(profile: &Profile) -> Result<&'static str> {
    let region = profile.region()?;
    Ok(match profile.provider.as_str() {
        "aws" if region.starts_with("cn-") => "aws-cn",
        "aws" if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(provider: &str, region: &str, rules: &[&str]) -> Profile {
        Profile {
            provider: provider.into(),
            bucket: "photos".into(),
            region: region.into(),
            rules: rules.iter().filter_map(|rule| rule.parse().ok()).collect(),
            ..Profile::default()
        }
    }

    fn actions(policy: &Value, statement: usize) -> String {
        policy["Statement"][statement]["Action"].to_string()
    }

    #[test]
    fn the_policy_names_what_is_done_and_nothing_else() -> Result<()> {
        let plain = policy(&profile("wasabi", "eu-central-1", &[]))?;
        assert_eq!(plain["Statement"][0]["Resource"], "arn:aws:s3:::photos/*");
        assert_eq!(plain["Statement"][1]["Resource"], "arn:aws:s3:::photos");
        assert!(actions(&plain, 1).contains("s3:ListBucket\""));
        assert!(!actions(&plain, 0).contains("Acl") && plain["Statement"][2].is_null());
        assert!(rights(&profile("r2", "", &[]))?.contains("read and write"));
        Ok(())
    }

    #[test]
    fn rules_need_rights_of_their_own() -> Result<()> {
        let rules = [
            "*.svg; acl=public-read; tag-kind=drawing",
            "*; encryption=aws:kms; kms-key=arn:aws:kms:eu-west-1:1:key/k",
        ];
        let ruled = policy(&profile("aws", "cn-north-1", &rules))?;

        assert_eq!(
            ruled["Statement"][0]["Resource"],
            "arn:aws-cn:s3:::photos/*"
        );
        assert!(actions(&ruled, 0).contains("s3:PutObjectAcl"));
        assert!(actions(&ruled, 0).contains("s3:PutObjectTagging"));
        assert!(actions(&ruled, 2).contains("kms:Decrypt"));
        assert_eq!(
            ruled["Statement"][2]["Resource"],
            "arn:aws:kms:eu-west-1:1:key/k"
        );
        Ok(())
    }
}
