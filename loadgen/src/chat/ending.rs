//! [`Ending`]: how a connection ended, in words that a person understands, and whether to come back.
//!
//! The tables are those of `src/dialects/CLIENTS.md`. Knows no backoff: it only says what the server asked for.

use std::time::Duration;

use super::clean::Clean;
use crate::client::hint;

/// How a connection, or an attempt to get one, ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The server closed it.
    Closed {
        /// The code in its close frame.
        code: Option<u16>,
        /// The reason beside the code.
        reason: String,
    },
    /// The server refused the upgrade, with an HTTP status.
    Refused {
        /// The status.
        status: u16,
        /// What `Retry-After` says.
        retry_after: Duration,
        /// The sentence in the body, or nothing.
        detail: String,
    },
    /// The connection failed, or ended without a close frame.
    Lost,
    /// Nothing came from the server for too long.
    Silent,
    /// There was no connection, for this reason.
    Unreachable(String),
    /// What answers is no chat server.
    NotOurs(&'static str),
}

/// What a client does after an ending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// Come back, but not before this time has passed.
    ComeBack(Duration),
    /// Do not come back without being asked.
    Stop,
}

/// The wait after a client has sent too much.
const AFTER_TOO_MUCH: Duration = Duration::from_secs(60);

impl Ending {
    /// Whether to come back.
    pub(crate) fn advice(&self) -> Advice {
        match self {
            Ending::Closed { code, reason } => match code.unwrap_or(1005) {
                1002 | 1003 | 1007 | 1009 | 4000.. => Advice::Stop,
                1008 => Advice::ComeBack(AFTER_TOO_MUCH),
                1001 => Advice::ComeBack(hint(reason).1.unwrap_or_default()),
                _ => Advice::ComeBack(Duration::ZERO),
            },
            Ending::Refused { status: 408 | 429 | 500 | 502..=504, retry_after, .. } => {
                Advice::ComeBack(*retry_after)
            }
            Ending::Refused { .. } => Advice::Stop,
            Ending::Lost | Ending::Silent | Ending::Unreachable(_) | Ending::NotOurs(_) => {
                Advice::ComeBack(Duration::ZERO)
            }
        }
    }

    /// The code of the close frame, or the HTTP status.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Ending::Closed { code, .. } => *code,
            Ending::Refused { status, .. } => Some(*status),
            Ending::Lost | Ending::Silent | Ending::Unreachable(_) | Ending::NotOurs(_) => None,
        }
    }

    /// One sentence, without a full stop.
    pub(crate) fn sentence(&self) -> Clean {
        match self {
            Ending::Closed { code: Some(code), reason } => closed(*code, hint(reason).0),
            Ending::Closed { code: None, .. } => Clean::line("the server closed the connection"),
            Ending::Refused { status, detail, .. } => refused(*status, detail),
            Ending::Lost => Clean::line("the connection was lost"),
            Ending::Silent => Clean::line("the server does not answer any more"),
            Ending::Unreachable(why) => Clean::line(why),
            Ending::NotOurs(why) => Clean::of(format_args!("no chat server answers there: {why}")),
        }
    }
}

fn closed(code: u16, reason: &str) -> Clean {
    let words = match code {
        1001 if reason.contains("silent") || reason.contains("nothing") => {
            "the server heard nothing from here for too long, and closed the connection"
        }
        1001 => "the server is shutting down or restarting",
        1008 => "the server closed the connection, because too much was sent",
        1011 => "something failed in the server",
        1013 => "the server is too busy",
        4000 => "you have signed in somewhere else, and the newer connection has taken over",
        4001 => "your login or token is not valid, or has ended: sign in again",
        4003 => "you are banned from this server",
        4005 => "the operator of the server has sent you away",
        4008 => "you have too many connections open: close one of them first",
        _ => return with("the server closed the connection", code, reason),
    };
    match code {
        // The operator's own words.
        4003 | 4005 if !reason.is_empty() => Clean::of(format_args!("{words}: {reason}")),
        _ => Clean::line(words),
    }
}

fn refused(status: u16, detail: &str) -> Clean {
    let words = match status {
        401 if detail.contains("token") => "the server does not let you in without a valid token",
        401 => "the server does not let you in: the name or the password is wrong",
        403 => "the server does not let you in",
        404 => "there is no chat at this address",
        429 => "too many attempts, or your number changes hands too often",
        500 | 502 | 504 => "the proxy does not reach the server",
        503 => "the server is full or restarting",
        _ => "the server refused the connection",
    };
    with(words, status, detail)
}

/// The words, the number, and what the server says itself.
fn with(words: &str, number: u16, said: &str) -> Clean {
    match said {
        "" => Clean::of(format_args!("{words} ({number})")),
        said => Clean::of(format_args!("{words} ({number}: {said})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(code: u16, reason: &str) -> Ending {
        Ending::Closed { code: Some(code), reason: reason.to_owned() }
    }

    fn refuse(status: u16, seconds: u64, detail: &str) -> Ending {
        let retry_after = Duration::from_secs(seconds);
        Ending::Refused { status, retry_after, detail: detail.to_owned() }
    }

    #[test]
    fn a_person_reads_why_in_words() {
        for (ending, words) in [
            (close(4000, "replaced by a newer connection"), "signed in somewhere else"),
            (close(4001, ""), "sign in again"),
            (close(4003, ""), "banned"),
            (close(4005, "see you \x1b[2J"), "sent you away: see you ␛[2J"),
            (
                close(1001, "the server is shutting down retry_after_ms=20"),
                "shutting down or restarting",
            ),
            (close(1001, "nothing heard for too long"), "heard nothing from here"),
            (close(3999, "who\x07"), "closed the connection (3999: who␇)"),
            (refuse(401, 0, "a token is needed"), "(401: a token is needed)"),
            (refuse(429, 5, ""), "too many attempts"),
            (refuse(503, 5, ""), "full or restarting"),
            (Ending::Lost, "lost"),
            (Ending::Silent, "does not answer"),
        ] {
            let sentence = ending.sentence();
            assert!(sentence.as_str().contains(words), "{ending:?}: {sentence}");
            assert!(!sentence.as_str().contains("retry_after_ms"), "{sentence}");
        }
    }

    /// The rows of the tables for developers of clients.
    #[test]
    fn the_advice_is_that_of_the_page_for_clients() {
        let page = include_str!("../../../src/dialects/CLIENTS.md");
        let mut rows = 0;
        for line in page.lines() {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, codes, _, advice, _] = cells[..] else { continue };
            for code in codes.split(", ").filter_map(|code| code.parse::<u16>().ok()) {
                let ending = if code < 1000 { refuse(code, 0, "") } else { close(code, "") };
                let stops = ending.advice() == Advice::Stop;
                assert_eq!(stops, advice.starts_with("stop"), "{line}");
                rows += 1;
            }
        }
        assert!(rows > 30, "only {rows} codes were found");
    }

    #[test]
    fn the_servers_hint_is_heeded_and_not_shown() {
        let hinted = close(1001, "the server is shutting down retry_after_ms=1500");
        assert_eq!(hinted.advice(), Advice::ComeBack(Duration::from_millis(1500)));
        for odd in
            ["retry_after_ms=", " retry_after_ms=x", " retry_after_ms=-1", " retry_after_ms=1 "]
        {
            assert_eq!(close(1001, odd).advice(), Advice::ComeBack(Duration::ZERO), "{odd}");
        }
        assert_eq!(refuse(429, 5, "").advice(), Advice::ComeBack(Duration::from_secs(5)));
    }
}
