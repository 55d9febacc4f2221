//! [`Certificates`]: the flags that say whose certificates are believed, if a server is called over TLS.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use crate::target::Target;
use crate::tls::Trust;

/// The heading in the help.
pub(super) const PROTOCOL: &str = "Protocol";

/// Whose certificates are believed.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = PROTOCOL)]
pub(super) struct Certificates {
    /// wss: PEM file with certificates of authorities that are believed, beside those of this machine; several times
    #[arg(long, env = "LOADGEN_CA", value_name = "FILE")]
    ca: Vec<PathBuf>,

    /// wss: believe every certificate; the report says so
    #[arg(long, env = "LOADGEN_INSECURE", value_parser = BoolishValueParser::new())]
    insecure: bool,
}

impl Certificates {
    /// Gives the targets that are called over TLS what they need for that.
    ///
    /// # Errors
    ///
    /// One line, if a file cannot be used, or if the flags mean nothing here.
    pub(super) fn give_to<'t>(
        &self,
        targets: impl IntoIterator<Item = &'t mut Target>,
    ) -> Result<(), String> {
        if self.insecure && !self.ca.is_empty() {
            return Err("--insecure believes every certificate: leave out --ca".to_owned());
        }
        let secure: Vec<_> = targets.into_iter().filter(|target| target.is_secure).collect();
        if secure.is_empty() {
            let is_used = self.insecure || !self.ca.is_empty();
            let what = "--ca and --insecure mean something only with wss:// or https://";
            return if is_used { Err(what.to_owned()) } else { Ok(()) };
        }
        let trust = Trust::new(&self.ca, self.insecure)?;
        secure.into_iter().for_each(|target| target.trust = Some(trust.clone()));
        Ok(())
    }
}
