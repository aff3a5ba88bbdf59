//! Windows: the lowest integrity level, no program started, memory by a job object, no code that
//! others push in. What was opened before stays open: the pipes to whoever asks.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::hash::RandomState;
use std::io::Error;
use std::path::Path;

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{
    SECURITY_MANDATORY_LABEL_AUTHORITY, SID, SID_AND_ATTRIBUTES, SetTokenInformation,
    TOKEN_ADJUST_DEFAULT, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TokenIntegrityLevel,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::SystemServices::{
    SE_GROUP_INTEGRITY, SECURITY_MANDATORY_UNTRUSTED_RID,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcessToken, PROCESS_MITIGATION_POLICY, ProcessChildProcessPolicy,
    ProcessExtensionPointDisablePolicy, ProcessImageLoadPolicy, SetProcessMitigationPolicy,
};

/// The first flag of each policy is the one that refuses (`winnt.h`): children of its own, hooks of
/// other programs, libraries of other computers.
static REFUSED: u32 = 1;

pub(crate) fn this_process(_own_fonts: Option<&Path>) -> Vec<Result<(), String>> {
    // Chance comes from a device that is opened when it is first asked for.
    let _opened = RandomState::new();
    vec![
        refuse(ProcessChildProcessPolicy, "programs"),
        refuse(ProcessExtensionPointDisablePolicy, "hooks"),
        refuse(ProcessImageLoadPolicy, "libraries"),
        write_nothing(),
    ]
}

/// Beyond this, allocation fails and the process dies alone.
pub(crate) fn limit_memory(bytes: u64) -> Result<(), String> {
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    limits.BasicLimitInformation.ActiveProcessLimit = 1;
    limits.ProcessMemoryLimit = usize::try_from(bytes).unwrap_or(usize::MAX);
    // SAFETY: no attributes and no name are what null stands for.
    let job = unsafe { CreateJobObjectW(std::ptr::null(), std::ptr::null()) };
    if job.is_null() {
        return Err(last("job object"));
    }
    // SAFETY: `limits` is what this class of information is made of, and as long as is said. The
    // job lives on without its handle as long as this process is in it.
    unsafe {
        let limited = SetInformationJobObject(
            job,
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast::<c_void>(),
            size::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>(),
        ) != 0
            && AssignProcessToJobObject(job, GetCurrentProcess()) != 0;
        let limited = limited.then_some(()).ok_or_else(|| last("job object"));
        CloseHandle(job);
        limited
    }
}

fn refuse(policy: PROCESS_MITIGATION_POLICY, what: &str) -> Result<(), String> {
    // SAFETY: each of these policies is one number of flags.
    let set = unsafe {
        SetProcessMitigationPolicy(
            policy,
            (&raw const REFUSED).cast::<c_void>(),
            size_of::<u32>(),
        )
    };
    (set != 0).then_some(()).ok_or_else(|| last(what))
}

/// What has a higher integrity level than this one cannot be written, and everything has.
fn write_nothing() -> Result<(), String> {
    let mut token: HANDLE = std::ptr::null_mut();
    // SAFETY: `token` is ours to write.
    let opened = unsafe {
        OpenProcessToken(
            GetCurrentProcess(),
            TOKEN_ADJUST_DEFAULT | TOKEN_QUERY,
            &raw mut token,
        )
    };
    if opened == 0 {
        return Err(last("token"));
    }
    let lowered = lower(token);
    // SAFETY: it was opened above and is not used after this.
    unsafe { CloseHandle(token) };
    lowered
}

fn lower(token: HANDLE) -> Result<(), String> {
    let mut lowest = SID {
        Revision: 1,
        SubAuthorityCount: 1,
        IdentifierAuthority: SECURITY_MANDATORY_LABEL_AUTHORITY,
        SubAuthority: [SECURITY_MANDATORY_UNTRUSTED_RID as u32],
    };
    let label = TOKEN_MANDATORY_LABEL {
        Label: SID_AND_ATTRIBUTES {
            Sid: (&raw mut lowest).cast::<c_void>(),
            Attributes: SE_GROUP_INTEGRITY as u32,
        },
    };
    // SAFETY: the label is what this class of information is made of, and what it points at lives as
    // long as the call.
    let set = unsafe {
        SetTokenInformation(
            token,
            TokenIntegrityLevel,
            (&raw const label).cast::<c_void>(),
            size::<TOKEN_MANDATORY_LABEL>() + size::<SID>(),
        )
    };
    (set != 0)
        .then_some(())
        .ok_or_else(|| last("integrity level"))
}

const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

fn last(what: &str) -> String {
    format!("{what}: {}", Error::last_os_error())
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_beyond_the_limit_is_refused_and_no_program_started() {
        // For the whole of this process, which therefore runs this test alone.
        let refused: Vec<_> = super::this_process(None)
            .into_iter()
            .filter_map(Result::err)
            .collect();
        assert_eq!(refused, Vec::<String>::new());
        assert_eq!(super::limit_memory(64 << 20), Ok(()));
        assert!(Vec::<u8>::new().try_reserve_exact(128 << 20).is_err());
        assert!(std::process::Command::new("cmd").spawn().is_err());
        let file = std::env::temp_dir().join("tintype-confine");
        assert!(std::fs::write(file, "x").is_err());
    }
}
