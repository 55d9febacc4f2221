//! [`Limits`] of the account realm: what the operator may set, and what protects the server from its users.

use std::time::Duration;

use crate::limiter::Rate;

/// The limits of the realm.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Whether people may register themselves.
    pub registration: Registration,
    /// The most users. The list of all users is one page, so it must not grow without end. One more makes an
    /// account go whose user never came back after the first day, and has written nothing; if there is none,
    /// nobody can register.
    pub users: usize,
    /// How long registrations are refused without asking the store again, once all users stay.
    pub room_retry: Duration,
    /// How often one address may register a user.
    pub registrations: Rate,
    /// How often one address may try to log in. A login that succeeds costs nothing.
    pub logins_per_address: Rate,
    /// How often one address may try to log in under one name. A login that succeeds costs nothing.
    pub logins_per_name: Rate,
    /// The most addresses, the most pairs of name and address, and the most logins whose attempts are
    /// remembered: this many in each of the four tables.
    pub remembered_attempts: usize,
    /// The most passwords that wait to be hashed. Half of the places are kept for the *regulars*: the
    /// addresses from which a login has succeeded lately.
    pub hashes_waiting: usize,
    /// The most passwords from one address that wait to be hashed.
    pub hashes_per_address: usize,
    /// How long an address is a regular after a login from it.
    pub regular_for: Duration,
    /// The most regulars that are remembered.
    pub regulars: usize,
    /// The most calls that wait for the store or for a hash.
    pub calls_under_way: usize,
    /// How often one login may ask for something over HTTP. A page of MyChat asks for the members of each room
    /// whenever it draws them, and sends a mark for each message of an open conversation.
    pub calls_per_login: Rate,
    /// How long a login lasts.
    pub login_ttl: Duration,
    /// The most logins without a socket that are kept in memory. The others are in the store.
    pub tokens_cached: usize,
    /// The most sockets of one user.
    pub seats_per_user: usize,
    /// The most characters of a message.
    pub text_chars: usize,
    /// The most characters of the text that a message in a room quotes. A longer one is cut off.
    pub reply_text_chars: usize,
    /// The most characters of the quoted sender's name, and of its id. Longer ones are cut off.
    pub reply_name_chars: usize,
    /// The most messages of a history that is asked for.
    pub history: u16,
    /// The most rooms.
    pub rooms: usize,
    /// The most rooms that one user has made.
    pub rooms_per_creator: usize,
    /// The most rooms that one user is a member of.
    pub rooms_per_user: usize,
    /// The most members of a room.
    pub members_per_room: usize,
    /// The most characters of a room's name.
    pub room_name_chars: usize,
    /// The most characters of a room's description.
    pub room_description_chars: usize,
    /// The time between two pings to a notices socket.
    pub notices_ping: Duration,
    /// How long a message is kept. `None`: for ever. The store deletes what is older now and then; memory says
    /// no more of it from that moment on.
    pub retention: Option<Duration>,
    /// How many global messages are kept in memory.
    pub recent: usize,
    /// The most messages of a page of a history that a device asks for.
    pub page_messages: u16,
    /// The most bytes of texts in a page. One message is in it in any case.
    pub page_bytes: usize,
    /// The most private conversations in a device's list of conversations.
    pub conversations: usize,
    /// The most unread messages that are counted in a conversation.
    pub unread: u32,
    /// The most characters of the last message of a conversation in that list. A longer one is cut off.
    pub last_chars: usize,
    /// The most users in a page of users.
    pub users_page: usize,
    /// The most messages and other commands that wait for the store. Beyond it, no client of the realm is
    /// read.
    pub unstored_messages: usize,
    /// The most bytes of texts that wait for the store. Beyond it, no client of the realm is read.
    pub unstored_bytes: usize,
    /// The most messages and other commands of one socket that wait for the store. Beyond it, this client is
    /// not read.
    pub unstored_per_seat: u16,
    /// The most private messages that are kept for one socket that has no words for them yet.
    pub missed_messages: usize,
    /// The most bytes of texts that are kept for all these sockets.
    pub missed_bytes: usize,
}

/// Whether people may register themselves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Registration {
    /// Anybody may register.
    #[default]
    Open,
    /// Only the operator adds users.
    Closed,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Limits {
    fn default() -> Self {
        Limits {
            registration: Registration::Open,
            users: 20_000,
            room_retry: Duration::from_secs(60),
            registrations: Rate::new(1, Duration::from_secs(60), 10),
            logins_per_address: Rate::new(1, Duration::from_secs(2), 20),
            logins_per_name: Rate::new(1, Duration::from_secs(10), 5),
            remembered_attempts: 16_384,
            hashes_waiting: 64,
            hashes_per_address: 4,
            regular_for: DAY.saturating_mul(7),
            regulars: 16_384,
            calls_under_way: 1_024,
            calls_per_login: Rate::new(50, Duration::from_secs(1), 400),
            login_ttl: DAY.saturating_mul(7),
            tokens_cached: 16_384,
            seats_per_user: 32,
            text_chars: 5_000,
            reply_text_chars: 500,
            reply_name_chars: 64,
            history: 200,
            rooms: 10_000,
            rooms_per_creator: 50,
            rooms_per_user: 200,
            members_per_room: 1_000,
            room_name_chars: 64,
            room_description_chars: 512,
            notices_ping: Duration::from_secs(60),
            retention: None,
            recent: 50,
            page_messages: 100,
            page_bytes: 128 << 10,
            conversations: 1_000,
            unread: 1_000,
            last_chars: 100,
            users_page: 100,
            unstored_messages: 4_096,
            unstored_bytes: 8 << 20,
            unstored_per_seat: 64,
            missed_messages: 64,
            missed_bytes: 8 << 20,
        }
    }
}
