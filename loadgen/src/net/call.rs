//! [`call`]: a phone of the plan, whose TCP connection stands, asks for its WebSocket.

use std::time::Duration;

use switchboard::timer::Moment;

use super::clock::since_the_epoch;
use crate::client::{Address, Caller, OpenPage, Pen, Phone};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::pool::Account;
use crate::target::Target;
use crate::workload::{Name, Numbers};

/// How long the token of a phone is valid: longer than nearly every run, because a phone shows no newer one.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3600);

/// Returns the phone, which has this number, is a device of this session, or signs in with this account, and appends its request to `out`.
pub(super) fn call(
    plan: &Plan,
    target: &Target,
    (number, session, numbers): (PhoneId, &Name, &Numbers),
    (account, page): (Option<&Account>, OpenPage<'_>),
    now: Moment,
    pen: &mut Pen,
    out: &mut Vec<u8>,
) -> Phone {
    let settings = &plan.settings;
    let mut digits = [0; Numbers::DIGITS];
    let number = numbers.digits(number, &mut digits);
    let proof =
        plan.tokens.as_ref().map(|tokens| tokens.make(number, since_the_epoch(), TOKEN_TTL));
    let caller = Caller {
        number,
        proof: proof.as_deref(),
        session: session.as_str(),
        user: account.map_or("", |account| &account.name),
        user_id: account.map_or("", |account| &account.id),
        page,
        token: account.and_then(|account| account.token.as_deref()).unwrap_or_default(),
        presence: settings.presence,
        receipts: settings.manners.receipts,
    };
    let address = Address { authority: &target.authority, prefix: &target.prefix };
    Phone::call(settings.protocol.dialect(), &address, &caller, now, pen, out)
}
