//! [`Route`]: one line of a table of addresses, and how a request finds its line.
//!
//! A line says at which listeners an address stands, which method it answers, and what handles the
//! request. The rest follows from the lines: HEAD is answered where GET is, OPTIONS everywhere, and
//! `Allow` lists an address's methods. `H`, the handler, is whatever the table's owner calls.
//!
//! A line also says what body a request may have, and whether pages of other origins may read the
//! answer. An address takes no body, and answers no other origin, unless its line says so.
//!
//! Finding a line costs one comparison of strings a line and allocates nothing; a hash table would
//! not know parameters. Called by `session`, which joins the tables.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Body, Request};

/// The most parameters in a path. It grows with the first path that has more.
const MOST_PARAMS: usize = 2;

/// One line of a table: a method at an address. An address with several methods has several lines.
#[derive(Clone, Copy, Debug)]
pub struct Route<H> {
    /// The method, spelt as in a request. GET implies HEAD, but not at a WebSocket's address.
    pub method: &'static str,
    /// The path. `{name}` stands for any one segment, be it empty, and `{*name}` for the rest of the path.
    pub path: &'static str,
    /// The listeners that know the address.
    pub listeners: Listeners,
    /// Whether a response or a WebSocket is what one gets here.
    pub kind: Kind,
    /// What body a request may have.
    pub takes: Takes,
    /// Which other origins may read the answer.
    pub cors: Cors,
    /// What handles the request.
    pub handler: H,
}

/// What body a request may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Takes {
    /// The most bytes. Zero: no body is taken.
    pub bytes: u32,
    /// The media types that are taken, in lower case. Several lines of one method and address may take
    /// different types.
    pub types: &'static [&'static str],
}

impl Takes {
    /// No body.
    pub const NOTHING: Takes = Takes { bytes: 0, types: &[] };

    /// Whether the line takes the type of this request's body. A request without a body fits each line, and
    /// so does one that does not say its type.
    fn fits(self, request: &Request<'_>) -> bool {
        let types = request.headers.first("content-type").filter(|_| request.body != Body::None);
        types.is_none_or(|value| {
            // Behind a semicolon stand parameters, the charset for example (RFC 9110 §8.3.1).
            let kind = value.split(|&byte| byte == b';').next().unwrap_or(value).trim_ascii();
            self.types.iter().any(|known| kind.eq_ignore_ascii_case(known.as_bytes()))
        })
    }
}

/// Which pages of other origins may read an answer: the rule that browsers enforce (CORS).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cors {
    /// None. Where cookies say who the client is, nothing else is safe.
    None,
    /// None, and a request from a page of another origin is refused, unless the operator lists the origin. A
    /// browser sends cookies and forms for every page, so what changes something, or signs in, has this.
    Barred,
    /// All. A request at such an address is believed for what a page itself has put into it (a token, a
    /// password), and never for a cookie.
    Any,
}

/// Which listeners know an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listeners {
    /// The public one and the operator's.
    All,
    /// The public one.
    Public,
    /// The operator's; without such a listener, the public one.
    Operators,
    /// The operator's; without such a listener, none.
    OperatorsOnly,
}

/// What one gets at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A response.
    Plain,
    /// A WebSocket. A request that does not ask for one is told that it should.
    Socket,
    /// A WebSocket, for a request with `Upgrade: websocket`. Other requests do not find this line,
    /// so that a plain one may have the same path.
    SocketIfAsked,
    /// A WebSocket, for a request with this name in its query. Other requests do not find this line, so that
    /// another one may have the same path behind it.
    SocketIfQuery(&'static str),
    /// A WebSocket, for a request that offers this subprotocol, and that has the name in its query if there
    /// is one. Other requests do not find this line.
    SocketIfOffers {
        /// The subprotocol, as it stands in `Sec-WebSocket-Protocol` (RFC 6455 §11.3.4).
        subprotocol: &'static str,
        /// The name in the query.
        query: Option<&'static str>,
    },
}

impl Kind {
    /// Whether it is a WebSocket.
    pub fn is_socket(self) -> bool {
        self != Kind::Plain
    }
}

