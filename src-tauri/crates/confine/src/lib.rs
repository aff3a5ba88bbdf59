//! What a process that reads strangers' files may do of what its system lets programs do.
//!
//! | | opens connections | starts programs | writes files | reads files |
//! |---|---|---|---|---|
//! | Linux | no | no | no | fonts |
//! | macOS | no | no | no | fonts |
//! | Windows | **yes** | no | no | **all the person may** |
//!
//! On Windows only a process that was started in an app container can neither read nor connect; this
//! takes away what a process can take from itself.

use std::path::Path;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
#[path = "other.rs"]
mod system;

/// Takes from this process all that it does not need, for good; what could not be taken. To be
/// called before it has threads.
#[must_use]
pub fn this_process(own_fonts: Option<&Path>) -> Vec<String> {
    let taken = system::this_process(own_fonts);
    taken.into_iter().filter_map(Result::err).collect()
}

/// Has large pieces of memory be the system's again as soon as they are let go of. glibc keeps what
/// it once gave, for each thread anew, when pieces of a size come and go (mallopt(3), on the dynamic
/// threshold): a program then holds twice what it says it holds. Other systems do not.
pub fn give_back_large_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    system::give_back_large_memory();
}

/// Has the system refuse this process more memory than that, so that an allocation fails; macOS has
/// no such limit.
///
/// # Errors
///
/// Says in the system's words why there is none although there should be.
pub fn limit_memory(bytes: u64) -> Result<(), String> {
    system::limit_memory(bytes)
}
