//! [`Protocol`]: which protocol phones speak. This is the one list of them.

use serde::{Deserialize, Serialize};

use super::chatterbox::Chatterbox;
use super::dialect::Dialect;
use super::messenger::SessionMessenger;
use super::mychat::MyChat;
use super::sca::Sca;
use super::switchboard_v1::SwitchboardV1;
use super::websocket_chat::WebsocketChat;

/// A protocol. The variants are the words on the command line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, clap::ValueEnum)]
pub(crate) enum Protocol {
    /// Numbers that see each other in lists.
    #[default]
    Sca,
    /// Sessions that know each other by invitation, each on one device or several.
    Session,
    /// Users with accounts, who all hear everything.
    Chatterbox,
    /// Users with accounts, who write to everyone and to each other.
    WebsocketChat,
    /// Users with accounts, each on a page of the app: a conversation, a room, or the start page.
    Mychat,
    /// Users with accounts, by the protocol with acknowledgements, histories and rooms.
    V1,
}

impl Protocol {
    /// How it is spoken.
    pub(crate) const fn dialect(self) -> &'static dyn Dialect {
        match self {
            Protocol::Sca => &Sca,
            Protocol::Session => &SessionMessenger,
            Protocol::Chatterbox => &Chatterbox,
            Protocol::WebsocketChat => &WebsocketChat,
            Protocol::Mychat => &MyChat,
            Protocol::V1 => &SwitchboardV1,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn a_protocol_has_the_same_word_in_the_report_and_on_the_command_line() {
        for protocol in Protocol::value_variants() {
            let word = protocol.to_possible_value().expect("none is hidden");
            assert_eq!(word.get_name(), protocol.dialect().names().word);
        }
    }
}
