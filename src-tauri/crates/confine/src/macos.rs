//! macOS: the system's own sandbox ("Seatbelt"), as browsers confine what draws their pages. Nothing
//! is allowed but what stands in the profile.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::{Path, PathBuf};

/// Where the system's fonts lie.
const FONTS: [&str; 3] = [
    "/System/Library/Fonts",
    "/Library/Fonts",
    "/Network/Library/Fonts",
];
/// Where those lie that the system loads by itself when they are asked for, among other things.
const ASKED_FOR: &str = "(literal \"/System/Library/AssetsV2\") \
                         (regex #\"^/System/Library/AssetsV2/com_apple_MobileAsset_Font\")";

pub(crate) fn this_process(own_fonts: Option<&Path>) -> Vec<Result<(), String>> {
    // What the sandbox compares is where a path leads to: it is given as that.
    let all = FONTS.into_iter().map(PathBuf::from);
    let all = all.chain(own_fonts.map(Path::to_owned));
    vec![enter(&profile(all))]
}

/// The system has none that holds for what `malloc` gives; there is the watchdog.
pub(crate) fn limit_memory(_bytes: u64) -> Result<(), String> {
    Ok(())
}

/// What is allowed: to count processors, to look at itself and end itself, to read fonts.
fn profile(fonts: impl Iterator<Item = PathBuf>) -> String {
    let folders = fonts.filter_map(|folder| {
        let quoted = folder.to_str()?.replace('\\', "\\\\").replace('"', "\\\"");
        Some(format!(" (subpath \"{quoted}\")"))
    });
    format!(
        "(version 1) (deny default) (allow sysctl-read) (allow signal (target self)) \
         (allow process-info* (target self)) (allow file-read* {ASKED_FOR}{})",
        folders.collect::<String>()
    )
}

// In libSystem, which every program here is linked with. Apple calls them deprecated since 10.8 and
// names nothing instead for a process that confines itself.
unsafe extern "C" {
    fn sandbox_init(profile: *const c_char, flags: u64, error: *mut *mut c_char) -> c_int;
    fn sandbox_free_error(error: *mut c_char);
}

fn enter(profile: &str) -> Result<(), String> {
    let profile = CString::new(profile).map_err(|error| error.to_string())?;
    let mut error = std::ptr::null_mut();
    // SAFETY: the profile ends with a zero and lives as long as the call; `error` is ours to write.
    let result = unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) };
    if result == 0 {
        return Ok(());
    }
    if error.is_null() {
        return Err("sandbox: no reason was given".into());
    }
    // SAFETY: a failed call has left a text there, which is the caller's until it is freed below.
    let why = unsafe { CStr::from_ptr(error) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: it came from `sandbox_init` and is not used after this.
    unsafe { sandbox_free_error(error) };
    Err(format!("sandbox: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_quoted_in_the_profile() {
        let fonts = [PathBuf::from("/Users/a \"b\"\\c/Library/Fonts")];
        let told = profile(fonts.into_iter());
        assert!(
            told.ends_with(r#" (subpath "/Users/a \"b\"\\c/Library/Fonts"))"#),
            "{told}"
        );
    }
}
