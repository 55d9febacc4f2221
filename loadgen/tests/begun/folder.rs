//! [`Folder`]: a folder for a test's files.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

use serde_json::Value;

/// A folder that is removed when the test ends. No other test has the same.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let (id, number) = (process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(format!("loadgen-{id}-{number}-{name}"));
        fs::create_dir(&path).expect("a folder of our own");
        Folder(path)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().expect("UTF-8")
    }

    /// What a file in it says.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The same of one with JSON.
    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// The report that most tests have written.
    pub(crate) fn report(&self) -> Value {
        self.json("a.json")
    }

    /// Whether that report says that phones were not there when they were to write, or at the end: this machine was too
    /// busy.
    pub(crate) fn is_late(&self) -> bool {
        let report = self.report();
        let failures = report["failures"].as_array().map_or(&[][..], Vec::as_slice);
        let mut lines = failures.iter().filter_map(Value::as_str);
        let words = ["messages not sent", "no first frame before the run was over"];
        lines.any(|line| words.iter().any(|words| line.contains(words)))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
