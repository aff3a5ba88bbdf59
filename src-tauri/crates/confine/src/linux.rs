//! Linux: seccomp, and Landlock where the kernel has it. No socket is opened, no program started, no
//! other process looked into, no file written and none read but fonts.

use std::collections::BTreeMap;
use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// All of it, one after the other.
pub(crate) fn this_process(own_fonts: Option<&Path>) -> Vec<Result<(), String>> {
    vec![
        leave_the_terminal(),
        read_only_fonts(own_fonts),
        call_nobody(),
    ]
}

/// Beyond this, allocation fails and the process dies alone.
pub(crate) fn limit_memory(bytes: u64) -> Result<(), String> {
    rlimit::Resource::DATA
        .set(bytes, bytes)
        .map_err(|error| error.to_string())
}

#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "glibc's own door, and no crate that has it")]
pub(crate) fn give_back_large_memory() {
    /// Files and pictures, but not what requests and rows are made of.
    const LARGE: libc::c_int = 256 << 10;
    // SAFETY: a number for the allocator, which may be set at any time. It refuses only numbers
    // that are too large, and then all is as it was.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

/// What is typed at the person's terminal is not for a worker to read, and nothing for it to
/// type.
fn leave_the_terminal() -> Result<(), String> {
    rustix::process::setsid()
        .map(|_| ())
        .map_err(|error| format!("its terminal: {error}"))
}

/// Where fonts lie, and what says where.
const FONTS: [&str; 6] = [
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/fontconfig",
    "/etc/fonts",
    "/run/host/fonts",
    "/run/current-system/sw/share/X11/fonts",
];

/// All but reading fonts is refused, as far as this kernel's Landlock knows it.
fn read_only_fonts(own: Option<&Path>) -> Result<(), String> {
    let abi = ABI::V6;
    let confined = || -> Result<_, Box<dyn std::error::Error>> {
        let rules = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?;
        let reading = AccessFs::ReadFile | AccessFs::ReadDir;
        // Those that there are.
        let folders = FONTS.into_iter().map(Path::new).chain(own);
        let found = folders.filter_map(|folder| PathFd::new(folder).ok());
        let allowed = found.map(|folder| Ok(PathBeneath::new(folder, reading)));
        Ok(rules
            .add_rules(allowed.map(|rule: Result<_, landlock::RulesetError>| rule))?
            .restrict_self()?)
    };
    confined()
        .map(|_| ())
        .map_err(|error| format!("files: {error}"))
}

/// Calls that reach beyond this process are refused.
fn call_nobody() -> Result<(), String> {
    let confined = || -> Result<(), Box<dyn std::error::Error>> {
        // As a kernel without it would: then threads are made by `clone`, whose flags a filter
        // can read.
        let unknown = Rules::from([(libc::SYS_clone3, Vec::new())]);
        seccompiler::apply_filter(&filter(unknown, libc::ENOSYS)?)?;
        seccompiler::apply_filter(&filter(rules()?, libc::EPERM)?)?;
        #[cfg(target_arch = "x86_64")]
        seccompiler::apply_filter(&no_other_numbers())?;
        Ok(())
    };
    confined().map_err(|error| format!("system calls: {error}"))
}

fn filter(rules: Rules, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(errno.unsigned_abs()),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// The x32 calls have numbers of their own for everything, beginning there.
#[cfg(target_arch = "x86_64")]
fn no_other_numbers() -> BpfProgram {
    const X32: u32 = 0x4000_0000;
    let step = |code, jt, jf, k| seccompiler::sock_filter { code, jt, jf, k };
    let code = |code: u32| u16::try_from(code).unwrap_or_default();
    vec![
        step(code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS), 0, 0, 0),
        step(code(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K), 0, 1, X32),
        step(
            code(libc::BPF_RET | libc::BPF_K),
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::EPERM.unsigned_abs(),
        ),
        step(
            code(libc::BPF_RET | libc::BPF_K),
            0,
            0,
            libc::SECCOMP_RET_ALLOW,
        ),
    ]
}

/// The same number on every processor; newer than the names that are known here.
const FCHMODAT2: i64 = 452;
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;

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
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
    // Memory and messages that others of the same person share.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_mq_open,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
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
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    FCHMODAT2,
    SETXATTRAT,
    REMOVEXATTRAT,
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
    libc::SYS_utime,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[libc::SYS_openat2, libc::SYS_renameat];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;
type Made<T> = Result<T, seccompiler::BackendError>;

fn rules() -> Made<Rules> {
    let refused = REFUSED.iter().chain(REFUSED_HERE);
    let mut rules: Rules = refused.map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_openat, writing(2)?);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, writing(1)?);
    // A process of its own would outlive it.
    let thread = number(libc::CLONE_THREAD);
    rules.insert(
        libc::SYS_clone,
        vec![when(0, SeccompCmpOp::MaskedEq(thread), 0)?],
    );
    // Who gives up calls `abort`, which signals itself.
    let own = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Ne, own)?]);
    rules.insert(libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Ne, 0)?]);
    let signals = [libc::F_SETOWN, F_SETSIG, F_SETOWN_EX].map(number);
    rules.insert(libc::SYS_fcntl, any_of(1, &signals)?);
    let typing = [libc::TIOCSTI, libc::TIOCLINUX];
    rules.insert(libc::SYS_ioctl, any_of(1, &typing)?);
    Ok(rules)
}

