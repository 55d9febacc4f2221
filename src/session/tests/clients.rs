//! The page for authors of clients says what to do after everything that ends a connection or refuses one.

use std::time::Duration;

use super::*;
use crate::chat::Farewell;

const PAGE: &str = include_str!("../../dialects/CLIENTS.md");

/// The statuses that an upgrade may be refused with.
const STATUSES: [u16; 15] =
    [400, 401, 403, 404, 405, 408, 411, 413, 414, 426, 429, 431, 501, 503, 505];

/// The numbers in the first cells of the page's tables.
fn rows() -> Vec<u16> {
    let cells = PAGE.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.flat_map(|cell| cell.split(", ")).filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn every_close_code_has_a_row_with_advice() {
    let ends = [
        End::Http,
        End::RequestTimeout,
        End::ClosedByClient(Some(1000)),
        End::Violation(1002, ""),
        End::Unacceptable,
        End::Strikes,
        End::MessageRate,
        End::ByteRate,
        End::FrameTimeout,
        End::NotSignedIn(""),
        End::SignInRefused(""),
        End::Overloaded,
        End::Replaced,
        End::Silent,
        End::Draining { retry_after: Duration::ZERO },
        End::Slow,
        End::Lost,
        End::AnswerTimeout,
        End::Farewell(Farewell::LoggedOut),
        End::Farewell(Farewell::Expired),
        End::Farewell(Farewell::TooManyDevices),
        End::Farewell(Farewell::TryAgain),
        End::Farewell(Farewell::NotAMember),
        End::Farewell(Farewell::NoSuchUser),
        End::Farewell(Farewell::MessageTooLong),
        End::SentAway,
        End::Banned,
        End::Farewell(Farewell::TokenExpired),
    ];
    let named: Vec<_> = ends.iter().map(|end| End::OUTCOMES[end.outcome()]).collect();
    assert_eq!(named, End::OUTCOMES, "no end is missing here");
    let violations = [End::Violation(1007, ""), End::Violation(1009, "")];
    for end in ends.iter().chain(&violations) {
        // Without a close frame a client sees 1006.
        let code = end.close_frame().map_or(Some(1006), |(code, _)| code);
        assert!(code.is_none_or(|code| rows().contains(&code)), "{end:?}");
    }
}

#[test]
fn every_status_that_refuses_an_upgrade_has_a_row_with_advice() {
    for status in STATUSES {
        assert!(rows().contains(&status), "{status}");
    }
}
