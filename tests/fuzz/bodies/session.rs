//! Any bytes, as what somebody sends on one connection from its first byte to its last; and an end
//! at any time. Whole or in pieces, it has to come to the same.

use std::time::Duration;

use switchboard::auth::Keys;
use switchboard::http::proxy_header::V2_BYTES;
use switchboard::limiter::{Proxies, Rate};
use switchboard::session::{DoorRefusal, End, Flow, Limits, Listener, OpenRealms, Pages, Session};
use switchboard::web::WebClient;
use switchboard::{http, ws};

use super::Dice;
use super::host::Recorder;

/// What a session may keep for a head or a message that has begun, beside that itself: the state of
/// a frame that is under way, and the room for a control frame, which grows by doubling.
const STATE_BYTES: usize = 128 + 256;

/// A key that checks tokens.
const KEY: &str = r#"{"kty":"oct","k":"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"}"#;

thread_local! {
    /// `None` in a build without the feature `auth`.
    static KEYS: Option<Keys> = Keys::parse(KEY, None).ok().map(|(keys, _)| keys);
    /// It is compressed once, and not for each input.
    static WEB: WebClient = WebClient::new("number");
}

/// What the world is like, in which pieces the bytes come, how it is to end; then the bytes.
pub fn check(bytes: &[u8]) {
    let mut dice = Dice(bytes);
    let world = dice.byte();
    let sizes = dice.sizes();
    let end = end(dice.byte());
    let whole = converse(world, [dice.0], end);
    let mut rest = dice.0;
    let pieces = sizes.iter().cycle().map_while(|&size| {
        let (piece, after) = rest.split_at(size.min(rest.len()));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    });
    let pieces = converse(world, pieces, end);
    assert_eq!(whole.flow, pieces.flow);
    assert_eq!(whole.host.named, pieces.host.named);
    assert_eq!(whole.host.commands, pieces.host.commands);
    assert!(whole.host.written == pieces.host.written, "the same answers");
}

/// How somebody else may end a connection.
fn end(choice: u8) -> Option<End> {
    match choice % 8 {
        0 => Some(End::Replaced),
        1 => Some(End::Silent),
        2 => Some(End::Draining { retry_after: Duration::from_secs(choice.into()) }),
        3 => Some(End::Slow),
        4 => Some(End::Lost),
        5 => Some(End::Overloaded),
        // Its time is over, whatever it is in the middle of.
        _ => None,
    }
}

struct Outcome {
    host: Recorder,
    flow: Flow,
}

fn converse<'p>(
    world: u8,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    end: Option<End>,
) -> Outcome {
    let limits = Limits {
        http: http::Limits { head_bytes: 600, headers: 16 },
        ws: ws::Limits { message_bytes: 400, binary: false },
        echo_ws: ws::Limits { message_bytes: 600, binary: true },
        echo: true,
        admin_listener: world & 8 != 0,
        message_rate: Rate::per_second(200, 400),
        // How many bytes are read at once decides where this line is crossed.
        byte_rate: Rate::UNLIMITED,
        trusted_proxies: Proxies::default(),
        proxy_protocol: false,
        strikes: 3,
        pipelined_requests: 2,
        pipelined_answer_bytes: 4096,
        admin_token: None,
        allowed_origins: Vec::new(),
        realms: OpenRealms { messenger: world & 64 == 0, ..OpenRealms::ALL },
        keys: KEYS.with(Clone::clone).filter(|_| world & 32 != 0),
        pages: pages(),
        web: WEB.with(WebClient::clone),
    };
    let mut host = Recorder::default();
    host.listener = if world & 24 == 24 { Listener::Admin } else { Listener::Public };
    host.draining = world & 1 != 0;
    host.refusal = (world & 6 == 6).then_some(DoorRefusal::Full);
    let mut session = if world & 32 == 0 { Session::new() } else { Session::behind_proxy() };
    let mut flow = Flow::Open;
    for piece in pieces {
        flow = receive(&mut session, piece, &limits, &mut host);
        if flow != Flow::Open {
            break;
        }
    }
    let end = match (flow, end) {
        (Flow::Finish(end), _) | (Flow::Open, Some(end)) => end,
        (Flow::Open, None) => session.time_out(&mut host),
    };
    let was_websocket = session.is_websocket();
    session.finish(end, &mut host);
    assert_eq!(was_websocket && end.close_frame().is_some(), host.has_closed());
    host.is_over = true;
    assert_eq!(
        session.receive(&mut b"GET / HTTP/1.1\r\n\r\n".to_vec(), &limits, &mut host),
        Flow::Open
    );
    session.finish(End::Lost, &mut host);
    assert!(!session.is_websocket() && session.held_bytes() == 0 && !session.is_mid_message());
    Outcome { host, flow }
}

/// Hands over one piece, and what was left of it for later; checks what is kept.
fn receive(session: &mut Session, piece: &[u8], limits: &Limits, host: &mut Recorder) -> Flow {
    let mut input = piece.to_vec();
    let mut flow = session.receive(&mut input, limits, host);
    while flow == Flow::Open && session.has_more() {
        let before = session.held_bytes();
        flow = session.receive(&mut [], limits, host);
        // What has not arrived in full is looked at once more, and then waits for the rest.
        let gets_on = session.held_bytes() < before || !session.has_more();
        assert!(flow != Flow::Open || gets_on, "it would be asked for ever");
    }
    let at_most = limits.http.head_bytes.max(limits.echo_ws.message_bytes).max(V2_BYTES);
    if flow == Flow::Open {
        assert!(session.held_bytes() <= at_most + STATE_BYTES, "{}", session.held_bytes());
        assert!(session.is_mid_message() || session.held_bytes() == 0, "the idle own nothing");
    }
    flow
}

/// A few files of an app's own pages.
fn pages() -> Pages {
    let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let files = [
        file("templates/login.html", "<b>{{ username }}</b>"),
        file("templates/index.html", "<b>{{ username }}</b>"),
        file("static/x.js", "x"),
    ];
    Pages::new(files).expect("they are text")
}
