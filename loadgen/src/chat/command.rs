//! [`Command`]: what a typed line means. A line without a slash is a message.

/// What a line means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Command {
    /// Write this.
    Say(String),
    /// Write to this person from now on, and perhaps this at once.
    To(String, Option<String>),
    /// Show who is online and has this part in the name.
    Who(String),
    /// Show the conversations.
    Chats,
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

/// Every command: its word, its argument, and what it does.
pub(crate) const COMMANDS: [(&str, &str, &str); 8] = [
    ("/to", "NUMBER [TEXT]", "write to this number from now on, and TEXT at once"),
    ("/who", "[DIGITS]", "who is online, of all or of those with these digits"),
    ("/chats", "", "your chats, and how many messages in each are unread"),
    ("/discard", "", "throw away what waits to be sent"),
    ("/now", "", "connect now, without waiting"),
    ("/clear", "", "clear the screen"),
    ("/help", "", "this list"),
    ("/quit", "", "leave (also Ctrl-D)"),
];

/// The length of a number.
const DIGITS: std::ops::RangeInclusive<usize> = 10..=32;

impl Command {
    /// Understands a line. `None`: it is empty.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one sentence.
    pub(crate) fn parse(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim_end();
        // Two slashes: a message that begins with one.
        let text = line.strip_prefix("//").map(|_| &line[1..]);
        if let Some(text) = text.or_else(|| (!line.starts_with('/')).then_some(line)) {
            return Ok((!text.is_empty()).then(|| Command::Say(text.to_owned())));
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let command = match word {
            "/to" => {
                let (to, text) = number_and_rest(rest)?;
                Command::To(to, (!text.is_empty()).then(|| text.to_owned()))
            }
            "/who" => Command::Who(rest.chars().filter(|&c| !is_decoration(c)).collect()),
            "/chats" => Command::Chats,
            "/discard" => Command::Discard,
            "/now" => Command::Now,
            "/help" | "/?" => Command::Help,
            "/clear" => Command::Clear,
            "/quit" | "/exit" => Command::Quit,
            _ => {
                return Err(format!(
                    "there is no command {word}: /help shows all. A message that begins with a slash \
                     begins with two"
                ));
            }
        };
        Ok(Some(command))
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
fn number_and_rest(text: &str) -> Result<(String, &str), String> {
    let ends = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    for end in ends.chain([text.len()]) {
        let start = text[..end].trim_end();
        if start.chars().any(|c| !c.is_ascii_digit() && !is_decoration(c)) {
            break;
        }
        if let Ok(number) = number(start) {
            return Ok((number, text[end..].trim_start()));
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
        Command::parse(line).expect("it is understood").expect("it is not empty")
    }

    fn to(who: &str, text: Option<&str>) -> Command {
        Command::To(who.to_owned(), text.map(str::to_owned))
    }

    #[test]
    fn a_line_is_a_message_or_a_command() {
        assert_eq!(parse("hello "), Command::Say("hello".to_owned()));
        assert_eq!(parse("//to be"), Command::Say("/to be".to_owned()));
        assert_eq!(parse(" /to"), Command::Say(" /to".to_owned()));
        assert_eq!(parse("/who 00-87"), Command::Who("0087".to_owned()));
        assert_eq!(parse("/who"), Command::Who(String::new()));
        assert_eq!(Command::parse(""), Ok(None));
        assert_eq!(Command::parse("  "), Ok(None));
        for (word, argument, _) in COMMANDS {
            let argument = if argument.starts_with("NUMBER") { "0087654321" } else { "" };
            assert!(Command::parse(&format!("{word} {argument}")).is_ok(), "{word}");
        }
        assert!(Command::parse("/quti").is_err_and(|line| line.contains("no command /quti")));
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
            assert!(Command::parse(line).is_err(), "{line}");
        }
    }
}
