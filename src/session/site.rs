//! The addresses for browsers: `/`, and an app's own pages, which the operator gives with `--pages`.
//!
//! ```text
//!   templates/login.html is there (MyChat)       /            login.html, or 307 to /index
//!                                                /index       index.html, or 307 to /
//!                                                /chat/{id}   chat.html, or 307 to /
//!   templates/chat.html alone (WebSocket Chat)   /            chat.html
//!   in both cases                                /static/…, /favicon/…
//!   neither                                      /            the web client's page
//! ```
//!
//! Where a page depends on who asks, the realm is asked whose the cookie is, and the request waits as every
//! other call does. For clients that want no HTML, and where there is no page, `/` is JSON. Called by
//! the request stage, and when a request goes on.

use super::{Limits, Pages};
use crate::chat::account::{self, Refusal, Reply, Wants};
use crate::dialects::mychat;
use crate::http::{Call, Request, Response, Status};
use crate::timer::Zone;
use crate::web::WebClient;

/// An address for browsers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Site {
    /// `/`.
    Front,
    /// `/index`.
    Index,
    /// `/chat/{user_id}`.
    Chat,
    /// `/static/{*path}`.
    Static,
    /// `/favicon/{*path}`.
    Favicon,
    /// `/client.js`.
    Module,
    /// `/sw.js`.
    Worker,
    /// `/web/{*path}`.
    Web,
}

/// What is to be done for a request.
pub(super) enum Shown<'p> {
    /// Send this response.
    Response(Response<'p>),
    /// Send the server's own front page.
    FrontPage,
    /// Ask the realm. The reply becomes a [`Visit`].
    Ask(account::Call),
}

/// Who visits a page, once the realm has said so.
#[derive(Clone, Debug)]
pub struct Visit {
    site: Site,
    reader: Option<Reader>,
}

/// A signed-in user, as pages name them.
#[derive(Clone, Debug)]
struct Reader {
    name: String,
    /// The id and the name of the other user, on a page about one.
    other: Option<(String, String)>,
}

/// The page depends on these parts of a request, so a cache must not confuse one with another.
pub(super) const VARY: &str = "Accept, Cookie";

const LOGIN: &str = "templates/login.html";
const INDEX: &str = "templates/index.html";
const CHAT: &str = "templates/chat.html";

/// Finds out what is to be done for a request. The operator's listener has no pages for browsers.
pub(super) fn show<'p>(
    site: Site,
    call: &Call<'_>,
    for_browsers: bool,
    limits: &'p Limits,
) -> Shown<'p> {
    let (pages, web, request) = (&limits.pages, &limits.web, call.request);
    let has_users = pages.has(LOGIN);
    match site {
        Site::Front if !for_browsers || !wants_html(request) => Shown::FrontPage,
        Site::Front if has_users => ask(site, call, limits),
        Site::Front => match pages.file(CHAT, request).or_else(|| web.page(request)) {
            Some(page) => Shown::Response(ours(page)),
            None => Shown::FrontPage,
        },
        Site::Index | Site::Chat if has_users => ask(site, call, limits),
        Site::Index => Shown::Response(to("/")),
        Site::Chat => Shown::Response(nothing()),
        Site::Static => Shown::Response(file(&["static/"], call, pages)),
        // Some apps have them among the static files.
        Site::Favicon => Shown::Response(file(&["favicon/", "static/favicon/"], call, pages)),
        Site::Module => Shown::Response(web.module(request).unwrap_or_else(nothing)),
        Site::Worker => {
            let is_at_front = !has_users && !pages.has(CHAT);
            Shown::Response(web.worker(is_at_front, request))
        }
        Site::Web => Shown::Response(below(web, call)),
    }
}

