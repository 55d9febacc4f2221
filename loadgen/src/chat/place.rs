//! [`Place`]: a conversation; [`Kind`]: which of the two protocols a client speaks.

/// With whose words the server is spoken to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// People are numbers, and the server keeps nothing: the protocol SCA.
    Numbers,
    /// People have names, and the server keeps their messages: `switchboard.v1`.
    Names,
}

/// A conversation. Among numbers, each is with one person.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    /// The one with this person.
    Person(String),
    /// The room with this id.
    Room(String),
    /// The one of all users.
    Everyone,
}

/// What the conversation of all users is called.
const EVERYONE: &str = "everyone";

impl Place {
    /// How the conversation is called. The name of a person that could be taken for something else stands in
    /// quotation marks, which no name may have in it. `room` is the name of a room by its id.
    pub(crate) fn label(&self, room: impl Fn(&str) -> Option<String>) -> String {
        match self {
            Place::Person(name) => quoted(name),
            Place::Room(id) => format!("#{}", quoted(&room(id).unwrap_or_else(|| id.clone()))),
            Place::Everyone => EVERYONE.to_owned(),
        }
    }
}

/// A person's name as it is shown, and may be typed.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain =
        !name.starts_with('#') && name != EVERYONE && !name.contains(char::is_whitespace);
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_person_is_called_like_a_room_or_like_everyone() {
        let label = |place: Place| place.label(|id| (id == "7").then(|| "ideas".to_owned()));
        let person = |name: &str| label(Place::Person(name.to_owned()));
        assert_eq!(label(Place::Room("7".to_owned())), "#ideas");
        assert_eq!(label(Place::Room("8".to_owned())), "#8");
        assert_eq!(label(Place::Everyone), "everyone");
        assert_eq!(person("ada"), "ada");
        assert_eq!(person("#ideas"), "\"#ideas\"");
        assert_eq!(person("everyone"), "\"everyone\"");
        assert_eq!(person("ada lovelace"), "\"ada lovelace\"");
    }
}
