//! [`IdentityArgs`]: the flags about which realms are open, and what proves who a client is.

use std::path::PathBuf;

use super::headings::NETWORK;
use super::mistakes::Mistakes;
use crate::session::OpenRealms;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = NETWORK)]
pub(super) struct IdentityArgs {
    /// Realms that are open [default: all that there are]
    ///
    /// mobile is for phones with a number, session for ids that only friends know, account for names and passwords
    /// (it needs a folder for data). At the addresses of the others there is nothing: 404.
    #[arg(
        long,
        env = "SWITCHBOARD_REALMS",
        value_name = "REALM",
        value_delimiter = ',',
        ignore_case = true
    )]
    realms: Vec<RealmArg>,

    /// File with keys (JWK or JWK Set); a number then needs a token (JWT) that one of them has signed
    ///
    /// Without it numbers are not verified. Keys are for HS256, EdDSA (Ed25519) or ES256. `switchboard token` makes keys
    /// and tokens.
    #[arg(long, env = "SWITCHBOARD_AUTH_KEY_FILE", value_name = "FILE")]
    pub(super) auth_key_file: Option<PathBuf>,

    /// Name that tokens must have in aud; without it, a token must have no aud
    #[arg(long, env = "SWITCHBOARD_AUTH_AUDIENCE", value_name = "NAME")]
    pub(super) auth_audience: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum RealmArg {
    Mobile,
    Session,
    Account,
}

impl IdentityArgs {
    /// The realms that are open. What is wrong with these flags is added to the mistakes, and what helps nobody to
    /// the warnings.
    pub(super) fn open_realms(
        &self,
        has_data: bool,
        mistakes: &mut Mistakes,
        warnings: &mut Vec<String>,
    ) -> OpenRealms {
        mistakes.refuse(
            self.realms.contains(&RealmArg::Account) && !has_data,
            ["--realms", "--data"],
            "the account realm needs a folder for its users; give one, or leave account out",
        );
        mistakes.refuse(
            self.auth_audience.is_some() && self.auth_key_file.is_none(),
            ["--auth-audience", "--auth-key-file"],
            "without keys no token is looked at; give both, or neither",
        );
        if self.realms.is_empty() {
            return OpenRealms::ALL;
        }
        let has = |realm| self.realms.contains(&realm);
        let open = OpenRealms {
            mobile: has(RealmArg::Mobile),
            messenger: has(RealmArg::Session),
            account: has(RealmArg::Account),
        };
        if has_data && !open.account {
            warnings.push("--data is not opened: --realms leaves account out".to_owned());
        }
        if self.auth_key_file.is_some() && !open.mobile {
            warnings.push("--auth-key-file is for nobody: --realms leaves mobile out".to_owned());
        }
        open
    }
}
