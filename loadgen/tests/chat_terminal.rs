//! Does `switchboard-chat` behave on a terminal? The test holds the other end of a pseudo-terminal (pty(7)), and
//! the real server runs beside it.

mod begun;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use begun::{Begun, chat, serve};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

const ANN: &str = "0012345678";
const BOB: &str = "0087654321";
/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chat on a terminal.
struct Terminal {
    program: Begun,
    keyboard: File,
    /// The end that the program has.
    inner: File,
    output: Receiver<Vec<u8>>,
    /// What came to the terminal and was not looked at yet.
    shown: Vec<u8>,
}

impl Terminal {
    /// A chat that is connected.
    fn open(args: &str) -> Self {
        let mut terminal = Terminal::start(args);
        terminal.shows("connected");
        terminal
    }

    fn start(args: &str) -> Self {
        let window = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let ends = openpty(&window, None).expect("the kernel has one");
        let (keyboard, inner) = (File::from(ends.master), File::from(ends.slave));
        let handle = || Stdio::from(inner.try_clone().expect("one more descriptor"));
        let mut command = chat(args);
        command.stdin(handle()).stdout(handle()).stderr(handle());
        command.env("TERM", "xterm").env("NO_COLOR", "1");
        let program = Begun::new(command);
        let mut screen = keyboard.try_clone().expect("one more descriptor");
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal { program, keyboard, inner, output, shown: Vec::new() }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes it");
    }

    /// Waits until this is shown. Returns all that was shown up to there, and forgets it.
    fn shows(&mut self, text: &str) -> String {
        loop {
            let at = self.shown.windows(text.len()).position(|part| part == text.as_bytes());
            if let Some(at) = at {
                let shown = self.shown.drain(..at + text.len()).collect();
                return String::from_utf8(shown).expect("the program writes UTF-8");
            }
            let bytes = self.output.recv_timeout(PATIENCE);
            let so_far = String::from_utf8_lossy(&self.shown);
            self.shown.extend(bytes.unwrap_or_else(|error| panic!("{error}: {so_far:?}")));
        }
    }

    /// Waits for its exit code.
    fn code(&mut self) -> Option<i32> {
        self.program.ends_within(PATIENCE).status.code()
    }
}

/// Somebody who writes through a pipe.
fn peer(address: &str) -> (Begun, ChildStdin) {
    let mut command = chat(&format!("{address} {BOB} --to {ANN} --stay"));
    command.stdin(Stdio::piped());
    let mut program = Begun::new(command);
    let (stdin, stdout) = program.pipes();
    // A pipe that is not read would fill up.
    thread::spawn(move || drop(std::io::copy(&mut { stdout }, &mut std::io::sink())));
    (program, stdin)
}

#[test]
fn what_comes_never_tears_the_line_being_typed() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut ann = Terminal::open(&format!("{address} {ANN}"));
    let (_bob, mut to_bob) = peer(&address);
    ann.types("half a li");
    ann.shows("> half a li");
    to_bob.write_all(b"one\n").expect("it reads");
    // The line is erased, the message takes its place, and the line is drawn again below.
    let shown = ann.shows(" 0087654321: one\r\n");
    let (_, line) = shown.rsplit_once("\r\x1b[J").expect("it is erased");
    assert_eq!(line.len(), "14:05 0087654321: one\r\n".len(), "{line:?}");
    assert_eq!(ann.shows("half a li"), "[1 unread]> half a li");
    // Tab names who wrote last.
    ann.types("\t");
    ann.shows("> /to 0087654321 half a li");
    ann.types("ne\r");
    ann.shows("you → 0087654321: half a line\r\n");
    ann.types("\x04");
    assert_eq!(ann.code(), Some(0));
}

#[test]
fn nothing_that_a_peer_sends_is_a_command_to_the_terminal() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut ann = Terminal::open(&format!("{address} {ANN}"));
    let (_bob, mut to_bob) = peer(&address);
    let bad =
        ["\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;cm0=\x07", "\x1bc", "\u{9b}2J", "\u{202e}"];
    for text in bad {
        to_bob.write_all(format!("{text}end\n").as_bytes()).expect("it reads");
        let shown = ann.shows("end\r\n");
        assert!(!shown.contains(text), "{shown:?}");
        // Only our own sequences: those of the line being typed.
        let rest = shown.replace("\r\x1b[J", "").replace("\x1b[?1004h\x1b[?2004h", "");
        let is_odd = |c: char| c.is_control() && !"\r\n".contains(c);
        assert!(!rest.contains(is_odd), "{rest:?}");
    }
    ann.types("\x03");
    assert_eq!(ann.code(), Some(0));
}

#[test]
fn it_rings_while_its_window_is_in_the_background_and_only_then() {
    let (_server, address) = serve("127.0.0.1:0");
    let mut ann = Terminal::open(&format!("{address} {ANN}"));
    let (_bob, mut to_bob) = peer(&address);
    let mut rings = |ann: &mut Terminal, text: &str| {
        to_bob.write_all(format!("{text}\n").as_bytes()).expect("it reads");
        ann.shows(text);
        ann.shows("> ").contains('\x07')
    };
    assert!(!rings(&mut ann, "one"));
    // A key behind the report shows when it has been read.
    ann.types("\x1b[Ox");
    ann.shows("> x");
    assert!(rings(&mut ann, "two"));
    ann.types("\x7f\x1b[Iy");
    ann.shows("> y");
    assert!(!rings(&mut ann, "three"));
}

#[test]
fn the_terminal_is_left_as_it_was_however_the_program_ends() {
    let (_server, address) = serve("127.0.0.1:0");
    for keys in ["\x04", "/quit\r", "signal"] {
        let mut ann = Terminal::open(&format!("{address} {ANN}"));
        let of = |terminal: &Terminal| tcgetattr(&terminal.inner).expect("a terminal");
        assert!(!of(&ann).local_flags.contains(LocalFlags::ECHO), "it is raw");
        match keys {
            "signal" => ann.program.signal(nix::sys::signal::Signal::SIGTERM),
            keys => ann.types(keys),
        }
        let code = ann.code();
        let flags = of(&ann).local_flags;
        assert!(flags.contains(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG));
        assert_eq!(code, Some(0), "{keys}");
        ann.shows("\x1b[?2004l\x1b[?1004l");
    }
}

#[test]
fn a_password_is_asked_for_and_not_shown_and_ctrl_c_leaves_the_echo_on() {
    let folder = std::env::temp_dir().join(format!("switchboard-pty-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder of our own");
    let (_server, address) = serve(&format!("127.0.0.1:0 --data {}", folder.display()));
    let mut ada = Terminal::start(&format!("{address} --name ada --register"));
    ada.shows("Password of ada: ");
    ada.types("correct horse\r");
    let shown = ada.shows("connected");
    assert!(!shown.contains("horse"), "{shown:?}");
    ada.types("/all hello\r");
    ada.shows("you → everyone: hello\r\n");
    ada.types("\x04");
    assert_eq!(ada.code(), Some(0));
    let mut ada = Terminal::start(&format!("{address} --name ada"));
    ada.shows("Password of ada: ");
    ada.types("half\x03");
    assert_eq!(ada.code(), Some(2));
    let flags = tcgetattr(&ada.inner).expect("a terminal").local_flags;
    assert!(flags.contains(LocalFlags::ECHO | LocalFlags::ISIG));
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
