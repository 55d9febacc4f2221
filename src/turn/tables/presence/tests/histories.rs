//! Random histories, with a realm that remembers what a delta has to tell: at the end, each receiver sees
//! the present list, and in time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::chat::mobile::{self, Realm};
use crate::chat::{self, Audience, Mobile, Sink};
use crate::limiter::Block;
use crate::timer::Now;
use crate::turn::tables::presence::budget::LEAST_CHARGE;

/// Slots of one audience.
const SLOTS: u32 = 6;

fn mobile(slot: u32) -> Mobile {
    Mobile::parse(format!("{slot:010}").as_bytes()).expect("ten digits")
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(u32, PresenceMode),
    Leave(u32),
    Ask(u32),
    Mode(u32, PresenceMode),
    Block(u32),
    Drain(u32),
    /// Publishes to this many receivers at most, after this many milliseconds.
    Publish(u64, usize, bool),
}

fn step(audiences: u32) -> impl Strategy<Value = Step> {
    let slot = move || 0..SLOTS * audiences;
    let mode = || {
        prop_oneof![Just(PresenceMode::Full), Just(PresenceMode::Delta), Just(PresenceMode::None)]
    };
    prop_oneof![
        (slot(), mode()).prop_map(|(slot, mode)| Step::Join(slot, mode)),
        slot().prop_map(Step::Leave),
        slot().prop_map(Step::Ask),
        (slot(), mode()).prop_map(|(slot, mode)| Step::Mode(slot, mode)),
        slot().prop_map(Step::Block),
        slot().prop_map(Step::Drain),
        (0..300u64, 0..5usize, any::<bool>())
            .prop_map(|(millis, most, hold)| Step::Publish(millis, most, hold)),
    ]
}

/// One receiver, as its user sees it.
#[derive(Clone, Debug)]
struct Person {
    mode: PresenceMode,
    view: Option<BTreeSet<Mobile>>,
    is_blocked: bool,
    has_asked: bool,
}

/// The contents of a delta: the numbers that joined, those that left, and how many are online.
#[derive(Clone, Debug, Default)]
struct Delta {
    joined: Vec<Mobile>,
    left: Vec<Mobile>,
    online: BTreeSet<Mobile>,
}

/// The world around presence, as simple as possible. Each audience has a realm of its own. The slots are
/// dealt out to them in turn.
struct Model {
    presence: Presence,
    realms: Vec<Realm>,
    people: Vec<Option<Person>>,
    deltas: Vec<Delta>,
    now: Moment,
}

/// Presence, as the realm of one audience sees it.
struct Stage<'p> {
    presence: &'p mut Presence,
    audience: usize,
}

impl Sink for Stage<'_> {
    fn send(&mut self, _to: ConnectionId, event: &chat::Event<'_>) {
        panic!("nobody writes: {event:?}");
    }

    fn fan_out(&mut self, _to: &[ConnectionId], event: &chat::Event<'_>) {
        panic!("nobody writes: {event:?}");
    }

    fn watch(&mut self, by: ConnectionId, what: Watch) {
        match what {
            Watch::Begin(_, mode) => self.presence.join(by, self.audience, mode),
            Watch::Ask | Watch::Switch(_) | Watch::End => self.presence.watch(by, what),
        }
    }

    fn list_changed(&mut self, _of: Audience) -> bool {
        self.presence.changed(self.audience)
    }

    fn ask(&mut self, job: crate::chat::account::Job) {
        panic!("this realm has no jobs: {job:?}");
    }

    fn reply(&mut self, to: crate::chat::account::Asker, _: &crate::chat::account::Reply<'_>) {
        panic!("this realm is asked nothing: {to:?}");
    }

    fn end(&mut self, id: ConnectionId, why: crate::chat::Farewell) {
        panic!("this realm ends no connection: {id:?} {why:?}");
    }
}

impl Model {
    fn new(audiences: usize) -> Self {
        Model {
            presence: presence(audiences),
            realms: (0..audiences).map(|_| Realm::new(mobile::Limits::default())).collect(),
            people: vec![None; SLOTS as usize * audiences],
            deltas: vec![Delta::default(); audiences],
            now: at(0),
        }
    }

    fn online(&self, audience: usize) -> BTreeSet<Mobile> {
        let is_there = |slot: &usize| self.people[*slot].is_some();
        let slots = (audience..self.people.len()).step_by(self.realms.len()).filter(is_there);
        slots.map(|slot| mobile(u32::try_from(slot).expect("a small number"))).collect()
    }

    fn begin_deltas(&mut self) {
        for audience in 0..self.realms.len() {
            if !self.presence.begin_delta(audience, self.now) {
                continue;
            }
            let truth = self.online(audience);
            let delta = &mut self.deltas[audience];
            self.realms[audience].changes(|event| {
                let mobile::Event::PresenceChanged { joined, left, online } = event else {
                    panic!("not a delta: {event:?}")
                };
                assert_eq!(online, truth.len());
                *delta = Delta { joined: joined.to_vec(), left: left.to_vec(), online: truth };
            });
        }
    }

