//! [`read`]: a small text file of the operator's, which may be read while the server runs.
//!
//! A wrong path must never hang the thread that reads it, or fill the memory. So a pipe, a device and a folder
//! are refused, and no more is read than a file of its kind may have.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

/// Reads the text in a file of at most `most` bytes. A mark at its beginning (U+FEFF), which some editors write, is left
/// out.
///
/// # Errors
///
/// Why it cannot be used: a few words that name neither the file nor its content.
pub(super) fn read(path: &Path, most: u64) -> Result<String, String> {
    // Without O_NONBLOCK, open(2) of a pipe would wait until a process opens it for writing.
    let open = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    let file = open.map_err(|error| error.to_string())?;
    let metadata = file.metadata().map_err(|error| error.to_string())?;
    if metadata.is_dir() {
        return Err("it is a folder; name a file".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is a pipe or a device; name a file, which can be read again".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!("it has more than {most} bytes, the most that are read"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    if text.contains('\0') {
        return Err("it is not a text: it has a NUL character".to_owned());
    }
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_what_is_no_text_file_is_refused() {
        let path = env::temp_dir().join(format!("switchboard-text-{}", process::id()));
        let read_with = |content: &[u8]| {
            fs::write(&path, content).expect("it is ours");
            read(&path, 8)
        };
        assert_eq!(read_with(b"12345678").as_deref(), Ok("12345678"));
        assert_eq!(read_with("\u{feff}five".as_bytes()).as_deref(), Ok("five"));
        for (content, why) in
            [(&b"123456789"[..], "more than 8 bytes"), (b"\xff\xfe", "not UTF-8"), (b"a\0b", "NUL")]
        {
            let error = read_with(content).expect_err("wrong");
            assert!(error.contains(why), "{error}");
        }
        fs::remove_file(&path).expect("it is ours");
        assert!(read(&path, 8).is_err_and(|error| error.contains("No such file")));
        mkfifo(&path, Mode::S_IRWXU).expect("it is ours");
        assert!(read(&path, 8).is_err_and(|error| error.contains("a pipe")));
        fs::remove_file(&path).expect("it is ours");
        assert!(read(&env::temp_dir(), 8).is_err_and(|error| error.contains("a folder")));
        assert!(read("/dev/zero".as_ref(), 8).is_err_and(|error| error.contains("a device")));
    }
}
