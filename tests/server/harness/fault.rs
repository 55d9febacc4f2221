//! A fault that no input can cause: the server sees a result of a system call that no kernel gives.
//!
//! ptrace(2) stops the server where its next read returns, and changes the result. The server is the
//! test's own child, which even strict systems let it trace. The register with the result has another
//! name on every processor. This one is for x86-64.

use nix::libc::SYS_recvfrom;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Server, eventually};

/// A number of bytes that is larger than any buffer.
const TOO_MANY: u64 = 1 << 40;

/// Calls `cause`, and makes the server's next read return more bytes than its buffer holds.
pub(crate) fn overstate_the_next_read(server: &Server, cause: impl FnOnce()) {
    let pid = Pid::from_raw(server.pid().try_into().expect("pids are small"));
    // If the test ends early, the server ends too.
    let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options).expect("it is our child");
    ptrace::interrupt(pid).expect("it is traced");
    wait(pid);
    cause();
    loop {
        // Runs to the beginning or the end of the next system call. At its beginning the result is ENOSYS.
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

/// Waits until the server stops.
fn wait(pid: Pid) {
    eventually("the server stops", || {
        let status = waitpid(pid, Some(WaitPidFlag::WNOHANG)).expect("it is our child");
        (status != WaitStatus::StillAlive).then_some(())
    });
}
