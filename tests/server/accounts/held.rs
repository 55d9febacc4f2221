//! [`HeldStore`]: the store's thread, stopped while the rest of the server runs.
//!
//! ptrace(2) stops one thread of the server. A disk that hangs looks the same to the loop. Nothing else
//! makes the store slow at a moment that a test chooses, and for as long as the test wants.

use std::fs;

use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::harness::{Server, eventually};

/// The stopped thread. It runs again when this is released or dropped, by the thread that has stopped it.
pub(super) struct HeldStore(Pid);

impl HeldStore {
    /// Stops the store of a server. All jobs that it is given from now on wait.
    pub(super) fn of(server: &Server) -> HeldStore {
        // A thread names itself. One that has not run yet is still called as its process is.
        let store = eventually("the store's thread", || {
            let threads = fs::read_dir(format!("/proc/{}/task", server.pid())).expect("it runs");
            threads.flatten().find(|thread| {
                fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "store\n")
            })
        });
        let name = store.file_name();
        let id = name.to_str().and_then(|id| id.parse().ok()).expect("threads have numbers");
        let thread = Pid::from_raw(id);
        // If the test ends early, the server ends too.
        ptrace::seize(thread, Options::PTRACE_O_EXITKILL).expect("it is our child's");
        ptrace::interrupt(thread).expect("it is traced");
        // A thread that no fork(2) has made is waited for with this flag only (wait(2)).
        waitpid(thread, Some(WaitPidFlag::__WALL)).expect("it stops");
        HeldStore(thread)
    }

    /// Lets the store go on.
    pub(super) fn release(self) {}
}

impl Drop for HeldStore {
    fn drop(&mut self) {
        // After a test that has failed the server may be gone.
        let _ = ptrace::detach(self.0, None);
    }
}
