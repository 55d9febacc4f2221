//! [`enrol`]: sees to it that all users of a run are registered, and logged in, before the run.
//!
//! The requests go one after the other, at the pace that the server asks for (429 and `Retry-After`). A login
//! takes the server 15 ms by design.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use serde::Deserialize;
use switchboard::dialects::websocket_chat::wire::Credentials;
use switchboard::timer::Moment;

use super::ask::{Answer, Asker, Request};
use super::clock::Clock;
use super::patience::Refusal;
use crate::client::{App, AppRequest, Skills};
use crate::phone_id::PhoneId;
use crate::pool::{Account, Pool};
use crate::signals::Signals;
use crate::target::Target;
use crate::workload::Shard;

/// The time that is waited where the server asks to wait, and does not say how long.
const PAUSE: Duration = Duration::from_secs(1);
/// How often progress is shown.
const BETWEEN_LINES: Duration = Duration::from_secs(1);
/// A wait of this much or more is worth a word of advice.
const LONG_WAIT: Duration = Duration::from_secs(5);
/// How long a request is made again for which it is too early. Ours lets one address register every minute; a server that
/// is down behind its proxy says so for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

const JSON: &str = "Content-Type: application/json\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// What an answer to a login has, as far as it is needed.
#[derive(Deserialize)]
struct LoggedIn {
    token: String,
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    id: String,
    username: Option<String>,
}

/// Makes the first `users` accounts of the pool ready, or those of them that this shard plays: a user without a valid
/// token logs in, and a user that the server does not know is registered.
///
/// # Errors
///
/// One sentence, if that is not possible for one of them; or that a signal came first. What was done until then
/// is in the pool.
pub(crate) fn enrol(
    pool: &mut Pool,
    (users, shard): (u32, Option<Shard>),
    target: &Target,
    signals: &Signals,
    (skills, is_quiet): (Skills, bool),
) -> Result<(), Refusal> {
    let mut desk = Enrolment {
        asker: Asker::new(target, Some(signals)),
        signals,
        clock: Clock::start(),
        next_line: Moment::START + BETWEEN_LINES,
        is_quiet,
        has_advised: false,
        has_forms: false,
    };
    let count = users as usize;
    if skills.has_pages {
        desk.has_forms = desk.has_only_forms(count)?;
    }
    let accounts = (0..users).zip(pool.accounts_mut());
    let is_ours = |&(user, _): &(u32, _)| shard.is_none_or(|shard| shard.has(PhoneId(user)));
    for (user, account) in accounts.filter(is_ours) {
        let done = user as usize;
        desk.tell(done, count, "");
        if account.token.is_some() && !desk.is_valid(account, done, count)? {
            account.token = None;
        }
        if account.token.is_none() {
            desk.log_in(account, done, count)?;
        }
    }
    Ok(())
}

struct Enrolment<'a> {
    asker: Asker<'a>,
    signals: &'a Signals,
    clock: Clock,
    next_line: Moment,
    is_quiet: bool,
    has_advised: bool,
    /// Whether users sign in by forms, and are known by cookies.
    has_forms: bool,
}

