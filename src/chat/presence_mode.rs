//! [`PresenceMode`]: how a connection wants to hear who is online, in whatever realm it is.

/// How a connection wants to hear who is online.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PresenceMode {
    /// The whole list after every change.
    #[default]
    Full,
    /// The whole list once, then what has changed.
    Delta,
    /// Nothing unless asked.
    None,
}

impl PresenceMode {
    /// Understands the word that means a mode, in a frame as in an address; None for any other.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "full" => Some(PresenceMode::Full),
            "delta" => Some(PresenceMode::Delta),
            "none" => Some(PresenceMode::None),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_one_of_three_words() {
        assert_eq!(PresenceMode::parse("full"), Some(PresenceMode::Full));
        assert_eq!(PresenceMode::parse("delta"), Some(PresenceMode::Delta));
        assert_eq!(PresenceMode::parse("none"), Some(PresenceMode::None));
        for word in ["", "Full", "full ", "all"] {
            assert_eq!(PresenceMode::parse(word), None);
        }
    }
}
