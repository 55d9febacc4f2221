//! What does loadgen show on a terminal? The test holds the other end of a pseudo-terminal (pty(7)).

mod begun;

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use begun::{Begun, loadgen};
use nix::pty::{Winsize, openpty};

/// The start of a sequence that clears the whole screen (ECMA-48, ED 2).
const CLEAR: &str = "\x1b[2J";

/// Far more than a run takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Plays for a few seconds, and returns what came to the terminal. If `size` is given, the terminal gets that
/// size meanwhile.
fn shown(size: Option<&str>) -> String {
    let window = Winsize { ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    let ends = openpty(&window, None).expect("the kernel has one");
    let (mut ours, terminal) = (File::from(ends.master), File::from(ends.slave));
    let handle = |file: &File| Stdio::from(file.try_clone().expect("one more descriptor"));
    let mut command = loadgen("--clients 4 --ramp 1500ms --duration 2500ms --rate 50");
    command.stdout(Stdio::null()).stderr(handle(&terminal)).env("TERM", "xterm");
    let mut loadgen = Begun::new(command);
    let (it_has_drawn, draws) = channel();
    let reader = thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        // A terminal whose other end is closed is an error (EIO).
        while let Ok(count @ 1..) = ours.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
            if String::from_utf8_lossy(&all).contains("phones") {
                // The other end is gone once the test has heard it.
                let _ = it_has_drawn.send(());
            }
        }
        all
    });
    if let Some(size) = size {
        draws.recv_timeout(PATIENCE).expect("it draws");
        let mut command = Command::new("stty");
        let status = command.args(size.split(' ')).stdin(handle(&terminal)).status();
        assert!(status.expect("there is an stty").success());
    }
    loadgen.ends_within(PATIENCE);
    drop(terminal);
    String::from_utf8_lossy(&reader.join().expect("it only reads")).into_owned()
}

#[test]
fn a_terminal_that_is_resized_keeps_no_stale_lines_and_one_that_is_not_keeps_what_it_had() {
    let still = thread::spawn(|| shown(None));
    let resized = shown(Some("cols 60 rows 30"));
    let still = still.join().expect("it plays");
    assert!(still.contains("phones") && !still.contains(CLEAR), "{still:?}");
    assert_eq!(resized.matches(CLEAR).count(), 1, "{resized:?}");
    let (_, after) = resized.split_once(CLEAR).expect("it is there");
    assert!(after.contains("phones"), "the screen is drawn anew: {after:?}");
    assert!(
        still.contains("p50 - ms, p99 - ms, max - ms") && !still.contains("p50 0.000"),
        "{still:?}"
    );
}
