//! `tintype profile`

use std::io::{IsTerminal as _, Read as _};

use tintype_core::engine::{EngineHandle, ProfileDraft, Step};
use tintype_core::error::{Code, Error, Result};
use tintype_core::privacy;
use tintype_core::profile::{self, Fix, Profile};

use crate::args::{
    AddProfile, Addressing, CredentialSource, Duplicates, Originals, ProfileCommand,
};
use crate::door::{Ending, Outcome, with_engine};
use crate::terminal;

pub(crate) async fn run(command: ProfileCommand) -> Result<Outcome> {
    with_engine(
        |_| {},
        Ending::AtOnce,
        async |handle| obey(handle, command).await,
    )
    .await
}

async fn obey(handle: &EngineHandle, command: ProfileCommand) -> Result<Outcome> {
    match command {
        ProfileCommand::Add(args) => {
            let name = args.name.clone();
            let settings = handle.save_profile(draft(*args)?).await?;
            terminal::say(&format!(
                "added the profile \"{name}\"; try it with `tintype profile test \"{name}\"`"
            ));
            settings
                .profile(Some(&name))?
                .links_closed()
                .inspect(terminal::say_error);
        }
        ProfileCommand::List { json } => {
            let settings = handle.settings().await?;
            for profile in &settings.profiles {
                let is_default = settings
                    .profile(None)
                    .is_ok_and(|default| default.name == profile.name);
                list_one(profile, is_default, json)?;
            }
        }
        ProfileCommand::Show { name } => {
            let settings = handle.settings().await?;
            terminal::print(&shown(settings.profile(Some(&name))?)?);
        }
        ProfileCommand::Remove { name } => {
            handle.remove_profile(name.clone()).await?;
            terminal::say(&format!(
                "removed the profile \"{name}\" and its secret; the bucket stays as it is"
            ));
        }
        ProfileCommand::Test {
            name,
            fix,
            cors,
            json,
        } => return test(handle, &name, Examination { fix, cors, json }).await,
        ProfileCommand::Rights { name } => terminal::print(&handle.rights(&name).await?),
    }
    Ok(Outcome::AllWell)
}

fn draft(args: AddProfile) -> Result<ProfileDraft> {
    let defaults = Profile::default();
    let typed = args.credentials == CredentialSource::Keyring;
    let profile = Profile {
        name: args.name,
        provider: args.provider,
        endpoint: args.endpoint,
        region: args.region,
        bucket: args.bucket,
        addressing: args.addressing.map(|addressing| match addressing {
            Addressing::Path => profile::Addressing::Path,
            Addressing::Virtual => profile::Addressing::Virtual,
        }),
        public_url: args.public_url,
        original_key: args.original_key.unwrap_or(defaults.original_key),
        variant_key: args.variant_key.unwrap_or(defaults.variant_key),
        cache_control: args.cache_control.unwrap_or(defaults.cache_control),
        on_conflict: args.on_conflict.into(),
        duplicates: match args.duplicates {
            Duplicates::Send => profile::Duplicates::Send,
            Duplicates::Link => profile::Duplicates::Link,
        },
        rules: args.rules,
        check_links: args.check_links,
        link_hours: args.link_hours,
        ca_file: args.ca_file,
        webhook: args.webhook,
        manifest: args.manifest,
        originals: match args.originals {
            Originals::Keep => privacy::Originals::Keep,
            Originals::StripLocation => privacy::Originals::StripLocation,
            Originals::StripAll => privacy::Originals::StripAll,
        },
        credentials: args.credentials.into(),
        aws_profile: args.aws_profile,
        access_key_id: args.access_key_id,
        ..defaults
    };
    // Checked before the secret is asked for: nobody should type it twice.
    profile.clone().normalise()?;
    let secret = if typed { Some(read_secret()?) } else { None };
    Ok(ProfileDraft {
        profile,
        secret,
        webhook_secret: None,
        session_only: false,
        replaces: None,
    })
}

/// From a prompt where a person sits, from stdin where a program does; never from the arguments.
fn read_secret() -> Result<String> {
    let unread = |error: std::io::Error| {
        Error::new(
            Code::CredentialsMissing,
            format!("the secret access key could not be read: {error}"),
        )
    };
    let secret = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Secret access key: ").map_err(unread)?
    } else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unread)?;
        text
    };
    Ok(secret.trim().to_owned())
}

