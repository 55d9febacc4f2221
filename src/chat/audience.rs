//! [`Audience`]: all connections that see the same list of people, in the same encoding. [`Watch`]: what
//! one connection wants to see of the list.
//!
//! A realm says when a list has changed, and which connections watch it. It does not send the list. The
//! turn decides when to publish it, within a byte budget ("Presence in a screenful" in
//! `src/ARCHITECTURE.md`), and asks the realm for it then. A connection watches at most one list.

/// All connections that see the same list in the same encoding.
///
/// Each audience has its own queues, and all audiences share one budget. A new audience is a variant
/// here, an arm in each method of [`Chat`](super::Chat) that takes an audience, and its dialect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// The connections of the `mobile` realm. Their list holds every number online.
    Mobile,
    /// The connections of the account realm that have words for it. Their list holds the names of the users
    /// who are online, and comes with sentences about the last changes.
    Accounts,
    /// The connections of the account realm that hear changes, too. Their list holds the names of the users who
    /// are online.
    Names,
    /// The status sockets of the account realm. Their list holds all registered users, and says of each
    /// whether they are online.
    Status,
}

impl Audience {
    /// All audiences, in the order of [`index`](Self::index).
    pub const ALL: [Audience; 4] =
        [Audience::Mobile, Audience::Accounts, Audience::Names, Audience::Status];

    /// The audience's place in [`ALL`](Self::ALL), from 0.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What a connection wants to see of a list from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Watch {
    /// The connection begins to watch a list, and stops watching any other list.
    Begin(Audience, PresenceMode),
    /// The connection asks for the list that it watches, once.
    Ask,
    /// The connection wants to hear of changes in another form.
    Switch(PresenceMode),
    /// The connection stops watching its list.
    End,
}

/// In what form a connection wants to hear who is online.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PresenceMode {
    /// The whole list after every change.
    #[default]
    Full,
    /// The whole list once, then what has changed.
    Delta,
    /// Nothing, unless the client asks for the list.
    None,
}

impl PresenceMode {
    /// Parses the word for a mode, as it stands in a frame or in a request's path. `None` for any other word.
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
    fn audiences_stand_at_their_index() {
        assert!(Audience::ALL.iter().enumerate().all(|(index, of)| of.index() == index));
    }

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
