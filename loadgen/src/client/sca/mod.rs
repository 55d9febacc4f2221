//! SCA: the protocol of numbers that see each other in lists.

mod lists;
mod read;

pub(crate) use lists::{Delta, List};

use std::borrow::Cow;

use switchboard::dialects::sca::wire::ClientFrame;

use super::dialect::{Dialect, MobileWords, Names, Realm};
use super::door::{Caller, Door, Presence};
use super::pen::Pen;
use super::said::Said;

/// The protocol.
#[derive(Debug)]
pub(super) struct Sca;

impl Dialect for Sca {
    fn names(&self) -> Names {
        Names {
            word: "sca",
            title: "SCA",
            bad_greeting: "is no list",
            bad_greetings: "were no list",
        }
    }

    fn realm(&self) -> Realm {
        Realm::Mobile(&Sca)
    }

    /// `/ws/{number}`: a client that names a number has that number.
    fn door(&self, caller: &Caller<'_>) -> Door {
        // The original app knows no modes, and sends no query.
        let query = match caller.presence {
            Presence::Full => String::new(),
            mode @ (Presence::Delta | Presence::None) => format!("?presence={}", mode.word()),
        };
        Door {
            headers: caller.proof.map_or_else(String::new, bearer),
            is_greeted: caller.presence != Presence::None,
            ..Door::at(format!("/ws/{}{query}", caller.number))
        }
    }

    fn ping(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::Ping, out);
    }

    fn understand<'a>(&self, json: Cow<'a, str>) -> Said<'a> {
        read::understand(json)
    }
}

/// The header line with a token (RFC 6750 §2.1).
fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

impl MobileWords for Sca {
    fn message(&self, to: &str, text: &str, pen: &mut Pen, out: &mut Vec<u8>) {
        let is_plain =
            |part: &str| serde_json::to_string(part).is_ok_and(|json| json.len() == part.len() + 2);
        debug_assert!(is_plain(to) && is_plain(text), "loadgen's texts need no escapes");
        pen.write_parts(&[r#"{"type":"message","to":""#, to, r#"","text":""#, text, "\"}"], out);
    }

    fn ask_for_list(&self, pen: &mut Pen, out: &mut Vec<u8>) {
        pen.write_json(&ClientFrame::GetOnlineUsers, out);
    }
}