/// Who is signalled when a descriptor is ready, and how; of `fcntl`.
const F_SETSIG: i32 = 10;
const F_SETOWN_EX: i32 = 15;

fn number(flag: i32) -> u64 {
    u64::from(flag.unsigned_abs())
}

/// `open` for anything but reading, its flags being that argument.
fn writing(argument: u8) -> Made<Vec<SeccompRule>> {
    let bits = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC];
    let rules = bits.map(number).map(|bits| {
        let set = SeccompCmpOp::MaskedEq(bits);
        when(argument, set, bits)
    });
    rules.into_iter().collect()
}

fn any_of(argument: u8, values: &[u64]) -> Made<Vec<SeccompRule>> {
    let rules = values
        .iter()
        .map(|value| when(argument, SeccompCmpOp::Eq, *value));
    rules.collect()
}

fn when(argument: u8, is: SeccompCmpOp, value: u64) -> Made<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, is, value)?;
    SeccompRule::new(vec![condition])
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_worker_reads_fonts_and_thinks_and_nothing_else() {
        let folder = tempfile::tempdir().expect("folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        let font = folder.path().join("fonts/a.ttf");
        std::fs::write(&old, "before").expect("written");
        std::fs::create_dir(folder.path().join("fonts")).expect("made");
        std::fs::write(&font, "letters").expect("written");

        // What is taken from a thread is taken from it and its own threads alone.
        let confined = std::thread::spawn(move || {
            let fonts = old.parent().map(|own| own.join("fonts"));
            super::read_only_fonts(fonts.as_deref()).expect("Landlock");
            super::call_nobody().expect("seccomp");
            let read = std::fs::read(&font).is_ok();
            let thought = std::thread::spawn(|| 1).join().is_ok();
            let anybody = std::fs::Permissions::from_mode(0o777);
            let parent = rustix::process::getppid();
            let refused = [
                ("another's file", std::fs::read(&old).is_err()),
                ("a socket", TcpListener::bind("127.0.0.1:0").is_err()),
                (
                    "a program",
                    std::process::Command::new("true").status().is_err(),
                ),
                ("a new file", std::fs::write(&new, "x").is_err()),
                ("an old file", std::fs::write(&old, "x").is_err()),
                ("a name", std::fs::rename(&old, &new).is_err()),
                ("an end", std::fs::remove_file(&old).is_err()),
                ("rights", std::fs::set_permissions(&old, anybody).is_err()),
                (
                    "another process",
                    parent.is_none_or(|parent| rustix::process::test_kill_process(parent).is_err()),
                ),
            ];
            let allowed = refused.iter().find(|(_, refused)| !refused);
            (read, thought, allowed.map(|(what, _)| *what))
        });

        assert_eq!(confined.join().expect("no panic"), (true, true, None));
    }
}
