//! [`Lookback`]: when users look back while others write, and where. A protocol with histories on its socket is asked
//! there. Others have theirs at an address of HTTP: a thread asks for those, one after the other. `histories` says
//! who asks for what.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use switchboard::timer::Moment;

use super::ask::{Answer, Asker, Request};
use super::clock::Clock;
use super::desk::account::Look;
use super::patience::Refusal;
use crate::client::{AccountWords, Archive, Realm};
use crate::plan::Plan;
use crate::target::Target;

/// When histories are asked for, and where.
#[derive(Debug)]
pub(super) struct Lookback {
    /// Time between two that this process asks for.
    pub(super) every: Duration,
    /// When the next is due; `None`: nobody asks.
    pub(super) next: Option<Moment>,
    pub(super) way: Way,
}

/// Where histories are asked for.
#[derive(Debug)]
pub(super) enum Way {
    Nowhere,
    Socket(&'static dyn AccountWords),
    Http(Http),
}

/// Histories over HTTP.
#[derive(Debug)]
pub(super) struct Http {
    /// Only messages to everyone have one.
    pub(super) is_global: bool,
    /// Dropping it ends the thread.
    questions: Sender<Question>,
    answers: Receiver<(Result<Answer, Refusal>, Moment)>,
    /// Those that have not been answered, in the order of asking.
    pub(super) under_way: VecDeque<Look>,
}

/// A `GET`.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) path: String,
    /// Header lines, each with its end of line.
    pub(super) headers: String,
}

impl Lookback {
    /// Nobody has asked yet. Shards take turns.
    pub(super) fn new(plan: &Plan, realm: Realm, target: &Target, clock: Clock) -> Self {
        let per_second = plan.settings.postings.histories;
        let (between, way) = match realm {
            Realm::Account(words) if per_second > 0.0 => {
                (Duration::from_secs_f64(1.0 / per_second), Way::of(words, target, clock))
            }
            Realm::Account(_) | Realm::Mobile(_) | Realm::Messenger(_) => {
                (Duration::ZERO, Way::Nowhere)
            }
        };
        let (number, of) = plan.shard.map_or((1, 1), |shard| (shard.number, shard.of));
        let next = match way {
            Way::Nowhere => None,
            Way::Socket(_) | Way::Http(_) => Some(plan.timing.messages_begin() + between * number),
        };
        Lookback { every: between * of, next, way }
    }

    /// When the next history is due to be asked for.
    pub(super) fn next_deadline(&self, is_playing: bool) -> Option<Moment> {
        self.next.filter(|_| is_playing)
    }
}

impl Way {
    /// The protocol's own.
    fn of(words: &'static dyn AccountWords, target: &Target, clock: Clock) -> Self {
        if words.skills().has_history {
            return Way::Socket(words);
        }
        let is_global = words.archives().iter().find_map(|archive| match archive {
            Archive::Pages(_) => None,
            Archive::LastToEveryone => Some(true),
            Archive::LastOfEach { .. } => Some(false),
        });
        is_global.map_or(Way::Nowhere, |is_global| {
            Way::Http(Http::start(is_global, target.clone(), clock))
        })
    }
}

impl Http {
    fn start(is_global: bool, target: Target, clock: Clock) -> Self {
        let (questions, asked) = mpsc::channel::<Question>();
        let (answer, answers) = mpsc::channel();
        thread::spawn(move || {
            let mut asker = Asker::new(&target, None);
            for Question { path, headers } in asked {
                let request = Request { method: "GET", path: &path, headers: &headers, body: "" };
                let said = asker.ask(&request);
                // The run is over.
                let Ok(()) = answer.send((said, clock.now())) else { return };
            }
        });
        Http { is_global, questions, answers, under_way: VecDeque::new() }
    }

    /// Asks for a history.
    pub(super) fn ask(&mut self, look: Look, question: Question) {
        if self.questions.send(question).is_ok() {
            self.under_way.push_back(look);
        }
    }

    /// The next that has been answered, the answer, and when it had come.
    pub(super) fn next_answer(&mut self) -> Option<(Look, Result<Answer, Refusal>, Moment)> {
        let (answer, answered) = self.answers.try_recv().ok()?;
        Some((self.under_way.pop_front()?, answer, answered))
    }
}