impl Enrolment<'_> {
    /// Whether the server speaks MyChat and does not speak WebSocket Chat, which has JSON at the same addresses. JSON is
    /// preferred, because an answer to a form does not say why it has failed.
    fn has_only_forms(&mut self, all: usize) -> Result<bool, Refusal> {
        let request = Request { method: "GET", path: "/messages/global", headers: "", body: "" };
        Ok(self.ask(&request, 0, all)?.status == 404)
    }

    /// Whether the server knows the session that is in the place of the token.
    fn is_session(&mut self, account: &Account, done: usize, all: usize) -> Result<bool, Refusal> {
        let token = account.token.as_deref().unwrap_or_default();
        let app = App { user_id: &account.id, token };
        let AppRequest { method, path, body } = app.rooms();
        let headers = app.cookies();
        let request = Request { method, path: &path, headers: &headers, body: &body };
        // Apps send those who are not signed in to the page for that.
        match self.ask(&request, done, all)? {
            Answer { status: 200, .. } => Ok(true),
            Answer { status: 401 | 403 | 302 | 303 | 307, .. } => Ok(false),
            answer => Err(refused(account, "its session", &answer)),
        }
    }

    /// Signs the user in by a form. A registration signs the user in, too.
    fn sign_in(
        &mut self,
        account: &mut Account,
        password: &str,
        done: usize,
        all: usize,
    ) -> Result<(), Refusal> {
        let body = App::credentials(&account.name, password);
        // An account with an id was registered before. The server may have forgotten it, or be another one.
        let paths = match account.id.is_empty() {
            true => ["/register", "/login"],
            false => ["/login", "/register"],
        };
        for path in paths {
            let request = Request { method: "POST", path, headers: FORM, body: &body };
            let answer = self.ask(&request, done, all)?;
            if !matches!(answer.status, 200 | 302 | 303) {
                return Err(refused(account, "its form", &answer));
            }
            if let Some((session, id)) = App::read_cookies(&answer.cookies) {
                (account.token, account.id) = (Some(session.to_owned()), id.to_owned());
                return Ok(());
            }
        }
        let name = &account.name;
        Err(format!("the server takes neither the registration nor the login of the user {name}: it sets no cookies `session` and `user_id`").into())
    }

    /// Whether the server knows the account's token.
    fn is_valid(&mut self, account: &Account, done: usize, all: usize) -> Result<bool, Refusal> {
        if self.has_forms {
            return self.is_session(account, done, all);
        }
        let token = account.token.as_deref().unwrap_or_default();
        let headers = format!("Authorization: Bearer {token}\r\n");
        let request =
            Request { method: "GET", path: "/messages/global", headers: &headers, body: "" };
        let answer = self.ask(&request, done, all)?;
        match answer.status {
            200 => Ok(true),
            401 => Ok(false),
            _ => Err(refused(account, "its token", &answer)),
        }
    }

    /// Logs the user in, who is registered first if the server does not know the name.
    fn log_in(&mut self, account: &mut Account, done: usize, all: usize) -> Result<(), Refusal> {
        let name = account.name.clone();
        let Some(password) = account.password.clone() else {
            return Err(format!(
                "the user {name} has no password, and no token that the server knows: make new tokens with `switchboard user add --stdin --tokens`"
            )
            .into());
        };
        if self.has_forms {
            return self.sign_in(account, &password, done, all);
        }
        let body = Credentials { username: &name, password: &password };
        let body = serde_json::to_string(&body).expect("strings always have a JSON form");
        let post = |path| Request { method: "POST", path, headers: JSON, body: &body };
        // An account with an id was registered before.
        if account.id.is_empty() {
            let answer = self.ask(&post("/register"), done, all)?;
            // 400 is also the answer to a name that is taken: then the password will tell.
            if !matches!(answer.status, 200 | 400) {
                return Err(refused(account, "its registration", &answer));
            }
        }
        let mut answer = self.ask(&post("/login"), done, all)?;
        if answer.status == 401 && !account.id.is_empty() {
            // The server has forgotten the user, or is another one.
            account.id.clear();
            let registered = self.ask(&post("/register"), done, all)?;
            if registered.status == 200 {
                answer = self.ask(&post("/login"), done, all)?;
            }
        }
        if answer.status != 200 {
            return Err(refused(account, "its login", &answer));
        }
        let LoggedIn { token, user } = serde_json::from_str(&answer.body)
            .map_err(|_| format!("the answer to the login of {name} has no token"))?;
        if let Some(other) = user.username.filter(|username| *username != name) {
            return Err(
                format!("the server logs the user {name} in as another one: {other}").into()
            );
        }
        (account.token, account.id) = (Some(token), user.id);
        Ok(())
    }

    /// Asks, and again as long as the server says that it is too early, unless that takes too long.
    fn ask(&mut self, request: &Request<'_>, done: usize, all: usize) -> Result<Answer, Refusal> {
        let patience_ends = self.clock.now() + LONGEST_WAIT;
        loop {
            let answer = self.asker.ask(request)?;
            let pause = answer.retry_after.unwrap_or(PAUSE).max(Duration::from_millis(100));
            if !answer.is_too_early() || self.clock.now() + pause > patience_ends {
                return Ok(answer);
            }
            self.advise(pause);
            let until = self.clock.now() + pause;
            while self.clock.now() < until {
                let left = until.since(self.clock.now());
                let what = format!("; the server asks to wait {} s", left.as_secs() + 1);
                self.tell(done, all, &what);
                if self.signals.pause(left.min(BETWEEN_LINES)) {
                    return Err(Refusal::Interrupted);
                }
            }
        }
    }

    fn advise(&mut self, pause: Duration) {
        if pause >= LONG_WAIT && !self.is_quiet && !self.has_advised {
            self.has_advised = true;
            let line = "the server lets one address register only now and then: `switchboard user add --stdin --tokens` on its machine does it at once";
            drop(writeln!(io::stderr(), "{line}"));
        }
    }

    fn tell(&mut self, done: usize, all: usize, what: &str) {
        let now = self.clock.now();
        if self.is_quiet || now < self.next_line {
            return;
        }
        self.next_line = now + BETWEEN_LINES;
        let line = format!("logging in: {done} of {all} users{what}");
        // On a terminal, a line takes the place of the one before.
        let line = match io::stderr().is_terminal() {
            true => format!("\r\x1b[K{line}"),
            false => format!("{line}\n"),
        };
        let mut stderr = io::stderr();
        drop(stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush()));
    }
}

/// What the server says of an account, in a sentence.
fn refused(account: &Account, what: &str, answer: &Answer) -> Refusal {
    #[derive(Deserialize)]
    struct Detail {
        detail: String,
    }
    let detail = serde_json::from_str::<Detail>(&answer.body);
    let detail = detail.map_or(String::new(), |found| format!(": {}", found.detail));
    let (name, status) = (&account.name, answer.status);
    Refusal::Server(format!("the server refuses the user {name} {what}: HTTP {status}{detail}"))
}
