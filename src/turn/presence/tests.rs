//! The pacer: it converges whatever happens, keeps to its budget, and lets nobody starve.

mod budget;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const RATE: u64 = 1 << 20;
const SLOTS: u32 = 6;

fn id(slot: u32) -> ConnectionId {
    ConnectionId::new(slot, 3)
}

fn mobile(slot: u32) -> Mobile {
    Mobile::parse(format!("{slot:010}").as_bytes()).expect("ten digits")
}

fn at(millis: u64) -> Moment {
    Moment::START + Duration::from_millis(millis)
}

fn pacer() -> Pacer {
    Pacer::new(Limits { bytes_per_second: RATE, ..Limits::default() })
}

/// A pacer whose receivers, all in the same mode, have their first list, and tokens to spare.
fn settled(slots: u32, mode: PresenceMode) -> Pacer {
    let mut pacer = pacer();
    for slot in 0..slots {
        pacer.join(id(slot), mobile(slot), mode);
    }
    while pacer.next(at(0), false).map(|serving| serve(&mut pacer, serving)).is_some() {}
    for millis in 1..1000 {
        pacer.begin_delta(at(millis));
        while pacer.next(at(millis), false).map(|serving| serve(&mut pacer, serving)).is_some() {}
    }
    assert_eq!(pacer.deadline(at(1000), false), None);
    pacer
}

/// Gives a receiver what he is to have; a list is a short one.
fn serve(pacer: &mut Pacer, serving: Serving) -> ConnectionId {
    match serving {
        Serving::List(id) => {
            pacer.served_list(id, 100);
            id
        }
        Serving::Delta(id) => {
            pacer.served_delta(id);
            id
        }
    }
}

#[test]
fn a_first_list_waits_for_no_budget() {
    let mut pacer = pacer();
    for slot in 0..1000 {
        pacer.join(id(slot), mobile(slot), PresenceMode::Full);
    }
    for slot in 0..1000 {
        assert_eq!(pacer.next(at(0), true), Some(Serving::List(id(slot))));
        pacer.served_list(id(slot), 13_000);
    }
}

#[test]
fn those_who_ask_take_at_most_every_second_place() {
    let mut pacer = settled(4, PresenceMode::None);
    for slot in 0..3 {
        pacer.asked(id(slot));
    }
    for slot in 4..8 {
        pacer.join(id(slot), mobile(slot), PresenceMode::Full);
    }
    let order = [0, 4, 1, 5, 2, 6, 7].map(|slot| Some(Serving::List(id(slot))));
    for expected in order {
        let serving = pacer.next(at(1000), true);
        assert_eq!(serving, expected);
        serving.map(|serving| serve(&mut pacer, serving));
    }
    assert_eq!(pacer.next(at(1000), true), None);
}

#[test]
fn whoever_asks_while_the_budget_is_spent_is_answered_when_it_is_not() {
    let mut pacer = settled(1, PresenceMode::None);
    pacer.next(at(1000), false);
    pacer.served_list(id(0), 1 << 30);
    pacer.asked(id(0));
    assert_eq!(pacer.next(at(1000), false), None);
    let deadline = pacer.deadline(at(1000), false).expect("somebody waits");
    assert!(deadline > at(1000));
    assert_eq!(pacer.next(deadline, false), Some(Serving::List(id(0))));
}

#[test]
fn a_question_is_answered_even_if_its_asker_then_wants_no_presence() {
    let mut pacer = settled(1, PresenceMode::Full);
    pacer.asked(id(0));
    pacer.set_mode(id(0), PresenceMode::None);
    assert_eq!(pacer.next(at(1000), false), Some(Serving::List(id(0))));
    pacer.served_list(id(0), 100);
    pacer.join(id(1), mobile(1), PresenceMode::None);
    assert_eq!(pacer.next(at(1000), false), None);
}

