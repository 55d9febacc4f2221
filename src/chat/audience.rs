//! [`Audience`]: those who are shown one list of people, in the same words. [`Watch`]: what one
//! connection wants to see of it.
//!
//! A realm says when a list has changed, and who watches it. It does not send the list: the world
//! publishes it, within a budget, at times of its own ("Presence in a screenful" on the front page),
//! and asks for it then. A connection watches one list at most.

/// Everybody who is shown the same list in the same words.
///
/// Each audience has queues of its own; all share one budget. A new one is a variant here, an arm in each
/// method of [`Chat`](super::Chat) that takes one, and its dialect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Audience {
    /// The `mobile` realm. Its list is every number online.
    Mobile,
}

impl Audience {
    /// Every one of them, in the order of [`index`](Self::index).
    pub const ALL: [Audience; 1] = [Audience::Mobile];

    /// Its place in [`ALL`](Self::ALL).
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What a connection wants to see of a list from now on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Watch {
    /// It begins to watch a list, and gives up any other.
    Begin(Audience, PresenceMode),
    /// It asks for the list that it watches, once.
    Ask,
    /// It wants to hear of changes in another form.
    Switch(PresenceMode),
    /// It watches nothing any more.
    End,
}

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