fn list_one(profile: &Profile, is_default: bool, json: bool) -> Result<()> {
    if json {
        terminal::print_json(profile);
    } else {
        let mark = if is_default { "*" } else { " " };
        terminal::print(&format!(
            "{mark} {:<20} {:<10} {}",
            profile.name, profile.provider, profile.bucket
        ));
    }
    Ok(())
}

/// What is always told of a profile, and all that is not as it is by default.
fn shown(profile: &Profile) -> Result<String> {
    let provider = profile.provider()?;
    let or_default = |text: &str, default: &str| {
        if text.is_empty() {
            format!("{default} (the provider's)")
        } else {
            text.to_owned()
        }
    };
    let lines = [
        ("name", profile.name.clone()),
        ("provider", provider.label.to_owned()),
        (
            "endpoint",
            profile.endpoint()?.unwrap_or_else(|| "AWS".into()),
        ),
        (
            "region",
            or_default(&profile.region, provider.default_region),
        ),
        ("bucket", profile.bucket.clone()),
        ("links begin with", profile.public_base()?),
        ("original keys", profile.original_key.clone()),
        ("variant keys", profile.variant_key.clone()),
        ("cache control", profile.cache_control.clone()),
        (
            "credentials",
            format!("{:?}", profile.credentials).to_lowercase(),
        ),
        ("access key id", profile.access_key_id.clone()),
    ];
    let told = lines.map(|(name, value)| format!("{name:<18} {value}"));
    Ok(told
        .into_iter()
        .chain(chosen(profile)?)
        .collect::<Vec<_>>()
        .join("\n"))
}

/// Fields of the settings that differ from their defaults, but for those that [`shown`] tells in
/// its own words.
fn chosen(profile: &Profile) -> Result<Vec<String>> {
    const TOLD: [&str; 12] = [
        "name",
        "provider",
        "endpoint",
        "region",
        "bucket",
        "public_url",
        "original_key",
        "variant_key",
        "cache_control",
        "credentials",
        "access_key_id",
        "secret_ref",
    ];
    let fields = |profile: &Profile| match serde_json::to_value(profile) {
        Ok(serde_json::Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(serde_json::Map::new()),
        Err(error) => Err(Error::new(Code::ProfileInvalid, error.to_string())),
    };
    let defaults = fields(&Profile::default())?;
    let mut chosen = Vec::new();
    for (name, value) in fields(profile)? {
        if !TOLD.contains(&name.as_str()) && defaults.get(&name) != Some(&value) {
            let value = value.as_str().map_or(value.to_string(), str::to_owned);
            chosen.push(format!("{:<18} {value}", name.replace('_', " ")));
        }
    }
    Ok(chosen)
}

/// How a profile is to be tested.
struct Examination {
    fix: bool,
    cors: Option<String>,
    json: bool,
}

async fn test(handle: &EngineHandle, name: &str, how: Examination) -> Result<Outcome> {
    let mut outcome = Outcome::AllWell;
    let results = handle.test_profile(name, how.cors).await?;
    for result in &results {
        if how.json {
            terminal::print_json(result);
        } else {
            let state = if result.error.is_some() {
                "failed"
            } else {
                "ok"
            };
            terminal::print(&format!(
                "{:<24} {state:<7} {} ms",
                what(result.step),
                result.millis
            ));
        }
        if let Some(note) = &result.note {
            terminal::say(&format!("  note: {note}"));
        }
        if let Some(error) = &result.error {
            terminal::say_error(error);
            outcome = Outcome::SomethingFailed;
        }
    }
    let fixes: Vec<Fix> = results
        .into_iter()
        .filter_map(|result| result.fix)
        .collect();
    let settings: Vec<String> = fixes.iter().map(ToString::to_string).collect();
    let settings = settings.join(", ");
    if !fixes.is_empty() && how.fix {
        handle.fix_profile(name, fixes).await?;
        terminal::say(&format!("\"{name}\" has {settings} now; test it once more"));
    } else if !fixes.is_empty() {
        terminal::say(&format!(
            "  hint: `tintype profile test {name} --fix` sets {settings}"
        ));
    }
    Ok(outcome)
}

fn what(step: Step) -> &'static str {
    match step {
        Step::Resolve => "find the service",
        Step::Connect => "reach it",
        Step::Clock => "compare clocks",
        Step::Ask => "ask with the credentials",
        Step::Put => "store a small object",
        Step::Head => "look at it",
        Step::Get => "read it back",
        Step::Link => "open its link",
        Step::Conditional => "store only if absent",
        Step::Parts => "store one in parts",
        Step::Cors => "let pages read it",
        Step::Delete => "delete it",
    }
}