#[test]
fn a_blocked_receiver_gets_nothing_and_when_it_has_drained_the_newest_only() {
    let mut pacer = settled(2, PresenceMode::Full);
    pacer.blocked(id(0));
    for slot in 2..5 {
        pacer.join(id(slot), mobile(slot), PresenceMode::None);
        assert_eq!(pacer.next(at(1000), false), (slot == 2).then_some(Serving::List(id(1))));
        pacer.blocked(id(1));
    }
    pacer.asked(id(0));
    assert_eq!(pacer.deadline(at(1000), false), None);
    pacer.drained(id(0));
    assert_eq!(pacer.next(at(1000), false), Some(Serving::List(id(0))));
    pacer.served_list(id(0), 100);
    assert_eq!(pacer.next(at(1000), false), None);
}

#[test]
fn a_replacement_is_news_to_nobody_but_the_newcomer() {
    let mut pacer = settled(3, PresenceMode::Full);
    pacer.replaced(id(0), id(9), PresenceMode::Full);
    assert_eq!(pacer.next(at(1000), false), Some(Serving::List(id(9))));
    pacer.served_list(id(9), 100);
    assert_eq!(pacer.deadline(at(1000), false), None);
}

#[test]
fn a_delta_names_those_who_came_and_went_again() {
    let mut pacer = settled(1, PresenceMode::Delta);
    pacer.join(id(1), mobile(1), PresenceMode::None);
    pacer.leave(id(1), mobile(1));
    assert_eq!(pacer.begin_delta(at(2000)), Some(vec![mobile(1)]));
    assert_eq!(pacer.next(at(2000), false), Some(Serving::Delta(id(0))));
    pacer.served_delta(id(0));
    assert_eq!(pacer.begin_delta(at(9000)), None);
}

#[test]
fn who_drains_between_two_deltas_is_not_hidden_behind_who_has_just_come() {
    let mut pacer = settled(1, PresenceMode::Delta);
    pacer.blocked(id(0));
    pacer.join(id(1), mobile(1), PresenceMode::Delta);
    assert_eq!(pacer.next(at(1000), false), Some(Serving::List(id(1))));
    pacer.served_list(id(1), 100);
    pacer.drained(id(0));
    assert_eq!(pacer.begin_delta(at(2000)), Some(vec![mobile(1)]));
    let served: BTreeSet<_> = std::iter::from_fn(|| {
        pacer.next(at(2000), false).map(|serving| serve(&mut pacer, serving))
    })
    .collect();
    assert!(served.contains(&id(0)));
    pacer.check_invariants();
}

#[test]
fn whoever_has_missed_a_delta_starts_again_from_a_list_and_whoever_has_not_gets_nothing() {
    let mut pacer = settled(2, PresenceMode::Delta);
    pacer.blocked(id(0));
    pacer.drained(id(0));
    assert_eq!(pacer.deadline(at(1000), false), None, "nothing has passed him by");
    pacer.blocked(id(0));
    pacer.join(id(2), mobile(2), PresenceMode::None);
    assert!(pacer.begin_delta(at(2000)).is_some());
    assert_eq!(pacer.next(at(2000), false), Some(Serving::Delta(id(1))));
    pacer.served_delta(id(1));
    pacer.drained(id(0));
    assert_eq!(pacer.next(at(2000), true), Some(Serving::List(id(0))));
}

#[test]
fn whoever_wants_no_presence_any_more_is_owed_none() {
    let mut pacer = settled(1, PresenceMode::Full);
    pacer.set_mode(id(0), PresenceMode::None);
    assert_eq!(pacer.deadline(at(1000), false), None);
}

#[test]
fn nobody_is_noted_for_a_delta_that_nobody_gets() {
    let mut pacer = settled(1, PresenceMode::Full);
    for slot in 1..100 {
        pacer.join(id(slot), mobile(slot), PresenceMode::None);
    }
    assert_eq!(pacer.touched.len(), 0, "it would grow for ever");
}

