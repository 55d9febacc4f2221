//! [`masked`]: an argument as it may be shown to others. Reports are kept and passed on, and so are the logs
//! of a CI job. So what may be a secret is replaced: the user and the values of the query in a URL, and the
//! value of a flag or a header that is named after a secret. Knows no flag of loadgen.

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Words in the name of a flag whose value is a secret.
const NAMES: [&str; 6] = ["token", "secret", "password", "passwd", "key", "auth"];

/// The argument without its secrets. An argument of several words is a command of the shell.
pub(crate) fn masked(argument: &str) -> String {
    match argument.contains(' ') {
        true => masked_words(argument.split(' '), |word| word),
        false => masked_word(argument),
    }
}

fn masked_word(argument: &str) -> String {
    match argument.split_once('=') {
        Some((name, _)) if is_secret_flag(name) => format!("{name}={MASK}"),
        Some((name, value)) if name.starts_with("--") => format!("{name}={}", masked_url(value)),
        _ => masked_url(argument),
    }
}

/// All arguments, as a shell would read them, without their secrets.
pub(crate) fn command_line(arguments: impl IntoIterator<Item = String>) -> String {
    masked_words(arguments, |word| quoted(&word))
}

/// The words without their secrets, each written by `write`.
fn masked_words<W: AsRef<str>>(
    words: impl IntoIterator<Item = W>,
    write: impl Fn(String) -> String,
) -> String {
    let mut is_secret = false;
    let words = words.into_iter().map(|word| {
        let word = word.as_ref();
        let shown = if is_secret { MASK.to_owned() } else { write(masked(word)) };
        is_secret = is_secret_flag(word) && !word.contains('=');
        shown
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_secret_flag(name: &str) -> bool {
    name.starts_with('-') && NAMES.iter().any(|word| name.to_lowercase().contains(word))
}

fn masked_url(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
    let user = text[start..end].rfind('@').map(|at| start + at);
    let (head, rest) = match user {
        Some(at) => (format!("{}{MASK}", &text[..start]), &text[at..]),
        None => (text[..start].to_owned(), &text[start..]),
    };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
    let Some(query) = query.filter(|query| query.contains('=')) else {
        return format!("{head}{rest}");
    };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => pair.to_owned(),
    });
    format!("{head}{place}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+~".contains(c);
    match word.is_empty() || !word.chars().all(is_plain) {
        true => format!("'{}'", word.replace('\'', r"'\''")),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left_in_an_argument_and_nothing_else_is_touched() {
        for (argument, shown) in [
            ("ws://me:pass@h:1/a", "ws://***@h:1/a"),
            ("me:pass@h:1", "***@h:1"),
            ("ws://h:1/ws?token=abc&x=1#z", "ws://h:1/ws?token=***&x=***"),
            ("--metrics=http://u:p@h/?a=b", "--metrics=http://***@h/?a=***"),
            ("--admin-token=abc", "--admin-token=***"),
            ("ws://h:1/a@b", "ws://h:1/a@b"),
            ("--expect=lost==0", "--expect=lost==0"),
            ("lost==0", "lost==0"),
            ("--persona=chatter=1", "--persona=chatter=1"),
            ("a --key b; curl u:p@h/?t=c > d", "a --key *** curl ***@h/?t=*** > d"),
            ("5s sh -c 'curl http://u:p@h'", "5s sh -c 'curl http://***@h'"),
        ] {
            assert_eq!(masked(argument), shown);
        }
    }

    #[test]
    fn a_command_line_can_be_pasted_into_a_shell() {
        let arguments = ["loadgen", "--token", "abc", "--expect", "lost<5", "--json", "it's.json"];
        let line = command_line(arguments.map(str::to_owned));
        assert_eq!(line, r"loadgen --token *** --expect 'lost<5' --json 'it'\''s.json'");
    }
}
