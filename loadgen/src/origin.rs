//! [`Origin`]: where a report comes from: when, by which command, and on which machine. A figure without them
//! cannot be compared with anything.

use std::fs;
use std::thread;
use std::time::SystemTime;

use nix::sys::utsname::uname;
use serde::{Deserialize, Serialize};

/// Where a report comes from. What the system does not tell is `None`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Origin {
    /// When the program began, in UTC (RFC 3339).
    pub(crate) date: String,
    /// The arguments, as for a shell, without secrets.
    pub(crate) command: String,
    pub(crate) host: Option<String>,
    /// Its name, its release and the machine.
    pub(crate) kernel: Option<String>,
    /// The processor's model, and how many of its cores this process may use.
    pub(crate) cpu: Option<String>,
    pub(crate) cpus: Option<usize>,
}

impl Origin {
    /// This machine.
    pub(crate) fn here(command: String, date: SystemTime) -> Self {
        let system = uname().ok();
        let word = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Origin {
            date: humantime::format_rfc3339_seconds(date).to_string(),
            command,
            host: system.as_ref().map(|system| word(system.nodename())),
            kernel: system.as_ref().map(|system| {
                let parts = [system.sysname(), system.release(), system.machine()];
                parts.map(word).join(" ")
            }),
            cpu: model(&about),
            cpus: thread::available_parallelism().ok().map(usize::from),
        }
    }

    /// The machine in a line.
    pub(crate) fn machine(&self) -> String {
        let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
        let cpus = self.cpus.map_or("?".to_owned(), |cpus| cpus.to_string());
        format!("{}, {}, {cpus} x {}", known(&self.host), known(&self.kernel), known(&self.cpu))
    }
}

/// The processor's model in `/proc/cpuinfo`. Not every kind of processor has one there (proc(5)).
fn model(about: &str) -> Option<String> {
    const NAMES: [&str; 4] = ["model name", "cpu model", "Model", "Hardware"];
    let value = |name: &str| {
        about.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    NAMES.into_iter().find_map(value)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_says_when_and_where_it_was_made() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let origin = Origin::here("loadgen".to_owned(), date);
        assert_eq!((&*origin.date, &*origin.command), ("2023-11-14T22:13:20Z", "loadgen"));
        let kernel = origin.kernel.as_deref().expect("uname(2) tells");
        assert!(kernel.starts_with("Linux ") && origin.cpus >= Some(1), "{kernel}");
    }

    #[test]
    fn what_the_system_does_not_tell_is_a_question_mark() {
        assert_eq!(model("processor\t: 0\nmodel name\t: A: 9\n").as_deref(), Some("A: 9"));
        assert_eq!(model("processor : 0\nModel : Board\n").as_deref(), Some("Board"));
        assert_eq!(model(""), None);
        assert_eq!(Origin::default().machine(), "?, ?, ? x ?");
    }
}
