//! [`call`]: a phone of the plan, whose TCP connection stands, asks for its WebSocket.

use switchboard::timer::Moment;

use crate::client::{Address, Caller, Pen, Phone};
use crate::phone_id::PhoneId;
use crate::plan::Plan;
use crate::target::Target;
use crate::workload::{Names, Numbers};

/// Returns the phone, and appends its request to `out`.
pub(super) fn call(
    plan: &Plan,
    target: &Target,
    (session, numbers, names): (PhoneId, &Numbers, &Names),
    now: Moment,
    pen: &mut Pen,
    out: &mut Vec<u8>,
) -> Phone {
    let settings = &plan.settings;
    let (mut digits, id) = ([0; Numbers::DIGITS], names.session(session));
    let caller = Caller {
        number: numbers.digits(session, &mut digits),
        session: id.as_str(),
        presence: settings.presence,
        receipts: settings.manners.receipts,
    };
    let address = Address { authority: &target.authority, prefix: &target.prefix };
    Phone::call(settings.protocol.dialect(), &address, &caller, now, pen, out)
}
