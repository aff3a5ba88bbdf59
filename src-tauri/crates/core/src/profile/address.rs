//! Where a profile's bucket is: its service's address, what its links begin with, and what it is
//! called in the journal.

use super::{Addressing, Conditions, Profile, endpoint};
use crate::error::{Code, Error, Result};

impl Profile {
    /// The region in force.
    pub fn region(&self) -> Result<&str> {
        if !self.region.is_empty() {
            return Ok(&self.region);
        }
        let provider = self.provider()?;
        Ok(endpoint::region(provider.endpoint, &self.endpoint).unwrap_or(provider.default_region))
    }

    /// What requests are signed with.
    pub fn signing_region(&self) -> Result<&str> {
        Ok(self.provider()?.signing_region(self.region()?))
    }

    /// Where conditions on what is under a key are kept: what the doctor found, or what is known of
    /// the provider. Parts are never trusted further than whole objects.
    pub fn conditions(&self) -> Result<Conditions> {
        let known = self.provider()?.conditions;
        let put = self.if_none_match.unwrap_or(known.put);
        let complete = self.if_none_match_complete.unwrap_or(known.complete);
        Ok(Conditions {
            put,
            complete: put && complete,
        })
    }

    /// The service's address in force; nothing where the SDK knows it (AWS).
    pub fn endpoint(&self) -> Result<Option<String>> {
        if !self.endpoint.is_empty() {
            return Ok(Some(self.endpoint.clone()));
        }
        let template = self.provider()?.endpoint;
        Ok((!template.is_empty())
            .then(|| template.replace("{region}", self.region().unwrap_or_default())))
    }

    /// Whether the bucket goes into the path rather than the host name.
    pub fn path_style(&self) -> Result<bool> {
        // A bucket with dots cannot have a certificate under virtual addressing.
        let addressing = self.addressing.unwrap_or(self.provider()?.addressing);
        Ok(addressing == Addressing::Path || self.bucket.contains('.'))
    }

    /// What links begin with.
    pub fn public_base(&self) -> Result<String> {
        if !self.public_url.is_empty() {
            return Ok(self.public_url.clone());
        }
        let provider = self.provider()?;
        let endpoint = match self.endpoint()? {
            Some(endpoint) => endpoint,
            None => format!("https://s3.{}.amazonaws.com", self.region()?),
        };
        // A host with the bucket's dots in it has no certificate that is good for it.
        let dotted = self.bucket.contains('.') && provider.public_url.contains("://{bucket}.");
        let template = if dotted && !provider.virtual_only {
            "{endpoint}/{bucket}"
        } else {
            provider.public_url
        };
        let filled = template
            .replace("{endpoint}", &endpoint)
            .replace("{bucket}", &self.bucket)
            .replace("{region}", self.region()?);
        Ok(filled)
    }

    /// Why no link of this profile opens, where that is known before anyone tries.
    pub fn links_closed(&self) -> Option<Error> {
        let provider = self
            .provider()
            .ok()
            .filter(|provider| !provider.links_fail.is_empty())?;
        let closed = self.public_url.is_empty() && self.link_hours == 0;
        let told = format!(
            "links of \"{}\" ({}) {}",
            self.name, provider.label, provider.links_fail
        );
        let hint = format!(
            "{}, and set that as the profile's public address (or let links be signed, for some hours)",
            provider.opens_by
        );
        closed.then(|| Error::new(Code::LinkClosed, told).hint(hint))
    }

    /// How the bucket a profile writes to is spelled, the same for two profiles of the same bucket.
    pub fn target(&self) -> Result<String> {
        let provider = self.provider()?;
        let endpoint = match self.endpoint()? {
            Some(_) if self.endpoint.is_empty() && !provider.endpoint_before.is_empty() => {
                let before = provider.endpoint_before;
                before.replace("{region}", self.region()?)
            }
            Some(endpoint) => endpoint,
            None => "aws".into(),
        };
        Ok(format!("{endpoint}|{}", self.bucket))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::profile;
    use super::*;

    #[test]
    fn a_bucket_with_dots_is_named_in_the_path() -> Result<()> {
        let dotted = |provider: &str, region: &str| Profile {
            bucket: "photos.example.com".into(),
            region: region.into(),
            ..profile(provider)
        };

        assert_eq!(
            dotted("aws", "eu-west-1").public_base()?,
            "https://s3.eu-west-1.amazonaws.com/photos.example.com"
        );
        assert_eq!(
            dotted("scaleway", "fr-par").public_base()?,
            "https://s3.fr-par.scw.cloud/photos.example.com"
        );
        Ok(())
    }

    #[test]
    fn a_bucket_keeps_its_name_in_the_journal_when_its_service_moves() -> Result<()> {
        let oss = Profile {
            region: "CN-Hangzhou".into(),
            ..profile("oss")
        };
        let mut typed = oss.clone();
        typed.normalise()?;

        assert_eq!(
            typed.endpoint()?.as_deref(),
            Some("https://s3.oss-cn-hangzhou.aliyuncs.com")
        );
        assert_eq!(
            typed.target()?,
            "https://oss-cn-hangzhou.aliyuncs.com|photos"
        );
        Ok(())
    }

    #[test]
    fn links_come_from_the_provider_unless_said() -> Result<()> {
        let aws = Profile {
            region: "eu-west-1".into(),
            ..profile("aws")
        };
        assert_eq!(
            aws.public_base()?,
            "https://photos.s3.eu-west-1.amazonaws.com"
        );
        let minio = Profile {
            endpoint: "http://127.0.0.1:9000".into(),
            ..profile("minio")
        };
        assert_eq!(minio.public_base()?, "http://127.0.0.1:9000/photos");
        let b2 = Profile {
            region: "eu-central-003".into(),
            ..profile("b2")
        };
        assert_eq!(
            b2.endpoint()?.as_deref(),
            Some("https://s3.eu-central-003.backblazeb2.com")
        );
        Ok(())
    }

    #[test]
    fn a_service_that_shows_nothing_says_so_unless_links_have_another_way() {
        let r2 = Profile {
            endpoint: "https://a.r2.cloudflarestorage.com".into(),
            ..profile("r2")
        };
        assert_eq!(
            r2.links_closed().map(|error| error.code),
            Some(Code::LinkClosed)
        );
        assert_eq!(
            Profile {
                public_url: "https://cdn.example".into(),
                ..r2.clone()
            }
            .links_closed(),
            None
        );
        assert_eq!(
            Profile {
                link_hours: 24,
                ..r2
            }
            .links_closed(),
            None
        );
        assert_eq!(profile("aws").links_closed(), None);
    }

    #[test]
    fn what_the_doctor_found_goes_before_what_is_known() -> Result<()> {
        let hetzner = profile("hetzner");
        let found = |put, complete| Profile {
            if_none_match: Some(put),
            if_none_match_complete: Some(complete),
            ..hetzner.clone()
        };
        // The doctor of an older version saw to one of them only.
        let older = Profile {
            if_none_match: Some(true),
            ..hetzner.clone()
        };

        assert_eq!(hetzner.conditions()?, Conditions::PUT);
        assert_eq!(older.conditions()?, Conditions::PUT);
        assert_eq!(found(true, true).conditions()?, Conditions::ALL);
        assert_eq!(found(false, true).conditions()?, Conditions::NONE);
        Ok(())
    }
}
