//! [`check`]: whether the flags fit the protocol's realm; and [`sizes`], [`manners`], [`circle`],
//! [`postings`] and [`usual_rate`], which depend on it.

use std::fs;
use std::sync::Arc;

use clap::ValueEnum as _;
use switchboard::auth::TokenMaker;

use super::account::AccountArgs;
use super::flags::Args;
use super::values::OnOff;
use crate::client::{Protocol, Realm, Skills};
use crate::workload::{Cast, Devices, Manners, Numbers, Pages, Persona, Postings, Rooms, Sizes};

/// How many sessions a session invites, if no flag says so.
const CIRCLE: u32 = 8;
/// The most that a session may invite. The server keeps a hundred invitations for one recipient, and
/// circles are random, so that some sessions are invited more often than others.
const MOST_CIRCLE: u32 = 50;

/// The share of private messages, if no flag says so. A message to everyone has as many deliveries as there are
/// phones.
const PRIVATE: f64 = 0.9;
/// The share of messages to rooms, if there are rooms and no flag says so.
const ROOM_SHARE: f64 = 0.5;

/// The most characters of a text of users.
const MOST_CHARACTERS: usize = 5000;

/// Deliveries a second that all messages make together, if no flag says how many messages there are.
const DELIVERIES: f64 = 10_000.0;

/// The flags of each realm. They mean nothing in another one.
const OF_MOBILE: [&str; 4] = ["presence", "refresh", "auth_key_file", "auth_audience"];
const OF_MESSENGER: [&str; 6] =
    ["devices", "receipts", "read", "typing", "decline", "contact_grace"];

fn flags_of(protocol: Protocol) -> Vec<&'static str> {
    match protocol.dialect().realm() {
        Realm::Mobile(_) => OF_MOBILE.to_vec(),
        Realm::Messenger(_) => OF_MESSENGER.to_vec(),
        Realm::Account(words) => {
            let skills = words.skills();
            let own = [
                ("private", skills.is_private),
                ("rooms", skills.has_rooms),
                ("room_share", skills.has_rooms),
                ("notices", skills.has_pages),
                ("status", skills.has_pages),
                ("replies", skills.has_replies),
                ("marks", skills.marks_read),
                ("typing", skills.types),
                ("presence", skills.shows_changes),
            ];
            let own = own.into_iter().filter(|&(_, has_it)| has_it).map(|(flag, _)| flag);
            ["accounts", "histories"].into_iter().chain(own).collect()
        }
    }
}

/// Checks that the flags fit the protocol's realm.
///
/// # Errors
///
/// One line that names a flag which does not fit.
pub(super) fn check(args: &Args, is_spelled: impl Fn(&str) -> bool) -> Result<(), String> {
    let own = flags_of(args.protocol);
    for &other in Protocol::value_variants() {
        let is_foreign = |flag: &&str| !own.contains(flag) && is_spelled(flag);
        if let Some(flag) = flags_of(other).into_iter().find(is_foreign) {
            let protocols = Protocol::value_variants().iter();
            let with_it = protocols.filter(|&&protocol| flags_of(protocol).contains(&flag));
            let words: Vec<_> = with_it.map(|one| one.dialect().names().word).collect();
            let words = match &words[..] {
                [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                words => words.concat(),
            };
            let flag = flag.replace('_', "-");
            return Err(format!("--{flag} means something only with --protocol {words}"));
        }
    }
    let realm = args.protocol.dialect().realm();
    if has(args, Persona::Roamer) && !matches!(realm, Realm::Mobile(_)) {
        let why = "only numbers move from server to server";
        return Err(format!("--persona roamer means something only with --protocol sca: {why}"));
    }
    if args.url.len() > 1 && matches!(realm, Realm::Account(_)) {
        return Err("several servers can be played only with --protocol sca or session: the names of users are known to \
                    one server"
            .into());
    }
    match realm {
        Realm::Mobile(_) | Realm::Account(_) if has(args, Persona::QuotaHog) => Err(
            "--persona quota-hog means something only with --protocol session: it invites sessions"
                .into(),
        ),
        Realm::Mobile(_) => Ok(()),
        Realm::Account(words) => check_account(args, words.skills()),
        Realm::Messenger(_) => check_messenger(args),
    }
}

/// How long texts are.
///
/// # Errors
///
/// One line, if the protocol does not allow it.
pub(super) fn sizes(args: &Args) -> Result<Sizes, String> {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) | Realm::Messenger(_) => Ok(args.text_bytes),
        Realm::Account(_) => args.text_bytes.at_most(MOST_CHARACTERS).ok_or_else(|| {
            let word = args.protocol.dialect().names().word;
            format!(
                "--text-bytes: with --protocol {word} a text can have {MOST_CHARACTERS} at most"
            )
        }),
    }
}

