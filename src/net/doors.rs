//! Which realms are open, in words: for the log, and for the page of the web client.

use crate::session::Limits;

/// Each open realm, and what proves there who a client is.
pub(super) fn of_log(limits: &Limits, has_accounts: bool) -> String {
    let numbers = limits.keys.as_ref().map_or_else(
        || "numbers are NOT verified, anybody can take any of them".to_owned(),
        |keys| format!("a token signed with {}", keys.algorithms().join(" or ")),
    );
    let proofs = limits.realms.words().filter_map(|word| match word {
        "mobile" => Some(format!("mobile ({numbers})")),
        "account" => has_accounts.then(|| "account (a password)".to_owned()),
        session => Some(format!("{session} (knowing an id)")),
    });
    proofs.collect::<Vec<_>>().join(", ")
}

/// The doors of the web client, as its page names them: a number, which may need a token, and a name. It has none
/// for sessions.
pub(super) fn of_page(limits: &Limits, has_accounts: bool) -> String {
    let number = ["number", "number token"][usize::from(limits.keys.is_some())];
    let all = [(limits.realms.mobile, number), (limits.realms.account && has_accounts, "name")];
    let open: Vec<&str> = all.into_iter().filter(|(open, _)| *open).map(|(_, door)| door).collect();
    open.join(" ")
}
