//! What the operator may ask of the chat: who a connection belongs to, where a person is connected, and a
//! message on behalf of an app's own backend.
//!
//! All of it is a lookup of O(1), or O(log n) in the account realm. Called by the turn.

use super::account::Asker;
use super::{Chat, ConnectionId, Mobile, Name, Sink};

/// A message to a number that an app's own backend sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BackendMessage<'a> {
    /// The number that the recipient sees as the sender. It need not be online.
    pub from: Mobile,
    /// The recipient.
    pub to: Mobile,
    /// The text, as the JSON string that the recipient gets.
    pub text: &'a str,
    /// The message's id, as a JSON string.
    pub id: Option<&'a str>,
    /// The request that waits to hear what becomes of the message.
    pub asker: Asker,
}

impl Chat {
    /// The name of the person that a connection belongs to. `None` if it is signed in to no realm.
    pub fn name_at(&self, id: ConnectionId) -> Option<Name<'_>> {
        let Chat { mobile, messenger, account, bans: _ } = self;
        let user = || account.as_ref()?.name_at(id).map(|name| Name::Account(name.into()));
        let number = mobile.mobile_of(id).map(Name::Number);
        number.or_else(|| messenger.id_of(id).map(|id| Name::Session(id.into()))).or_else(user)
    }

    /// Whether a person has a connection. Nobody with an unknown name has one.
    pub fn is_online(&self, who: &Name<'_>) -> bool {
        let Chat { mobile, messenger, account, bans: _ } = self;
        match who {
            Name::Number(number) => mobile.is_online(*number),
            Name::Session(id) => !messenger.devices_of(id).is_empty(),
            Name::Account(name) => {
                account.as_ref().is_some_and(|realm| !realm.sockets_of_name(name).is_empty())
            }
        }
    }

    /// All connections of a person.
    pub fn connections_of(&self, who: &Name<'_>) -> Vec<ConnectionId> {
        let Chat { mobile, messenger, account, bans: _ } = self;
        match who {
            Name::Number(number) => mobile.connection_of(*number).into_iter().collect(),
            Name::Session(id) => messenger.devices_of(id).to_vec(),
            Name::Account(name) => {
                account.as_ref().map_or(&[][..], |realm| realm.sockets_of_name(name)).to_vec()
            }
        }
    }

    /// Sends a message of the backend. It counts in the books like a person's. Returns whether the recipient
    /// is online: then its [`Receipt`](super::Receipt) comes with [`settle`](Chat::settle), and the turn
    /// answers the request.
    pub fn send_for_backend(&mut self, message: &BackendMessage<'_>, sink: &mut impl Sink) -> bool {
        self.mobile.send_for_backend(message, sink)
    }
}
