//! The settings file, read and written.

use super::*;
use crate::profile::ProfileId;

#[test]
fn what_is_saved_comes_back() -> Result<()> {
    let dir = tempfile::tempdir().map_err(|e| Error::from_io(&e, Path::new("tmp")))?;
    let path = dir.path().join("settings.toml");
    let mut settings = Settings::load(&path)?;
    settings.put_profile(
        Profile {
            name: "a".into(),
            bucket: "b".into(),
            ..Profile::default()
        },
        None,
    )?;
    settings.save(&path)?;
    assert_eq!(Settings::load(&path)?, settings);
    assert_eq!(settings.profile(None)?.name, "a");
    Ok(())
}

#[test]
fn what_is_left_out_is_as_by_default() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("settings.toml");
    std::fs::write(
        &path,
        "limits.seconds = 9\n[[profiles]]\nname = 'a'\nbucket = 'b'\n",
    )?;
    let settings = Settings::load(&path).expect("readable");
    assert_eq!(settings.variants, Variant::defaults());
    assert_eq!(
        settings.limits,
        Limits {
            seconds: 9,
            ..Limits::default()
        }
    );
    assert_eq!(
        settings.profiles[0],
        Profile {
            id: ProfileId::named("a"),
            name: "a".into(),
            bucket: "b".into(),
            ..Profile::default()
        }
    );
    Ok(())
}

#[test]
fn a_name_may_change_and_the_id_stays() -> Result<()> {
    let dir = tempfile::tempdir().map_err(|e| Error::from_io(&e, Path::new("tmp")))?;
    let path = dir.path().join("settings.toml");
    let text = "# mine\n[[profiles]]\nname = 'a'\nbucket = 'b' # this one\n\n[[folders]]\npath = '/x'\nprofile = 'a'\n";
    std::fs::write(&path, text).map_err(|error| Error::from_io(&error, &path))?;
    let rename = |settings: &mut Settings| {
        let renamed = Profile {
            name: "new".into(),
            ..settings.profile(Some("a"))?.clone()
        };
        settings.put_profile(renamed, Some("a"))?;
        settings.put_profile(
            Profile {
                name: "a".into(),
                bucket: "c".into(),
                ..Profile::default()
            },
            None,
        )
    };

    let (settings, _) = Settings::edit(&path, &Settings::default(), rename)?;

    let (old, new) = (
        ProfileId::named("a"),
        settings.profile(Some("a"))?.id.clone(),
    );
    assert_eq!(
        (
            settings.name_of(&old),
            settings.profile_for(&settings.folders[0])?.name.as_str()
        ),
        ("new", "new")
    );
    assert!(new != old && settings.name_of(&new) == "a");
    let passing = WatchedFolder::new("/y", settings.profile(Some("new"))?.id.to_reference());
    assert_eq!(
        settings.profile_for(&passing)?.name,
        "new",
        "whatever is called as it was called first"
    );
    assert_eq!(Settings::load(&path)?, settings);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written.contains("# mine") && written.contains("# this one"),
        "{written}"
    );
    let first = written
        .find("[[profiles]]")
        .map_or("", |from| &written[from..]);
    assert!(
        first.find("# this one") < first.rfind("[[profiles]]"),
        "it stays with its own: {written}"
    );
    Ok(())
}

#[test]
fn a_damaged_file_is_an_error_and_stays() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("settings.toml");
    for (text, code) in [
        ("profiles = 3", Code::SettingsDamaged),
        ("= what", Code::SettingsDamaged),
        ("version = 99\nprofiles = 3", Code::SettingsNewer),
        (
            "[[variants]]\nname='a'\nwidth=0\nheight=5",
            Code::VariantInvalid,
        ),
    ] {
        std::fs::write(&path, text)?;
        assert_eq!(Settings::load(&path).expect_err(text).code, code);
        assert_eq!(std::fs::read_to_string(&path)?, text);
    }
    std::fs::write(&path, [0xff, 0xfe, 0x00])?;
    assert_eq!(
        Settings::load(&path).expect_err("binary").code,
        Code::SettingsDamaged
    );
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_what_is_not_ours_stays_as_it_is() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let (path, file) = (
        dir.path().join("settings.toml"),
        dir.path().join("dotfiles.toml"),
    );
    std::fs::write(
        &file,
        "# my comment\nfuture = 1\nupload_at_once = 3\n[[profiles]]\nname = 'a'\nbucket = 'b'\nencrypt = true\n",
    )?;
    std::os::unix::fs::symlink(&file, &path)?;

    Settings::edit(&path, &Settings::default(), |settings| {
        settings.paused = true;
        Ok(())
    })
    .expect("writable");

    let text = std::fs::read_to_string(&file)?;
    assert!(
        std::fs::symlink_metadata(&path)?.is_symlink() && text.contains("paused = true"),
        "{text}"
    );
    assert!(
        text.contains("# my comment")
            && text.contains("future = 1")
            && text.contains("encrypt = true"),
        "{text}"
    );
    assert_eq!(
        Settings::unknown_fields(&path),
        ["future", "upload_at_once", "profiles.encrypt"]
    );
    Ok(())
}

#[cfg(unix)]
#[test]
fn all_that_a_change_writes_is_its_owners_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("settings.toml");

    Settings::edit(&path, &Settings::default(), |_| Ok(()))?;

    let files = std::fs::read_dir(dir.path()).expect("a folder").flatten();
    let modes: Vec<u32> = files
        .map(|file| {
            file.metadata()
                .map_or(0, |meta| meta.permissions().mode() & 0o777)
        })
        .collect();
    assert_eq!(modes, [0o600, 0o600], "the file and its lock");
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_yet_stays_a_link() -> std::io::Result<()> {
    let dir = tempfile::tempdir()?;
    let edit = |name: &str, target: &str| {
        let path = dir.path().join(name);
        std::os::unix::fs::symlink(target, &path)?;
        let edited = Settings::edit(&path, &Settings::default(), |settings| {
            settings.paused = true;
            Ok(())
        });
        std::io::Result::Ok((
            std::fs::symlink_metadata(&path)?.is_symlink(),
            edited.is_ok(),
        ))
    };

    let new = edit("new.toml", "dotfiles.toml")?;
    let away = edit("away.toml", "not-mounted/dotfiles.toml")?;

    assert_eq!((new, away), ((true, true), (true, false)));
    assert!(std::fs::read_to_string(dir.path().join("dotfiles.toml"))?.contains("paused = true"));
    Ok(())
}
