//! The addresses of the SCA dialect. The path has the client's number, and the query the form in which it
//! wants presence. Called by the session, which joins the tables of all dialects.

use crate::chat::{Entrant, Mobile};
use crate::dialects::{Dialect, Enter, Entry, asks_for_pings, base};
use crate::http::{Call, Response, Route, Status};

/// One line for each address.
pub(crate) const ROUTES: &[Route<Enter>] = &[Route::socket("/ws/{mobile}", Enter::AtOnce(enter))];

fn enter(call: &Call<'_>) -> Result<Entry, Response<'static>> {
    let bad = |sentence: &str| Response::new(Status::BadRequest).json_detail(sentence);
    // As it came: a digit needs no escape, and so each number has one address.
    let number = call.params[0].as_bytes();
    let mobile = Mobile::parse(number).map_err(|error| bad(&error.to_string()))?;
    let presence = base::presence_in(call)?;
    let pings = asks_for_pings(call)?;
    // The session, which has the keys, asks for a proof.
    let who = Entrant::Mobile { mobile, presence, proven_until: None };
    Ok(Entry { pings, ..Entry::new(Dialect::Sca, Some(who)) })
}