/// The segments of a request's path that stand where its line has a parameter, in their order and as
/// they came: not percent-decoded.
pub type Params<'r> = [&'r str; MOST_PARAMS];

/// What a handler is given.
#[derive(Clone, Copy, Debug)]
pub struct Call<'r> {
    /// The request.
    pub request: &'r Request<'r>,
    /// The parameters in its path.
    pub params: Params<'r>,
    /// Its body, which has arrived in full. Empty if it has none.
    pub body: &'r [u8],
}

impl<'r> Call<'r> {
    /// A parameter of the path without its percent-escapes. `None` if it is then no UTF-8.
    pub fn param(&self, index: usize) -> Option<Cow<'r, str>> {
        percent_decode_str(self.params[index]).decode_utf8().ok()
    }
}

/// The address that a request has found.
#[derive(Clone, Debug)]
pub struct Found<'r, H> {
    /// The handler for the request's method; if the address does not have this method, the handler
    /// of its first line.
    pub handler: H,
    /// The path of the line, with the names of its parameters in place of what the request has there.
    pub path: &'static str,
    /// The listeners that know the address.
    pub listeners: Listeners,
    /// Whether a response or a WebSocket is what one gets here.
    pub kind: Kind,
    /// The parameters in the request's path.
    pub params: Params<'r>,
    /// Where no line is for the request's method, the methods that the address has: the value of
    /// `Allow` (RFC 9110 §10.2.1).
    pub allow: Option<String>,
    /// What body the line takes.
    pub takes: Takes,
    /// Whether the type of the request's body is one that the line takes.
    pub takes_type: bool,
    /// Which other origins may read the answer.
    pub cors: Cors,
}

impl<H> Route<H> {
    /// A line that answers GET, and HEAD, with a response.
    pub const fn get(path: &'static str, listeners: Listeners, handler: H) -> Self {
        Route::of("GET", path, listeners, Kind::Plain, handler)
    }

    /// A line that answers POST with a response. The request may have such a body.
    pub const fn post(path: &'static str, listeners: Listeners, takes: Takes, handler: H) -> Self
    where
        H: Copy,
    {
        Route { takes, ..Route::of("POST", path, listeners, Kind::Plain, handler) }
    }

    /// A line that answers DELETE with a response.
    pub const fn delete(path: &'static str, listeners: Listeners, handler: H) -> Self {
        Route::of("DELETE", path, listeners, Kind::Plain, handler)
    }

    /// A line where a WebSocket is opened, with GET (RFC 6455 §4.1). Only the public listener has such.
    pub const fn socket(path: &'static str, handler: H) -> Self {
        Route::of("GET", path, Listeners::Public, Kind::Socket, handler)
    }

    /// The same, found only by a request with `Upgrade: websocket`.
    pub const fn socket_if_asked(path: &'static str, handler: H) -> Self {
        Route::of("GET", path, Listeners::Public, Kind::SocketIfAsked, handler)
    }

    /// The same, found only by a request with this name in its query.
    pub const fn socket_if_query(path: &'static str, name: &'static str, handler: H) -> Self {
        Route::of("GET", path, Listeners::Public, Kind::SocketIfQuery(name), handler)
    }

    /// The same, found only by a request that offers this subprotocol, and has the name in its query.
    pub const fn socket_if_offers(
        path: &'static str,
        (subprotocol, query): (&'static str, Option<&'static str>),
        handler: H,
    ) -> Self {
        let kind = Kind::SocketIfOffers { subprotocol, query };
        Route::of("GET", path, Listeners::Public, kind, handler)
    }

    /// The same line, and pages of these origins may read the answers.
    pub const fn with_cors(self, cors: Cors) -> Self
    where
        H: Copy,
    {
        Route { cors, ..self }
    }

    const fn of(
        method: &'static str,
        path: &'static str,
        listeners: Listeners,
        kind: Kind,
        handler: H,
    ) -> Self {
        let (path, takes, cors) = (checked(path), Takes::NOTHING, Cors::None);
        Route { method, path, listeners, kind, takes, cors, handler }
    }

    /// The same line with another handler, made from this one.
    pub fn map<T>(self, other: impl FnOnce(H) -> T) -> Route<T> {
        let Route { method, path, listeners, kind, takes, cors, handler } = self;
        Route { method, path, listeners, kind, takes, cors, handler: other(handler) }
    }

    /// The parameters, if the request is for this address, with whatever method.
    fn matches<'r>(&self, request: &Request<'r>) -> Option<Params<'r>> {
        let params = params(self.path, request.path)?;
        let is_asked = match self.kind {
            Kind::Plain | Kind::Socket => true,
            Kind::SocketIfAsked => request.headers.has_token("upgrade", "websocket"),
            Kind::SocketIfQuery(name) => request.query_value(name).is_some(),
            Kind::SocketIfOffers { subprotocol, query } => {
                request.headers.has_exact_token("sec-websocket-protocol", subprotocol)
                    && query.is_none_or(|name| request.query_value(name).is_some())
            }
        };
        is_asked.then_some(params)
    }

    fn answers(&self, method: &str) -> bool {
        method == self.method || method == "HEAD" && self.answers_head()
    }

    fn answers_head(&self) -> bool {
        self.method == "GET" && self.kind == Kind::Plain
    }

    fn is_at_address_of(&self, other: &Self) -> bool {
        self.path == other.path && self.kind == other.kind
    }
}