#[test]
fn the_version_is_another_after_every_change_and_the_same_after_none() {
    let mut pacer = settled(1, PresenceMode::Full);
    let before = pacer.version();
    pacer.asked(id(0));
    pacer.next(at(1000), false).map(|serving| serve(&mut pacer, serving));
    assert_eq!(pacer.version(), before);
    pacer.join(id(1), mobile(1), PresenceMode::None);
    let with_two = pacer.version();
    pacer.leave(id(1), mobile(1));
    assert!(before < with_two && with_two < pacer.version());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(u32, PresenceMode),
    Leave(u32),
    Ask(u32),
    Mode(u32, PresenceMode),
    Block(u32),
    Drain(u32),
    /// Publishes to so many, after so many milliseconds.
    Publish(u64, usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let slot = || 0..SLOTS;
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

/// One receiver, as he sees himself.
#[derive(Clone, Debug)]
struct Person {
    mode: PresenceMode,
    view: Option<BTreeSet<Mobile>>,
    is_blocked: bool,
    has_asked: bool,
}

/// The world around a pacer, without any cleverness.
struct Model {
    pacer: Pacer,
    people: Vec<Option<Person>>,
    delta: (Vec<Mobile>, BTreeSet<Mobile>),
    now: Moment,
}

impl Model {
    fn online(&self) -> BTreeSet<Mobile> {
        let is_there = |slot: &u32| self.people[*slot as usize].is_some();
        (0..SLOTS).filter(is_there).map(mobile).collect()
    }

    fn publish(&mut self, most: usize, hold_ring: bool) {
        let online = self.online();
        if !hold_ring && let Some(touched) = self.pacer.begin_delta(self.now) {
            self.delta = (touched, online.clone());
        }
        for _ in 0..most {
            let Some(serving) = self.pacer.next(self.now, hold_ring) else { break };
            let person = match serving {
                Serving::List(id) | Serving::Delta(id) => self.people[id.index()].as_mut(),
            };
            let person = person.expect("only who is there is served");
            assert!(!person.is_blocked, "a blocked receiver is served");
            match serving {
                Serving::List(_) => {
                    person.view = Some(online.clone());
                    person.has_asked = false;
                }
                Serving::Delta(_) => {
                    let (touched, then) = &self.delta;
                    let view = person.view.as_mut().expect("a list comes first");
                    for mobile in touched {
                        if then.contains(mobile) {
                            view.insert(*mobile)
                        } else {
                            view.remove(mobile)
                        };
                    }
                    assert_eq!(view, then, "a delta leads to what was true when it was made");
                }
            }
            serve(&mut self.pacer, serving);
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
        let (id, mobile) = (id(slot), mobile(slot));
        let person = &mut self.people[slot as usize];
        match (step, person.as_mut()) {
            (Step::Join(_, mode), None) => {
                *person = Some(Person { mode, view: None, is_blocked: false, has_asked: false });
                self.pacer.join(id, mobile, mode);
            }
            (Step::Leave(_), Some(_)) => {
                *person = None;
                self.pacer.leave(id, mobile);
            }
            (Step::Ask(_), Some(person)) => {
                person.has_asked = true;
                self.pacer.asked(id);
            }
            (Step::Mode(_, mode), Some(person)) => {
                person.mode = mode;
                self.pacer.set_mode(id, mode);
            }
            (Step::Block(_), Some(person)) => {
                person.is_blocked = true;
                self.pacer.blocked(id);
            }
            (Step::Drain(_), Some(person)) => {
                person.is_blocked = false;
                self.pacer.drained(id);
            }
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_everybody_sees_the_truth_in_the_end(
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let people = vec![None; SLOTS as usize];
        let delta = (Vec::new(), BTreeSet::new());
        let mut model = Model { pacer: pacer(), people, delta, now: at(0) };
        for step in steps {
            model.take(step);
            model.pacer.check_invariants();
        }
        for slot in 0..SLOTS {
            model.take(Step::Drain(slot));
        }
        let patience = model.now + Duration::from_secs(2);
        while let Some(deadline) = model.pacer.deadline(model.now, false) {
            prop_assert!(deadline <= patience, "it takes too long");
            model.now = deadline.max(model.now);
            model.publish(1, false);
        }
        let truth = model.online();
        for person in model.people.iter().flatten() {
            prop_assert!(!person.has_asked);
            prop_assert!(person.mode == PresenceMode::None || person.view.as_ref() == Some(&truth));
        }
    }
}
