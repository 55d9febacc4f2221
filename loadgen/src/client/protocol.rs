//! [`Protocol`]: which of the server's protocols phones speak. What it changes for one phone is in this
//! room: its door, its first word, how it puts things and what it understands.

/// Which protocol.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Protocol {
    /// Numbers that see each other in lists.
    #[default]
    Sca,
    /// Sessions that know each other by invitation, each on one device or several.
    Session,
}

impl Protocol {
    /// The word for it, on the command line and in the report.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Protocol::Sca => "sca",
            Protocol::Session => "session",
        }
    }

    /// Its name in a sentence.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Protocol::Sca => "SCA",
            Protocol::Session => "Session Messenger",
        }
    }
}
