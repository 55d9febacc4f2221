//! The smallest server stays small: without the feature `accounts` none of its crates is built.

use std::process::Command;

use super::{between, read, root};

#[test]
fn without_the_feature_accounts_none_of_its_crates_is_built() {
    let manifest = read("Cargo.toml");
    let list = between(&manifest, "\naccounts = [", "]").expect("there is the feature");
    let crates: Vec<&str> = list.split('"').filter_map(|part| part.strip_prefix("dep:")).collect();
    assert!(crates.len() >= 4, "{crates:?}");
    let whole = built_with(&[]);
    let minimal = built_with(&["--no-default-features"]);
    for name in crates {
        assert!(whole.iter().any(|one| one == name), "{name} is not built at all");
        // tungstenite needs random bytes too, and names of hosts are normalised like names of users.
        let is_shared = ["getrandom", "unicode-normalization"].contains(&name);
        assert!(is_shared || !minimal.iter().any(|one| one == name), "{name} is built");
    }
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