/// Finds the address of a request among the lines of all tables, of which `lines` are those that its
/// listener knows. The first match decides: a special address stands before a more general one.
pub fn find<'r, H: Copy>(
    lines: impl Iterator<Item = Route<H>> + Clone,
    request: &Request<'r>,
) -> Option<Found<'r, H>> {
    let (params, first) =
        lines.clone().find_map(|line| line.matches(request).map(|params| (params, line)))?;
    let mut same = lines.filter(|line| line.is_at_address_of(&first));
    let mut answering = same.clone().filter(|line| line.answers(request.method));
    // Among lines that differ in the type of the body, the type decides.
    let fitting = answering.clone().find(|line| line.takes.fits(request));
    let line = fitting.or_else(|| answering.next());
    let Route { takes, cors, handler, .. } = line.unwrap_or(first);
    Some(Found {
        handler,
        path: first.path,
        listeners: first.listeners,
        kind: first.kind,
        params,
        allow: line.is_none().then(|| allow(&mut same)),
        takes,
        takes_type: fitting.is_some(),
        cors,
    })
}

/// The methods of an address, given its lines.
fn allow<H>(lines: &mut impl Iterator<Item = Route<H>>) -> String {
    let mut methods = String::new();
    let mut last = "";
    for line in lines {
        // Lines of one method that take different types of body stand side by side.
        if std::mem::replace(&mut last, line.method) == line.method {
            continue;
        }
        methods += line.method;
        methods += if line.answers_head() { ", HEAD, " } else { ", " };
    }
    methods + "OPTIONS"
}

/// The parameters of `path`, if it is of this pattern.
fn params<'r>(pattern: &str, path: &'r str) -> Option<Params<'r>> {
    let mut params = [""; MOST_PARAMS];
    let (mut pattern, mut path) = (pattern, path);
    for param in &mut params {
        let Some((before, after)) = pattern.split_once('{') else { break };
        path = path.strip_prefix(before)?;
        let is_rest = after.starts_with('*');
        let end = if is_rest { None } else { path.find('/') };
        (*param, path) = path.split_at(end.unwrap_or(path.len()));
        pattern = after.split_once('}').map_or("", |(_, after)| after);
    }
    (pattern == path).then_some(params)
}

/// The path, which has no more parameters than there is room for. Tables are constants: one that has
/// more does not compile.
const fn checked(path: &'static str) -> &'static str {
    let (mut at, mut count) = (0, 0);
    while at < path.len() {
        if path.as_bytes()[at] == b'{' {
            count += 1;
        }
        at += 1;
    }
    assert!(count <= MOST_PARAMS, "the path has more parameters than MOST_PARAMS");
    path
}

#[cfg(test)]
mod tests;
