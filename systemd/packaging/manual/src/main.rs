//! Writes the man pages and the shell completions of all programs into a folder: `manual DIR`.
//!
//! They are made of the very definitions that read the arguments and print the help. It is a program of its own,
//! so that the others carry none of it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use clap::Command;
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;

/// For each shell the folder below `/usr/share` in which it looks.
const SHELLS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions"),
    (Shell::Zsh, "zsh/vendor-completions"),
    (Shell::Fish, "fish/vendor_completions.d"),
];

/// The programs. A page about a server is in section 8, one about a tool in section 1 (man-pages(7)).
fn programs() -> Vec<(Command, &'static str)> {
    let mut all = vec![(switchboard::config::program(), "8")];
    all.extend(loadgen::programs().map(|command| (command, "1")));
    all
}

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: manual DIR");
        return ExitCode::from(2);
    };
    match write(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Writes all of it, below this folder as below `/usr/share`.
fn write(folder: &Path) -> io::Result<()> {
    for (mut command, section) in programs() {
        // Only then a tool knows what it is called, and the flags that all tools of its kind have.
        command.build();
        let pages = folder.join("man").join(format!("man{section}"));
        fs::create_dir_all(&pages)?;
        pages_of(&command, section, &pages)?;
        for (shell, place) in SHELLS {
            let place = folder.join(place);
            fs::create_dir_all(&place)?;
            let path = generate_to(shell, &mut command.clone(), command.get_name(), &place)?;
            // Bash asks for a file with the name of the program.
            if shell == Shell::Bash {
                fs::rename(&path, place.join(command.get_name()))?;
            }
        }
    }
    Ok(())
}

/// Writes a page for a command, and one for each of those below it: `switchboard-user-add(8)`.
fn pages_of(command: &Command, section: &str, folder: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    let source = concat!("Switchboard ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone()).section(section).source(source).render(&mut page)?;
    fs::write(folder.join(format!("{name}.{section}")), page)?;
    command.get_subcommands().try_for_each(|below| pages_of(below, section, folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_has_a_place_in_the_page_and_in_the_completions() {
        let folder = env::temp_dir().join(format!("switchboard-manual-{}", std::process::id()));
        write(&folder).expect("there is room");
        let read = |path: String| fs::read_to_string(folder.join(&path)).expect(&path);
        for (command, section) in programs() {
            let name = command.get_name();
            let page = read(format!("man/man{section}/{name}.{section}"));
            let fish = read(format!("fish/vendor_completions.d/{name}.fish"));
            let bash = read(format!("bash-completion/completions/{name}"));
            let zsh = read(format!("zsh/vendor-completions/_{name}"));
            for flag in command.get_arguments().filter_map(|arg| arg.get_long()) {
                assert!(
                    page.contains(&format!("\\-\\-{}", flag.replace('-', "\\-"))),
                    "{name}: {flag}"
                );
                assert!(fish.contains(&format!("-l {flag}")), "{name}: {flag} in fish");
                assert!(bash.contains(&format!("--{flag}")), "{name}: {flag} in bash");
                assert!(zsh.contains(&format!("--{flag}")), "{name}: {flag} in zsh");
            }
            for below in command.get_subcommands() {
                read(format!("man/man{section}/{name}-{}.{section}", below.get_name()));
            }
        }
        // A tool is called with spaces, and has the flags of all tools of its kind.
        let ban = read("man/man8/switchboard-ctl-ban.8".to_owned());
        for text in ["\\fBswitchboard ctl ban\\fR", "\\-\\-until", "\\-\\-token\\-file"] {
            assert!(ban.contains(text), "{text}: {ban}");
        }
        fs::remove_dir_all(&folder).expect("it is ours");
    }
}