    fn publish(&mut self, most: usize, hold_ring: bool) {
        if !hold_ring {
            self.begin_deltas();
        }
        for _ in 0..most {
            let Some(serving) = self.presence.next(self.now, hold_ring) else { break };
            let online = self.online(serving.audience);
            let slot = serving.to.index();
            assert_eq!(serving.audience, slot % self.realms.len(), "another audience's receiver");
            let person = self.people[slot].as_mut().expect("only who is there is served");
            assert!(!person.is_blocked, "a blocked receiver is served");
            match serving.what {
                What::List => {
                    person.view = Some(online);
                    person.has_asked = false;
                }
                What::Delta => {
                    let Delta { joined, left, online } = &self.deltas[serving.audience];
                    let view = person.view.as_mut().expect("a list comes first");
                    view.extend(joined);
                    view.retain(|mobile| !left.contains(mobile));
                    assert_eq!(view, online, "a delta leads to what was true when it was made");
                }
            }
            serve(&mut self.presence, serving);
        }
    }

    fn take(&mut self, step: Step) {
        if let Step::Publish(millis, most, hold_ring) = step {
            self.now = self.now + Duration::from_millis(millis);
            return self.publish(most, hold_ring);
        }
        let (Step::Join(slot, _)
        | Step::Leave(slot)
        | Step::Ask(slot)
        | Step::Mode(slot, _)
        | Step::Block(slot)
        | Step::Drain(slot)) = step
        else {
            return;
        };
        let (id, audience) = (id(slot), slot as usize % self.realms.len());
        let person = &mut self.people[slot as usize];
        let realm = &mut self.realms[audience];
        let sink = &mut Stage { presence: &mut self.presence, audience };
        match (step, person.as_mut()) {
            (Step::Join(_, mode), None) => {
                *person = Some(Person { mode, view: None, is_blocked: false, has_asked: false });
                let now = Now { monotonic: self.now, ..Now::default() };
                assert!(realm.admit(now, (id, Block::default()), mobile(slot), mode, sink).is_ok());
            }
            (Step::Leave(_), Some(_)) => {
                *person = None;
                realm.depart(id, sink);
            }
            (Step::Ask(_), Some(person)) => {
                person.has_asked = true;
                realm.handle(id, &mobile::Command::ListOnline, sink);
            }
            (Step::Mode(_, mode), Some(person)) => {
                person.mode = mode;
                realm.handle(id, &mobile::Command::Presence(mode), sink);
            }
            (Step::Block(_), Some(person)) => {
                person.is_blocked = true;
                self.presence.blocked(id);
            }
            (Step::Drain(_), Some(person)) => {
                person.is_blocked = false;
                self.presence.drained(id);
            }
            _ => {}
        }
    }

    /// The most time from the last change until each receiver is sent it. The budget may be in debt, and
    /// then has to earn a list for each receiver and each question. A delta that begins now is served at
    /// once. One may have begun just before, and then the next begins an interval later.
    fn patience(&self) -> Duration {
        let lists = u32::try_from(self.people.len()).expect("a small number");
        let least = u64::try_from(LEAST_CHARGE).expect("a number of bytes");
        let each = Duration::from_nanos(least * 1_000_000_000 / RATE);
        // One list may have been charged in full just before.
        each * (lists + 1) + Duration::from_millis(50) + PACE + Limits::default().delta_interval
    }
}

/// Checks that after this history each receiver whose socket is not full is sent the present list in time.
fn converges(audiences: usize, history: Vec<Step>) -> Result<(), TestCaseError> {
    let mut model = Model::new(audiences);
    for step in history {
        model.take(step);
        model.presence.check_invariants();
    }
    for slot in 0..model.people.len() {
        model.take(Step::Drain(u32::try_from(slot).expect("a small number")));
    }
    let patience = model.now + model.patience();
    while let Some(deadline) = model.presence.deadline(model.now) {
        prop_assert!(deadline <= patience, "it takes too long");
        model.now = deadline.max(model.now);
        model.publish(1, false);
    }
    for (slot, person) in model.people.iter().enumerate() {
        let Some(person) = person else { continue };
        prop_assert!(!person.has_asked);
        let truth = model.online(slot % audiences);
        prop_assert!(person.mode == PresenceMode::None || person.view.as_ref() == Some(&truth));
    }
    Ok(())
}

proptest! {
    #[test]
    fn after_any_history_all_receivers_see_the_present_list(
        history in prop::collection::vec(step(1), 0..120),
    ) {
        converges(1, history)?;
    }

    #[test]
    fn after_any_history_of_two_audiences_under_one_budget_all_receivers_see_their_present_list(
        history in prop::collection::vec(step(2), 0..160),
    ) {
        converges(2, history)?;
    }
}
