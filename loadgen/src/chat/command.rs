//! [`Command`]: what a typed line means. A line without a slash is a message.

use super::place::Kind;

/// What a line means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Command {
    /// Write this.
    Say(String),
    /// Write there from now on, and perhaps this at once.
    To(Goal, Option<String>),
    /// Show who is online and has this part in the name.
    Who(String),
    /// Show the conversations.
    Chats,
    /// Show this many of the last messages.
    History(u16),
    /// Show our rooms.
    Rooms,
    /// Make a room of this name.
    Create(String),
    /// Add this person to the room.
    Add(String),
    /// Remove this person from the room.
    Remove(String),
    /// Show the members of the room.
    Members,
    /// Leave the room.
    Leave,
    /// Throw away what waits to be sent.
    Discard,
    /// Connect now.
    Now,
    /// Show the help.
    Help,
    /// Clear the screen.
    Clear,
    /// Leave.
    Quit,
}

/// Where a person wants to write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Goal {
    /// To this person.
    Person(String),
    /// To the room with this name, or this id.
    Room(String),
    /// To everyone.
    Everyone,
}

/// A command: its word, its argument, what it does, and with which protocol; with both, if not given.
type Entry = (&'static str, &'static str, &'static str, Option<Kind>);

const NUMBERS: Option<Kind> = Some(Kind::Numbers);
const NAMES: Option<Kind> = Some(Kind::Names);
const COMMANDS: [Entry; 17] = [
    ("/to", "NUMBER [TEXT]", "write to this number from now on, and TEXT at once", NUMBERS),
    ("/to", "NAME [TEXT]", "write to this person from now on, and TEXT at once", NAMES),
    ("/to", "#ROOM [TEXT]", "the same in a room", NAMES),
    ("/all", "[TEXT]", "the same to everyone", NAMES),
    ("/who", "[PART]", "who is online, or of those the ones with PART in the name", None),
    ("/chats", "", "your chats, and how many messages in each are unread", None),
    ("/history", "[N]", "the last N messages of this chat", NAMES),
    ("/rooms", "", "your rooms", NAMES),
    ("/create", "NAME", "make a room", NAMES),
    ("/add", "NAME", "add a person to this room (/remove NAME: the opposite)", NAMES),
    ("/members", "", "who is in this room (/leave: leave it)", NAMES),
    ("/discard", "", "throw away what waits to be sent", None),
    ("/now", "", "connect now, without waiting", None),
    ("/clear", "", "clear the screen", None),
    ("/help", "", "this list", None),
    ("/quit", "", "leave (also Ctrl-D)", None),
    ("//", "TEXT", "a message that begins with a slash", None),
];

/// The commands of a protocol: word, argument and meaning of each.
pub(crate) fn commands(
    kind: Kind,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let all = COMMANDS.into_iter().filter(move |(.., only)| only.is_none_or(|only| only == kind));
    all.map(|(word, argument, meaning, _)| (word, argument, meaning))
}

/// The length of a number.
const DIGITS: std::ops::RangeInclusive<usize> = 10..=32;
/// How many messages `/history` shows.
const HISTORY: u16 = 20;

impl Command {
    /// Understands a line. `None`: it is empty.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one sentence.
    pub(crate) fn parse(kind: Kind, line: &str) -> Result<Option<Self>, String> {
        let line = line.trim_end();
        // Two slashes: a message that begins with one.
        let text = line.strip_prefix("//").map(|_| &line[1..]);
        if let Some(text) = text.or_else(|| (!line.starts_with('/')).then_some(line)) {
            return Ok((!text.is_empty()).then(|| Command::Say(text.to_owned())));
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let common = match word {
            "/to" => {
                let (goal, message) = match kind {
                    Kind::Numbers => number_and_rest(rest)?,
                    Kind::Names => name_and_rest(rest)?,
                };
                Command::To(goal, text(message))
            }
            "/who" => Command::Who(match kind {
                Kind::Numbers => rest.chars().filter(|&c| !is_decoration(c)).collect(),
                Kind::Names => rest.to_owned(),
            }),
            "/chats" => Command::Chats,
            "/discard" => Command::Discard,
            "/now" => Command::Now,
            "/help" | "/?" => Command::Help,
            "/clear" => Command::Clear,
            "/quit" | "/exit" => Command::Quit,
            _ => return of_names(kind, word, rest).map(Some),
        };
        Ok(Some(common))
    }
}

/// The commands that only those with a name have.
fn of_names(kind: Kind, word: &str, rest: &str) -> Result<Command, String> {
    let somebody = || match name_and_rest(rest)? {
        (Goal::Person(name), "") => Ok(name),
        _ => Err(format!("of one person, please: {word} NAME")),
    };
    Ok(match (kind, word) {
        (Kind::Names, "/all") => {
            Command::To(Goal::Everyone, (!rest.is_empty()).then(|| rest.to_owned()))
        }
        (Kind::Names, "/history") if rest.is_empty() => Command::History(HISTORY),
        (Kind::Names, "/history") => match rest.parse() {
            Ok(count @ 1..=100) => Command::History(count),
            Ok(_) | Err(_) => return Err("/history N: a number from 1 to 100".to_owned()),
        },
        (Kind::Names, "/rooms") => Command::Rooms,
        (Kind::Names, "/create") if rest.is_empty() => {
            return Err("what is the room called? /create NAME".to_owned());
        }
        (Kind::Names, "/create") => Command::Create(rest.to_owned()),
        (Kind::Names, "/add") => Command::Add(somebody()?),
        (Kind::Names, "/remove") => Command::Remove(somebody()?),
        (Kind::Names, "/members") => Command::Members,
        (Kind::Names, "/leave") => Command::Leave,
        (Kind::Names | Kind::Numbers, _) => {
            return Err(format!(
                "there is no command {word}: /help shows all. A message that begins with a slash \
                 begins with two"
            ));
        }
    })
}

/// The name of a person or a room at the start, and what stands behind it. A name with spaces stands in quotation
/// marks.
fn name_and_rest(text: &str) -> Result<(Goal, &str), String> {
    let is_room = text.starts_with('#');
    let text = text.strip_prefix('#').unwrap_or(text);
    let (name, rest) = match text.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quotation mark is missing")?,
        None => text.split_once(char::is_whitespace).unwrap_or((text, "")),
    };
    match (name, is_room) {
        ("", _) => Err("to which person or room? /to NAME, or /to #ROOM".to_owned()),
        (name, true) => Ok((Goal::Room(name.to_owned()), rest.trim_start())),
        (name, false) => Ok((Goal::Person(name.to_owned()), rest.trim_start())),
    }
}

/// Reads a number as people write it: `0087 654-321`.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn number(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|&c| !is_decoration(c)).collect();
    match digits.bytes().all(|byte| byte.is_ascii_digit()) && DIGITS.contains(&digits.len()) {
        true => Ok(digits),
        false => Err(format!("`{text}` is no number: it has 10 to 32 digits")),
    }
}