/// What makes the tokens of phones, if a file has a key for them.
///
/// # Errors
///
/// One line that names the file.
pub(super) fn tokens(args: &Args) -> Result<Option<Arc<TokenMaker>>, String> {
    let Some(path) = &args.auth_key_file else { return Ok(None) };
    let blame = |why: String| format!("--auth-key-file {}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|error| blame(error.to_string()))?;
    let maker = TokenMaker::parse(&text, args.auth_audience.clone()).map_err(blame)?;
    Ok(Some(Arc::new(maker)))
}

/// Whether some phones are to be like this.
fn has(args: &Args, persona: Persona) -> bool {
    args.persona.iter().any(|share| share.persona == persona && share.weight > 0)
}

fn check_messenger(args: &Args) -> Result<(), String> {
    if has(args, Persona::Refresher) {
        return Err("--persona refresher means something only with --protocol sca: sessions are sent no lists".into());
    }
    if args.circle.is_some_and(|size| size > MOST_CIRCLE) {
        return Err(format!("--circle can be {MOST_CIRCLE} at most: sessions invite theirs"));
    }
    let clients = args.stage.iter().map(|stage| stage.clients).max().unwrap_or(args.clients);
    if Devices::phones_of(clients, args.devices) > u64::from(Numbers::MOST) {
        return Err(format!("--devices: there can be {} phones in all", Numbers::MOST));
    }
    Ok(())
}

fn check_account(args: &Args, skills: Skills) -> Result<(), String> {
    if has(args, Persona::Refresher) {
        return Err("--persona refresher means something only with --protocol sca: it asks for the list of numbers".into());
    }
    if !args.url.is_empty() && args.account.accounts.is_none() {
        return Err(
            "--accounts FILE is needed for a server that is not loadgen's own: it keeps the users"
                .into(),
        );
    }
    if args.url.is_empty() && args.account.accounts.is_some() {
        return Err(
            "--accounts is for a server at a URL: loadgen's own server gets users of its own"
                .into(),
        );
    }
    let clients = args.stage.iter().map(|stage| stage.clients).max().unwrap_or(args.clients);
    if skills.has_pages && clients % 2 == 1 {
        return Err("--clients must be even: in this protocol phones come in pairs".into());
    }
    let AccountArgs { private, rooms, room_share, .. } = args.account;
    if rooms == 0 && room_share.is_some_and(|share| share > 0.0) {
        return Err("--room-share needs --rooms: how many there are".into());
    }
    if private.unwrap_or(0.0) + room_share.unwrap_or(0.0) > 1.0 {
        return Err(
            "--private and --room-share are shares of all messages: together at most 1".into()
        );
    }
    Ok(())
}

/// What phones do beside writing.
pub(super) fn manners(args: &Args) -> Manners {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) | Realm::Account(_) => Manners::NONE,
        Realm::Messenger(_) => Manners {
            devices: args.devices,
            receipts: args.receipts == OnOff::On,
            read: args.read,
            typing: args.typing,
            decline: args.decline,
            grace: args.contact_grace,
        },
    }
}

/// How many phones each chatter writes to.
pub(super) fn circle(args: &Args) -> Option<u32> {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) | Realm::Account(_) => args.circle,
        Realm::Messenger(_) => Some(args.circle.unwrap_or(CIRCLE)),
    }
}

/// The rate, if no flag says so: of users with accounts, what makes about [`DELIVERIES`].
pub(super) fn usual_rate(args: &Args, clients: u32) -> f64 {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) | Realm::Messenger(_) => args.rate,
        Realm::Account(words) => {
            let what = postings(args);
            let Postings { private, room_share, rooms, .. } = what;
            let others = f64::from(clients.saturating_sub(1)).max(1.0);
            let rooms = Rooms::new(rooms, clients, args.sharing.shard, 0);
            let of_a_room = room_share * rooms.mean_size().max(1.0);
            let each = match words.skills().has_pages {
                true => Pages::new(&what, &rooms, 0).mean_others(&rooms).max(1.0),
                false => private + of_a_room + (1.0 - private - room_share) * others,
            };
            (DELIVERIES / each).min(args.rate)
        }
    }
}

/// How many phones write: the chatters, but for those that have a page open on which nothing can be written.
pub(super) fn writers(args: &Args, cast: &Cast, seed: u64) -> usize {
    let mut chatters = cast.phones(|persona| persona == Persona::Chatter);
    if let Realm::Account(words) = args.protocol.dialect().realm()
        && words.skills().has_pages
    {
        let what = postings(args);
        let users = cast.phones(|_| true).len() as u32;
        let rooms = Rooms::new(what.rooms, users, args.sharing.shard, seed);
        let pages = Pages::new(&what, &rooms, seed);
        chatters.retain(|&phone| pages.can_write(phone));
    }
    chatters.len()
}

/// What users write.
pub(super) fn postings(args: &Args) -> Postings {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) | Realm::Messenger(_) => Postings::NONE,
        Realm::Account(words) => {
            let skills = words.skills();
            let flags = &args.account;
            let share = |share: f64, has_words: bool| if has_words { share } else { 0.0 };
            let has_rooms = skills.has_rooms && flags.rooms > 0;
            if skills.has_pages {
                let room_share = share(flags.room_share.unwrap_or(ROOM_SHARE), has_rooms);
                return Postings {
                    private: 1.0 - room_share,
                    rooms: if has_rooms { flags.rooms } else { 0 },
                    room_share,
                    notices: flags.notices,
                    status: flags.status,
                    replies: share(flags.replies, has_rooms),
                    histories: flags.histories,
                    ..Postings::NONE
                };
            }
            // What one flag leaves is shared as it would be without that flag.
            let left = 1.0 - flags.private.unwrap_or(0.0);
            let room_share = share(flags.room_share.unwrap_or(ROOM_SHARE * left), has_rooms);
            let private = flags.private.unwrap_or(PRIVATE * (1.0 - room_share));
            Postings {
                private: share(private, skills.is_private),
                rooms: if has_rooms { flags.rooms } else { 0 },
                room_share,
                notices: 0.0,
                status: 0.0,
                replies: share(flags.replies, skills.has_replies),
                marks: share(flags.marks, skills.marks_read),
                typing: share(args.typing, skills.types),
                histories: flags.histories,
            }
        }
    }
}
