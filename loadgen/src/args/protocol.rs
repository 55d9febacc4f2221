//! [`check`]: whether the flags fit the protocol's realm; and [`manners`] and [`circle`], which depend on
//! it.

use clap::ValueEnum as _;

use super::flags::Args;
use super::values::OnOff;
use crate::client::{Protocol, Realm};
use crate::workload::{Devices, Manners, Numbers, Persona};

/// How many sessions a session invites, if no flag says so.
const CIRCLE: u32 = 8;
/// The most that a session may invite. The server keeps a hundred invitations for one recipient, and
/// circles are random, so that some sessions are invited more often than others.
const MOST_CIRCLE: u32 = 50;

/// The flags of each realm. They mean nothing in another one.
const OF_MOBILE: [&str; 2] = ["presence", "refresh"];
const OF_MESSENGER: [&str; 6] =
    ["devices", "receipts", "read", "typing", "decline", "contact_grace"];

fn flags_of(protocol: Protocol) -> &'static [&'static str] {
    match protocol.dialect().realm() {
        Realm::Mobile(_) => &OF_MOBILE,
        Realm::Messenger(_) => &OF_MESSENGER,
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
        let is_foreign = |flag: &&&str| !own.contains(flag) && is_spelled(flag);
        if let Some(flag) = flags_of(other).iter().find(is_foreign) {
            let (flag, word) = (flag.replace('_', "-"), other.dialect().names().word);
            return Err(format!("--{flag} means something only with --protocol {word}"));
        }
    }
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) if has(args, Persona::QuotaHog) => Err(
            "--persona quota-hog means something only with --protocol session: it invites sessions"
                .into(),
        ),
        Realm::Mobile(_) => Ok(()),
        Realm::Messenger(_) => check_messenger(args),
    }
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

/// What phones do beside writing.
pub(super) fn manners(args: &Args) -> Manners {
    match args.protocol.dialect().realm() {
        Realm::Mobile(_) => Manners::NONE,
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
        Realm::Mobile(_) => args.circle,
        Realm::Messenger(_) => Some(args.circle.unwrap_or(CIRCLE)),
    }
}
