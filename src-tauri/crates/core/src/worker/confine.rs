//! What a worker may do of what this system lets a program do.
//!
//! On Linux it opens no socket, starts no program, looks into no other process and writes no file
//! (seccomp, and Landlock where the kernel has it). It may read: fonts, and pictures of
//! watermarks.

/// Takes from this process all it does not need, for good. To be called before it has threads.
pub(super) fn this_process() {
    #[cfg(target_os = "linux")]
    {
        linux::write_nothing();
        linux::call_nobody();
    }
}

/// Beyond this, allocation fails and the worker dies alone. Where the system has no such limit, the
/// watchdog is what there is.
pub(super) fn limit_memory(bytes: u64) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = rlimit::Resource::DATA.set(bytes, bytes) {
        tracing::warn!(%error, "no memory limit for decoding");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = bytes;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{
        ABI, Access as _, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
        RulesetCreatedAttr as _,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    /// All that is not reading is refused, as far as this kernel's Landlock knows it.
    pub(super) fn write_nothing() {
        let abi = ABI::V5;
        let confined = || -> Result<_, Box<dyn std::error::Error>> {
            let rules = Ruleset::default()
                .handle_access(AccessFs::from_all(abi))?
                .create()?;
            let reading = AccessFs::ReadFile | AccessFs::ReadDir;
            Ok(rules
                .add_rule(PathBeneath::new(PathFd::new("/")?, reading))?
                .restrict_self()?)
        };
        if let Err(error) = confined() {
            tracing::warn!(%error, "a worker could not be kept from writing");
        }
    }

    /// Calls that reach beyond this process are refused.
    pub(super) fn call_nobody() {
        let confined = || -> Result<(), Box<dyn std::error::Error>> {
            let filter = SeccompFilter::new(
                rules()?,
                SeccompAction::Allow,
                SeccompAction::Errno(libc::EPERM.unsigned_abs()),
                std::env::consts::ARCH.try_into()?,
            )?;
            Ok(seccompiler::apply_filter(&BpfProgram::try_from(filter)?)?)
        };
        if let Err(error) = confined() {
            tracing::warn!(%error, "a worker keeps its system calls");
        }
    }

    /// Sockets, programs, other processes, the kernel's own doors; names of files.
    const REFUSED: &[i64] = &[
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_kill,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_open_by_handle_at,
        // What Landlock does not tell apart, or an older one lets through.
        libc::SYS_unlinkat,
        libc::SYS_renameat2,
        libc::SYS_linkat,
        libc::SYS_symlinkat,
        libc::SYS_mkdirat,
        libc::SYS_mknodat,
        libc::SYS_fchmod,
        libc::SYS_fchmodat,
        libc::SYS_fchown,
        libc::SYS_fchownat,
        libc::SYS_truncate,
        libc::SYS_utimensat,
        libc::SYS_setxattr,
    ];

    /// Calls that only the older processors' kernels have; `openat2` hides its flags in memory.
    #[cfg(target_arch = "x86_64")]
    const REFUSED_HERE: &[i64] = &[
        libc::SYS_openat2,
        libc::SYS_creat,
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_unlink,
        libc::SYS_rename,
        libc::SYS_renameat,
        libc::SYS_link,
        libc::SYS_symlink,
        libc::SYS_mkdir,
        libc::SYS_rmdir,
        libc::SYS_mknod,
        libc::SYS_chmod,
        libc::SYS_chown,
        libc::SYS_lchown,
        libc::SYS_utimes,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const REFUSED_HERE: &[i64] = &[libc::SYS_openat2];

    type Rules = BTreeMap<i64, Vec<SeccompRule>>;

    fn rules() -> Result<Rules, seccompiler::BackendError> {
        let refused = REFUSED.iter().chain(REFUSED_HERE);
        let mut rules: Rules = refused.map(|call| (*call, Vec::new())).collect();
        rules.insert(libc::SYS_openat, writing(2)?);
        #[cfg(target_arch = "x86_64")]
        rules.insert(libc::SYS_open, writing(1)?);
        Ok(rules)
    }

    /// `open` for anything but reading, its flags being that argument.
    fn writing(argument: u8) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        let bits = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC];
        let rules = bits.map(|bits| {
            let bits = u64::from(bits.unsigned_abs());
            let set = SeccompCmpOp::MaskedEq(bits);
            let has = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, set, bits)?;
            SeccompRule::new(vec![has])
        });
        rules.into_iter().collect()
    }
}
