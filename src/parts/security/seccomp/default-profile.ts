import type { OciSyscallArgument } from './oci-seccomp.ts';
import type { ProfileRule, SeccompProfile } from './profile.ts';

const EPERM = 1;
const ENOSYS = 38;
const AF_VSOCK = 40n;

/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of `clone` (linux/sched.h). */
const NEW_NAMESPACES = 0x0002_0000n | 0x0200_0000n | 0x0400_0000n | 0x0800_0000n | 0x1000_0000n | 0x2000_0000n | 0x4000_0000n;

/** Linux, with UNAME26 or not, with 32-bit addresses or not; and the question which one it is (linux/personality.h). */
const HARMLESS_PERSONALITIES: readonly bigint[] = [0x0n, 0x8n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn];

/** System calls that any container may make, by what they are for. */
const ALWAYS = {
  files: `
    access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fadvise64_64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64
    fdatasync flock fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents
    getdents64 ioctl lchown lchown32 link linkat _llseek lseek lstat lstat64 mkdir mkdirat mknod mknodat
    name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read
    readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile sendfile64 splice stat stat64 statfs
    statfs64 statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime
    utimensat utimensat_time64 utimes vmsplice write writev`,
  attributesAndMounts: `
    fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr
    lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat listmount statmount`,
  watching: `
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch _newselect poll ppoll
    ppoll_time64 pselect6 pselect6_time64 select`,
  asynchronous: `io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit`,
  memory: `
    brk cachestat madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap
    mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect process_mrelease
    remap_file_pages`,
  processes: `
    capget capset execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getpgid getpgrp getpid
    getppid getpriority getrlimit getrusage getsid gettid ioprio_get ioprio_set kill pause pidfd_open
    pidfd_send_signal prctl prlimit64 restart_syscall rseq set_robust_list set_thread_area set_tid_address setpgid
    setpriority setrlimit setsid tgkill tkill ugetrlimit uretprobe vfork wait4 waitid waitpid`,
  scheduling: `
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield`,
  identities: `
    getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid getresgid32 getresuid
    getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32
    setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`,
  signals: `
    rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaltstack signalfd signalfd4 sigprocmask sigreturn`,
  locks: `futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake`,
  time: `
    adjtimex alarm clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
    timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime
    timerfd_gettime64 timerfd_settime timerfd_settime64 times`,
  sockets: `
    accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64
    recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair`,
  messages: `
    ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget`,
  machine: `getrandom riscv_hwprobe sysinfo uname`,
  confinement: `landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp`,
} as const;

/** What a capability opens beyond that: the kernel would refuse the call without it, so the filter may as well. */
const WITH_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_SYS_ADMIN: `
    bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname
    sethostname setns syslog umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module init_module finit_module',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYSLOG: 'syslog',
  CAP_BPF: 'bpf',
  CAP_PERFMON: 'perf_event_open',
};

const WITH_ARCHITECTURE: readonly { readonly arches: readonly string[]; readonly names: string }[] = [
  { arches: ['ppc64le'], names: 'sync_file_range2 swapcontext' },
  { arches: ['arm', 'arm64'], names: 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls' },
  { arches: ['amd64', 'x32'], names: 'arch_prctl' },
  { arches: ['amd64', 'x32', 'x86'], names: 'modify_ldt' },
  { arches: ['s390', 's390x'], names: 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr' },
  { arches: ['riscv64'], names: 'riscv_flush_icache' },
];

/** `clone` takes its flags second on these. */
const CLONE_FLAGS_SECOND: readonly string[] = ['s390', 's390x'];

/**
 * The filter of a container that was given none. It refuses with EPERM whatever is not listed, and agrees with the
 * default profile of Docker 28 in every system call, for every set of capabilities.
 */
export const DEFAULT_PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: EPERM,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] },
    { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: [] },
  ],
  syscalls: [
    allow(Object.values(ALWAYS).join(' ')),
    // Before 4.8 a tracer could step around the filter.
    { ...allow('process_vm_readv process_vm_writev ptrace'), includes: { minKernel: [4, 8] } },
    // VSOCK reaches the hypervisor's other guests, past every network namespace.
    allow('socket', { index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }),
    ...HARMLESS_PERSONALITIES.map((value) => allow('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
    ...WITH_ARCHITECTURE.map(({ arches, names }) => ({ ...allow(names), includes: { arches } })),
    ...Object.entries(WITH_CAPABILITY).map(([cap, names]) => ({ ...allow(names), includes: { caps: [cap] } })),
    { ...allow('clone', noNewNamespaces(0)), excludes: { caps: ['CAP_SYS_ADMIN'], arches: CLONE_FLAGS_SECOND } },
    { ...allow('clone', noNewNamespaces(1)), includes: { arches: CLONE_FLAGS_SECOND }, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    // Its flags lie in memory, out of a filter's sight: "no such call" makes the C library fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, excludes: { caps: ['CAP_SYS_ADMIN'] } },
  ],
};

function allow(names: string, ...args: OciSyscallArgument[]): ProfileRule {
  return { names: names.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW', args };
}

function noNewNamespaces(index: number): OciSyscallArgument {
  return { index, value: NEW_NAMESPACES, valueTwo: 0n, op: 'SCMP_CMP_MASKED_EQ' };
}
