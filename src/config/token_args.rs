//! [`TokenArgs`]: the arguments of the tool `switchboard token`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgGroup;

use super::values::time;
use crate::auth::Algorithm;
use crate::chat::Mobile;
use crate::net::TokenTool;

/// Make a key, or a token that proves whose number it is
///
/// `--new-key` prints a private key (a JWK). What makes tokens, such as an app's own backend, keeps it.
/// `--public` prints its public part, which the server gets with --auth-key-file. A key for HS256 is one secret,
/// which both need. `--sub` prints a token (a JWT), for trying a server out.
#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(group(ArgGroup::new("what").required(true).args(["new_key", "public", "sub"])))]
pub(super) struct TokenArgs {
    /// Print a new private key
    #[arg(long)]
    new_key: bool,

    /// Algorithm of the new key
    #[arg(
        long,
        value_name = "ALGORITHM",
        default_value = "EdDSA",
        ignore_case = true,
        requires = "new_key"
    )]
    alg: AlgorithmArg,

    /// File for the new key, instead of standard output; only its owner may read it, and none is replaced
    #[arg(long, value_name = "FILE", requires = "new_key")]
    out: Option<PathBuf>,

    /// Print the public part of the keys in --key-file
    #[arg(long, requires = "key_file")]
    public: bool,

    /// File with a private key, as --new-key has made it; of a set, the first that can sign
    #[arg(long, value_name = "FILE", conflicts_with = "new_key")]
    key_file: Option<PathBuf>,

    /// Number that the token is for
    #[arg(long, value_name = "NUMBER", requires = "key_file", value_parser = number)]
    sub: Option<String>,

    /// Time for which the token is valid
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = time, requires = "sub")]
    ttl: Duration,

    /// Name of the servers that the token is for: their --auth-audience
    #[arg(long, value_name = "NAME", requires = "sub")]
    audience: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum AlgorithmArg {
    #[value(name = "HS256")]
    Hs256,
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "ES256")]
    Es256,
}

impl TokenArgs {
    /// The tool. clap sees to it that what it needs is there.
    pub(super) fn tool(self) -> TokenTool {
        let key_file = self.key_file.unwrap_or_default();
        match self.sub {
            Some(subject) => {
                TokenTool::Token { key_file, subject, ttl: self.ttl, audience: self.audience }
            }
            None if self.public => TokenTool::Public { key_file },
            None => TokenTool::NewKey {
                algorithm: match self.alg {
                    AlgorithmArg::Hs256 => Algorithm::Hs256,
                    AlgorithmArg::EdDsa => Algorithm::EdDsa,
                    AlgorithmArg::Es256 => Algorithm::Es256,
                },
                out: self.out,
            },
        }
    }
}

fn number(text: &str) -> Result<String, String> {
    Mobile::parse(text.as_bytes()).map(|_| text.to_owned()).map_err(|error| error.to_string())
}