/// What people put between digits.
fn is_decoration(character: char) -> bool {
    character.is_whitespace() || "-.()/".contains(character)
}

/// The number at the start, and what stands behind it. It ends with the word that makes it long enough, because
/// a message may begin with digits, too.
fn number_and_rest(text: &str) -> Result<(Goal, &str), String> {
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    for end in ends.chain([text.len()]) {
        let start = text[..end].trim_end();
        if start.chars().any(|c| !c.is_ascii_digit() && !is_decoration(c)) {
            break;
        }
        if let Ok(number) = number(start) {
            return Ok((Goal::Person(number), text[end..].trim_start()));
        }
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    match first {
        "" => Err("to which number? /to NUMBER".to_owned()),
        _ => Err(number(first).expect_err("it was tried")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Command {
        let command = Command::parse(Kind::Numbers, line);
        command.expect("it is understood").expect("it is not empty")
    }

    fn named(line: &str) -> Command {
        let command = Command::parse(Kind::Names, line);
        command.expect("it is understood").expect("it is not empty")
    }

    fn to(who: &str, text: Option<&str>) -> Command {
        Command::To(Goal::Person(who.to_owned()), text.map(str::to_owned))
    }

    #[test]
    fn a_line_is_a_message_or_a_command() {
        assert_eq!(parse("hello "), Command::Say("hello".to_owned()));
        assert_eq!(parse("//to be"), Command::Say("/to be".to_owned()));
        assert_eq!(parse(" /to"), Command::Say(" /to".to_owned()));
        assert_eq!(parse("/who 00-87"), Command::Who("0087".to_owned()));
        assert_eq!(parse("/who"), Command::Who(String::new()));
        assert_eq!(Command::parse(Kind::Numbers, ""), Ok(None));
        assert_eq!(Command::parse(Kind::Names, "  "), Ok(None));
        for line in ["/quti", "/rooms", "/all hi"] {
            let mistake = Command::parse(Kind::Numbers, line);
            assert!(mistake.is_err_and(|why| why.contains("there is no command")), "{line}");
        }
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        for kind in [Kind::Numbers, Kind::Names] {
            for (word, argument, _) in commands(kind) {
                let argument = argument.replace("NUMBER", "0087654321").replace("[N]", "7");
                let line = format!("{word} {}", argument.trim_matches(['[', ']']));
                assert!(Command::parse(kind, &line).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn spaces_and_dashes_in_a_number_are_forgiven_and_a_text_may_begin_with_digits() {
        for (line, command) in [
            ("/to 0087654321", to("0087654321", None)),
            ("/to 0087 654 321", to("0087654321", None)),
            ("/to (0087) 654-321  hi", to("0087654321", Some("hi"))),
            ("/to 0087654321 5 apples", to("0087654321", Some("5 apples"))),
            ("/to 0087 654 321 5 apples", to("0087654321", Some("5 apples"))),
        ] {
            assert_eq!(parse(line), command, "{line}");
        }
        for line in ["/to", "/to 123", "/to ann", "/to 12345 hello 67890", "/to ٠٠٨٧٦٥٤٣٢١"]
        {
            assert!(Command::parse(Kind::Numbers, line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_person_a_room_and_everyone_are_told_apart() {
        let room = |name: &str| Command::To(Goal::Room(name.to_owned()), Some("hi".to_owned()));
        for (line, command) in [
            ("/to bob", to("bob", None)),
            ("/to bob  hi there", to("bob", Some("hi there"))),
            ("/to \"ada lovelace\" hi", to("ada lovelace", Some("hi"))),
            ("/to \"#ideas\" hi", to("#ideas", Some("hi"))),
            ("/to #ideas hi", room("ideas")),
            ("/to #\"new ideas\" hi", room("new ideas")),
            ("/all hi", Command::To(Goal::Everyone, Some("hi".to_owned()))),
            ("/all", Command::To(Goal::Everyone, None)),
            ("/history", Command::History(20)),
            ("/add \"ada lovelace\"", Command::Add("ada lovelace".to_owned())),
            ("/create New ideas", Command::Create("New ideas".to_owned())),
        ] {
            assert_eq!(named(line), command, "{line}");
        }
        for line in
            ["/to", "/to #", "/to \"bob", "/history 101", "/add #ideas", "/create", "/add a b"]
        {
            assert!(Command::parse(Kind::Names, line).is_err(), "{line}");
        }
    }
}
