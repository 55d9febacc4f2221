//! [`Recorder`]: a world around one session that writes everything down, and complains at once
//! when the session does what it must not.

use std::rc::Rc;
use std::time::Duration;

use switchboard::chat::{self, Command, Entrant, Event, Fault, Mobile, account};
use switchboard::dialects::operator::Order;
use switchboard::dialects::{Dialect, Entry};
use switchboard::limiter::{Forwarded, Limit};
use switchboard::session::{
    DoorRefusal, Host, Listener, Operated, Page, ProxyHeader, Refused, TooManyParked, Wanted,
};
use switchboard::timer::{Now, Zone};

use super::replies::{check_frame, check_response};

/// What a session has asked of the world.
#[derive(Default)]
pub(crate) struct Recorder {
    /// By which listener the connection came.
    pub(crate) listener: Listener,
    /// The headers of a proxy.
    pub(super) named: Vec<ProxyHeader>,
    /// The server is shutting down.
    pub(crate) draining: bool,
    /// Nobody is let in, and this is why.
    pub(crate) refusal: Option<DoorRefusal>,
    /// All that was written, in order.
    pub(crate) written: Vec<u8>,
    /// The commands, in order, as the chat would be handed them.
    pub(crate) commands: Vec<String>,
    /// The 101, once there was one.
    pub(crate) admitted_with: Option<Vec<u8>>,
    dialect: Option<Dialect>,
    mobile: Option<Mobile>,
    has_signed_in: bool,
    has_closed: bool,
    /// Nothing more may be asked for.
    pub(crate) is_over: bool,
}

impl Recorder {
    /// Whether a close frame was written.
    pub(crate) fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// One piece of output is one response, or one frame.
    fn note(&mut self, piece: &[u8]) {
        assert!(!self.is_over, "the session has ended");
        assert!(!self.has_closed, "a close frame is the last (RFC 6455 §5.5.1)");
        match self.dialect {
            None => check_response(piece),
            Some(dialect) => self.has_closed = check_frame(piece, dialect),
        }
        self.written.extend_from_slice(piece);
    }
}

impl Host for Recorder {
    fn now(&self) -> Now {
        Now { unix: Duration::from_secs(784_111_777), ..Now::default() }
    }

    fn write(&mut self, fill: impl FnOnce(&mut Vec<u8>)) {
        let mut piece = Vec::new();
        fill(&mut piece);
        self.note(&piece);
    }

    fn write_shared(&mut self, bytes: &Rc<[u8]>) {
        assert!(self.written.ends_with(b"\r\n\r\n"), "it is the body of the answer before it");
        self.written.extend_from_slice(bytes);
    }

    fn tell(&mut self, event: &Event<'_>) {
        let dialect = self.dialect.expect("only who was let in is told something");
        let mut piece = Vec::new();
        dialect.frame(event, &Zone::default(), &mut piece);
        if !piece.is_empty() {
            self.note(&piece);
        }
    }

    fn sign_in(&mut self, who: Entrant<'_>) -> Result<(), chat::Refusal> {
        let Entrant::Messenger(who) = who else {
            panic!("phones say who they are before: {who:?}")
        };
        assert_eq!(self.dialect, Some(Dialect::Messenger), "phones say who they are before");
        assert!(!self.has_signed_in, "a client signs in once");
        self.has_signed_in = true;
        self.commands.push(format!("{who:?}"));
        Ok(())
    }

    fn mobile(&self) -> Option<Mobile> {
        self.mobile
    }

    fn prove(&mut self, until: Duration) {
        assert!(self.mobile.is_some() && until > self.now().unix, "it is good for a while");
    }

    fn checks_token(&mut self) {}

    fn command(&mut self, command: &Command<'_>) {
        assert!(!self.is_over && !self.has_closed, "who has said goodbye commands nothing");
        let is_known = match command {
            Command::Mobile(_) => self.dialect == Some(Dialect::Sca),
            Command::Messenger(_) => self.has_signed_in,
            Command::Account(_) => false,
        };
        assert!(is_known, "only a client that has signed in commands, and in its realm");
        self.commands.push(format!("{command:?}"));
    }

    fn limit_hit(&mut self, _: Limit) {
        assert!(!self.is_over, "the session has ended");
    }

    fn message_refused(&mut self, fault: Fault) {
        assert!(!self.is_over && !self.has_closed);
        self.commands.push(format!("{fault:?}"));
    }

    fn page(&mut self, page: Page) -> (&'static str, String) {
        assert!(self.dialect.is_none(), "a WebSocket is served no pages");
        ("text/plain", format!("{page:?}"))
    }

    fn answered(&mut self, status: u16, _: usize) {
        assert!(!self.is_over && self.dialect.is_none(), "a WebSocket is served no pages");
        self.commands.push(format!("{status:?}"));
    }

    fn refused(&mut self, refused: Refused) {
        assert!(!self.is_over && self.dialect.is_none(), "a WebSocket is refused no request");
        assert!(refused.status.code() >= 400);
        self.commands.push(format!("{refused:?}"));
    }

    fn listener(&self) -> Listener {
        self.listener
    }

    fn is_from_proxy(&self) -> bool {
        false
    }

    fn name_peer(&mut self, header: ProxyHeader) -> Result<(), DoorRefusal> {
        self.named.push(header);
        self.refusal.map_or(Ok(()), Err)
    }

    fn is_draining(&self) -> bool {
        self.draining
    }

    fn is_accepting(&self) -> bool {
        !self.draining && self.refusal.is_none()
    }

    fn ask(
        &mut self,
        _: &account::Call,
        _: Wanted,
        _: u16,
        _: Forwarded,
    ) -> Result<(), TooManyParked> {
        // Nobody replies here, so no request may wait.
        Err(TooManyParked)
    }

    fn operate(&mut self, order: Order, _: u16) -> Operated {
        panic!("there is no token, so nobody is the operator: {order:?}");
    }

    fn not_the_operator(&mut self) {
        panic!("there is no token, so nobody is the operator");
    }

    fn speaks(&mut self, dialect: Dialect) {
        panic!("no dialect gives way to another yet: {dialect:?}");
    }

    fn admit(
        &mut self,
        entry: Entry,
        _: Forwarded,
        switch: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), DoorRefusal> {
        assert!(self.dialect.is_none(), "somebody is let in once");
        assert_eq!(self.listener, Listener::Public, "the operator's listener has pages only");
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        let mut piece = Vec::new();
        switch(&mut piece);
        self.note(&piece);
        assert!(piece.starts_with(b"HTTP/1.1 101 "));
        self.admitted_with = Some(piece);
        self.dialect = Some(entry.dialect);
        self.mobile = match entry.who {
            Some(Entrant::Mobile { mobile, .. }) => Some(mobile),
            _ => None,
        };
        Ok(())
    }
}
