//! `tintype demo`: the demo bucket in the foreground.

use serde::Serialize;
use tintype_core::engine::Config;
use tintype_core::error::{Code, Error, Result};
use tintype_core::home::Home;
use tintype_demo_bucket::{BUCKET, DemoBucket, REGION};

use crate::args::Demo;
use crate::door::{Ending, Outcome, with_engine};
use crate::terminal;

#[derive(Serialize)]
struct Access<'a> {
    endpoint: &'a str,
    region: &'a str,
    bucket: &'a str,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    public_url: &'a str,
}

pub(crate) async fn run(args: Demo) -> Result<Outcome> {
    if args.dir.is_some() || args.port.is_some() {
        return alone(args).await;
    }
    // An engine that does what other commands have for this bucket, which they cannot open as long
    // as it is served here, and nothing else.
    let only_this = |config: &mut Config| config.may_lead = false;
    with_engine(only_this, Ending::WhenInterrupted, async |handle| {
        let (profile, credentials) = handle.serve_demo().await?;
        let access = Access {
            endpoint: &profile.endpoint,
            region: REGION,
            bucket: BUCKET,
            access_key_id: &credentials.access_key_id,
            secret_access_key: credentials.secret_access_key.expose(),
            public_url: &profile.public_url,
        };
        tell(&access, args.json);
        std::future::pending().await
    })
    .await
}

/// Another folder than Tintype's, or another port: nobody's bucket but of whoever has its keys.
async fn alone(args: Demo) -> Result<Outcome> {
    let dir = match args.dir {
        Some(dir) => dir,
        None => Home::locate()?.demo_bucket(),
    };
    let demo = DemoBucket::start(&dir, args.port).await.map_err(|error| {
        Error::new(Code::DemoUnavailable, format!("the demo bucket cannot start in {}: {error}", dir.display()))
            .hint("stop the Tintype that uses this folder or port, or choose others with --dir and --port")
    })?;
    let (endpoint, public_url) = (demo.endpoint(), demo.public_url());
    let access = Access {
        endpoint: &endpoint,
        region: REGION,
        bucket: BUCKET,
        access_key_id: demo.access_key_id(),
        secret_access_key: demo.secret_access_key(),
        public_url: &public_url,
    };
    tell(&access, args.json);
    // An interrupt that cannot be heard ends the program all the same.
    let _ = tokio::signal::ctrl_c().await;
    Ok(Outcome::AllWell)
}

fn tell(access: &Access<'_>, json: bool) {
    if json {
        return terminal::print_json(access);
    }
    let Access {
        endpoint,
        region,
        bucket,
        access_key_id,
        secret_access_key,
        public_url,
    } = access;
    terminal::print(&format!(
        "The demo bucket is open, for this computer only. Ctrl+C closes it.

  endpoint           {endpoint}
  region             {region}
  bucket             {bucket}
  access key id      {access_key_id}
  secret access key  {secret_access_key}
  links begin with   {public_url}

With the AWS command line:

  export AWS_ACCESS_KEY_ID={access_key_id} AWS_SECRET_ACCESS_KEY={secret_access_key} AWS_DEFAULT_REGION={region}
  aws --endpoint-url {endpoint} s3 cp photo.jpg s3://{bucket}/
  aws --endpoint-url {endpoint} s3 ls s3://{bucket}/

With Tintype:

  tintype profile add try --provider other --endpoint {endpoint} --bucket {bucket} --credentials env
  tintype upload --profile try photo.jpg

The keys change at every start."
    ));
}
