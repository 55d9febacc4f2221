//! A kernel that lies, for what no input brings about: the server is made to see a result that no
//! kernel gives.
//!
//! ptrace(2) stops the server where its next read returns, and changes what that returned. It is the
//! test's own child, which even strict systems let it trace. The registers that hold a result have other
//! names on every processor; these are x86-64's.

use nix::libc::SYS_recvfrom;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Server, eventually};

/// More bytes than any buffer has.
const TOO_MANY: u64 = 1 << 40;

/// Makes `cause` happen, and lets the server believe that the read which follows took in more than
/// its buffer holds.
pub(crate) fn overstate_the_next_read(server: &Server, cause: impl FnOnce()) {
    let pid = Pid::from_raw(server.pid().try_into().expect("pids are small"));
    // Should the test end early, the server does too.
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).expect("it is our child");
    ptrace::interrupt(pid).expect("it is traced");
    wait(pid);
    cause();
    loop {
        // Runs to where the next system call begins or ends. While it runs, its result reads ENOSYS.
        ptrace::syscall(pid, None).expect("it is stopped");
        wait(pid);
        let mut registers = ptrace::getregs(pid).expect("it is stopped");
        let is_read = registers.orig_rax == SYS_recvfrom as u64;
        if is_read && (registers.rax as i64) > 0 {
            registers.rax = TOO_MANY;
            ptrace::setregs(pid, registers).expect("it is stopped");
            return ptrace::detach(pid, None).expect("it is stopped");
        }
    }
}

/// Waits until it stops.
fn wait(pid: Pid) {
    eventually("the server stops", || {
        let status = waitpid(pid, Some(WaitPidFlag::WNOHANG)).expect("it is our child");
        (status != WaitStatus::StillAlive).then_some(())
    });
}
