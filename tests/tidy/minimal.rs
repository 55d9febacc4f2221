//! The smallest server stays small: without the features `accounts`, `auth` and `web` none of their crates is built.

use std::process::Command;

use super::{between, read, root, rust_files};

/// The crates of the smallest server, all that it depends on included.
const MINIMAL: &str = "
    anstyle bitflags block-buffer bytes bytesize cfg-if chacha20 clap clap_builder clap_derive clap_lex
    const-oid cpufeatures crypto-common data-encoding digest form_urlencoded getrandom hashbrown heck
    http httparse httpdate humantime hybrid-array idna idna_adapter idna_mapping ipnet itoa libc
    listenfd log memchr mio nix percent-encoding proc-macro2 quote rand rand_core serde serde_core
    serde_derive serde_json sha1 slab smallvec socket2 strsim switchboard syn thiserror thiserror-impl
    tinyvec tungstenite typenum unicode-bidi unicode-ident unicode-joining-type unicode-normalization
    url utf8_iter utf_types zmij
";

#[test]
fn without_its_features_none_of_their_crates_is_built() {
    let mut minimal = built_with(&["--no-default-features"]);
    minimal.sort_unstable();
    minimal.dedup();
    assert_eq!(minimal, MINIMAL.split_whitespace().collect::<Vec<_>>());
    let manifest = read("Cargo.toml");
    let whole = built_with(&[]);
    for feature in ["accounts", "auth", "web"] {
        let list = between(&manifest, &format!("\n{feature} = ["), "]").expect("there is it");
        for name in list.split('"').filter_map(|part| part.strip_prefix("dep:")) {
            assert!(whole.iter().any(|one| one == name), "{name} is not built at all");
        }
    }
}

/// The most files of the server that may ask for a feature. With more of them, the two builds would become
/// two programs.
const MOST_FILES_THAT_ASK: [(&str, usize); 3] = [("accounts", 6), ("auth", 5), ("web", 1)];

#[test]
fn few_files_ask_for_a_feature() {
    for (feature, most) in MOST_FILES_THAT_ASK {
        let files = files_that_ask_for(feature);
        assert!((1..=most).contains(&files.len()), "{feature}: {files:?}");
    }
}

fn files_that_ask_for(feature: &str) -> Vec<String> {
    let condition = format!("feature = \"{feature}\"");
    rust_files()
        .into_iter()
        .filter(|file| file.path.starts_with("src/"))
        // What only tests ask for makes no other program.
        .filter(|file| !file.path.ends_with("tests.rs"))
        .filter(|file| {
            let asks = |line: &str| line.contains(&condition) && !line.contains("all(test,");
            file.code().any(asks)
        })
        .map(|file| file.path)
        .collect()
}

/// The crates of the server's binary, with these arguments to cargo.
fn built_with(arguments: &[&str]) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--package", "switchboard", "--edges", "normal"]);
    cargo.args(["--prefix", "none"]).args(arguments).current_dir(root());
    let output = cargo.output().expect("cargo runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}