/// The response for a visit.
pub(super) fn welcome(visit: &Visit, limits: &Limits) -> Response<'static> {
    let Visit { site, reader } = visit;
    let Some(Reader { name, other }) = reader else {
        return match site {
            Site::Front => private(limits.pages.filled(LOGIN, &[])),
            Site::Index | Site::Chat => to("/"),
            Site::Static | Site::Favicon | Site::Module | Site::Worker | Site::Web => to("/"),
        };
    };
    match (site, other) {
        (Site::Front, _) => to("/index"),
        (Site::Chat, Some((id, other))) => private(limits.pages.filled(
            CHAT,
            &[("username", name.as_str()), ("target_id", id), ("target_name", other)],
        )),
        (Site::Index | Site::Chat, _)
        | (Site::Static | Site::Favicon | Site::Module | Site::Worker | Site::Web, _) => {
            private(limits.pages.filled(INDEX, &[("username", name)]))
        }
    }
}

impl Visit {
    /// The visit to a page, or the answer if it cannot be said who visits.
    pub(super) fn of(
        site: Site,
        reply: &Reply<'_>,
        zone: &Zone,
    ) -> Result<Visit, Response<'static>> {
        match reply {
            Reply::Profile { me, other } => {
                let name = me.name.as_str().to_owned();
                let other = other.map(|one| (one.id.to_string(), one.name.as_str().to_owned()));
                Ok(Visit { site, reader: Some(Reader { name, other }) })
            }
            // Without a folder for data nobody is signed in.
            Reply::Refused(Refusal::NotSignedIn | Refusal::NoAccounts) => {
                Ok(Visit { site, reader: None })
            }
            other => Err(mychat::words(other, zone).header("Vary", VARY)),
        }
    }
}

fn ask<'p>(site: Site, call: &Call<'_>, limits: &'p Limits) -> Shown<'p> {
    let token = match mychat::session(call) {
        Ok(Some(token)) => token,
        Ok(None) => return Shown::Response(welcome(&Visit { site, reader: None }, limits)),
        Err(refused) => return Shown::Response(refused.header("Vary", VARY)),
    };
    let other = match site {
        Site::Chat => Some(mychat::user_at(call, 0)),
        Site::Front | Site::Index => None,
        Site::Static | Site::Favicon | Site::Module | Site::Worker | Site::Web => None,
    };
    Shown::Ask(account::Call::ask(Some(token), Wants::Profile(other)))
}

/// Whether a browser asks for a page: it names the type. Other clients take every type, or name none.
fn wants_html(request: &Request<'_>) -> bool {
    let types = request.headers.all("accept").flat_map(|line| line.split(|&byte| byte == b','));
    let mut types = types.map(|kind| kind.split(|&byte| byte == b';').next().unwrap_or(kind));
    types.any(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"text/html"))
}

/// A file below one of these folders. The path of the request loses its escapes once, and is then the name of
/// a file, or is none.
fn file<'p>(folders: &[&str], call: &Call<'_>, pages: &'p Pages) -> Response<'p> {
    let path = call.param(0).unwrap_or_default();
    let mut names = folders.iter().map(|folder| format!("{folder}{path}"));
    match names.find_map(|name| pages.file(&name, call.request)) {
        // A page among them may have a form.
        Some(found) => found.header("Referrer-Policy", "same-origin"),
        None => nothing(),
    }
}

/// A file of the web client. A page of another build asks for files that are gone, and no cache may remember it.
fn below<'p>(web: &'p WebClient, call: &Call<'_>) -> Response<'p> {
    let path = call.param(0).unwrap_or_default();
    web.below(&path, call.request).unwrap_or_else(|| nothing().header("Cache-Control", "no-store"))
}

/// A page that only its reader may see.
fn private(page: Option<Response<'static>>) -> Response<'static> {
    let page = ours(page.unwrap_or_else(nothing));
    page.header("Cache-Control", "no-store").header("X-Content-Type-Options", "nosniff")
}

/// A page of ours. Without a referrer, browsers would send `Origin: null` with its forms.
fn ours(page: Response<'_>) -> Response<'_> {
    page.header("Referrer-Policy", "same-origin").header("Vary", VARY)
}

fn to(path: &'static str) -> Response<'static> {
    let response = Response::new(Status::TemporaryRedirect).header("Location", path);
    response.header("Cache-Control", "no-store").header("Vary", VARY)
}

fn nothing<'p>() -> Response<'p> {
    Response::new(Status::NotFound).json_detail("there is nothing at this address")
}
