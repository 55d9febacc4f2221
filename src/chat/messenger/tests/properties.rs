//! Random actions of people and of the network. The realm never panics, all tables agree after each step,
//! each status is told when it should be, and nothing is left when all people have gone.

use std::collections::HashMap;

use proptest::prelude::*;

use super::oracle::Oracle;
use super::*;

const PEOPLE: [&str; 5] = ["ada", "bob", "cem", "dan", "eve"];
const DEVICES: u32 = 9;

#[derive(Clone, Debug)]
enum Step {
    Join {
        device: u32,
        person: usize,
        receipts: bool,
    },
    Leave {
        device: u32,
    },
    Say {
        device: u32,
        to: usize,
    },
    /// Marks one of the latest messages as read.
    Read {
        device: u32,
        ago: usize,
    },
    Settle {
        which: usize,
        outcome: Outcome,
    },
    Invite {
        device: u32,
        to: usize,
        id: usize,
    },
    Answer {
        device: u32,
        id: usize,
        accepts: bool,
    },
    Type {
        device: u32,
        to: usize,
        is_typing: bool,
    },
    Pass {
        seconds: u64,
        budget: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let device = || 0..DEVICES;
    let person = || 0..PEOPLE.len();
    let outcome = prop_oneof![Just(Outcome::Delivered), Just(OFFLINE), Just(SLOW)];
    prop_oneof![
        4 => (device(), person(), any::<bool>())
            .prop_map(|(device, person, receipts)| Step::Join { device, person, receipts }),
        2 => device().prop_map(|device| Step::Leave { device }),
        6 => (device(), person()).prop_map(|(device, to)| Step::Say { device, to }),
        4 => (device(), 0..6usize).prop_map(|(device, ago)| Step::Read { device, ago }),
        6 => (any::<usize>(), outcome).prop_map(|(which, outcome)| Step::Settle { which, outcome }),
        2 => (device(), person(), 0..3usize)
            .prop_map(|(device, to, id)| Step::Invite { device, to, id }),
        2 => (device(), 0..3usize, any::<bool>())
            .prop_map(|(device, id, accepts)| Step::Answer { device, id, accepts }),
        2 => (device(), person(), any::<bool>())
            .prop_map(|(device, to, is_typing)| Step::Type { device, to, is_typing }),
        2 => (0..15u64, 0..4usize).prop_map(|(seconds, budget)| Step::Pass { seconds, budget }),
    ]
}

/// Limits that are so small that each of them is reached all the time.
fn tiny(require_invitation: bool, contact_grace: Duration) -> Limits {
    let quota = Quota { number: 2, bytes: 3_000 };
    Limits {
        invitation_ttl: Duration::from_secs(20),
        contact_grace,
        require_invitation,
        devices_per_person: 2,
        invitations_sent: quota,
        invitations_received: quota,
        invitations_in_all: Quota { number: 4, bytes: 5_000 },
        tracked_per_person: 2,
        tracked_messages: 4,
        tracked_for: Duration::from_secs(30),
        tracked_with_one_id: 2,
        contacts_per_person: 2,
        contacts_in_all: 3,
        remembered_people: 1,
        typing_lasts: Duration::from_secs(10),
        typing_at_once: 1,
    }
}

/// A world, its oracle, and the message of each ticket.
struct Walk {
    world: World,
    /// `None` if limits are reached or ids are used again, because the oracle knows neither.
    oracle: Option<Oracle>,
    ids: HashMap<Ticket, String>,
    said: usize,
    /// After how many messages the ids are used again.
    round: usize,
}

impl Walk {
    fn new(limits: Limits, oracle: Option<Oracle>, round: usize) -> Self {
        let mut world = World::new(limits);
        (0..DEVICES).for_each(|device| world.place(device, device as u8 % 3));
        Walk { world, oracle, ids: HashMap::new(), said: 0, round }
    }

    fn oracle(&mut self, hears: impl FnOnce(&mut Oracle)) {
        if let Some(oracle) = &mut self.oracle {
            hears(oracle);
        }
    }

    fn id(&self, number: usize) -> String {
        format!("m{}", number % self.round)
    }

    fn take(&mut self, step: &Step) {
        let world = &mut self.world;
        match *step {
            Step::Join { device, person, receipts } => {
                let done = world.sign_in(device, PEOPLE[person], None, receipts);
                self.oracle(|oracle| oracle.left(device));
                if done.is_ok() {
                    self.oracle(|oracle| oracle.joined(device, person, receipts));
                }
            }
            Step::Leave { device } => {
                world.realm.leave(world.now, world.caller(device), &mut world.sink);
                self.oracle(|oracle| oracle.left(device));
            }
            Step::Say { device, to } => {
                self.said += 1;
                let id = self.id(self.said);
                let copies = self.world.sink.copies.len();
                self.world.say(device, PEOPLE[to], &id);
                for (_, ticket) in &self.world.sink.copies[copies..] {
                    self.ids.insert(*ticket, id.clone());
                }
                self.oracle(|oracle| oracle.said(device, to, &id));
            }
            Step::Read { device, ago } => {
                let id = self.id(self.said.saturating_sub(ago));
                self.world.read(device, &id);
                self.oracle(|oracle| oracle.read(device, &id));
            }
            Step::Settle { which, outcome } => self.settle(which, outcome),
            Step::Invite { device, to, id } => {
                world.invite(device, PEOPLE[to], ["i0", "i1", "i2"][id]);
            }
            Step::Answer { device, id, accepts: true } => {
                world.accept(device, ["i0", "i1", "i2"][id])
            }
            Step::Answer { device, id, accepts: false } => {
                world.decline(device, ["i0", "i1", "i2"][id]);
            }
            Step::Type { device, to, is_typing } => world.types(device, PEOPLE[to], is_typing),
            Step::Pass { seconds, budget } => {
                world.now.monotonic = world.now.monotonic + Duration::from_secs(seconds);
                world.realm.expire(world.now, budget, &mut world.sink);
            }
        }
        self.world.realm.check_invariants();
        let copies = self.world.sink.copies.len() as u64;
        assert_eq!(self.world.realm.copies_in_flight(), copies);
    }

    fn settle(&mut self, which: usize, outcome: Outcome) {
        let World { realm, sink, .. } = &mut self.world;
        if sink.copies.is_empty() {
            return;
        }
        let (_, ticket) = sink.copies.swap_remove(which % sink.copies.len());
        realm.settle(ticket, outcome, sink);
        let id = self.ids[&ticket].clone();
        self.oracle(|oracle| oracle.settled(&id, outcome));
    }

    /// All people leave, all copies in flight are settled, and a long time passes.
    fn end(&mut self) {
        for device in 0..DEVICES {
            self.take(&Step::Leave { device });
        }
        while !self.world.sink.copies.is_empty() {
            self.take(&Step::Settle { which: 0, outcome: OFFLINE });
        }
        for _ in 0..4 {
            self.world.pass(Duration::from_secs(100 * 60 * 60));
        }
        assert_eq!(self.world.realm.books().in_flight, 0);
        assert_eq!(self.world.realm.next_deadline(), None);
        assert_eq!(self.world.realm.invitations(), 0);
        assert!(self.world.realm.tracks.all.is_empty());
        let (people, remembered) = (&self.world.realm.people, self.world.realm.remembered());
        assert_eq!(people.people.len(), remembered, "only people with contacts are kept");
    }
}

proptest! {
    // Each step checks every person. So half the usual number of cases is enough.
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn each_status_is_told_once_in_order_and_to_the_right_devices(
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut walk = Walk::new(Limits::default(), Some(Oracle::default()), usize::MAX);
        for step in &steps {
            walk.take(step);
            let heard = std::mem::take(&mut walk.world.sink.statuses);
            let oracle = walk.oracle.as_mut().expect("it is along");
            prop_assert!(oracle.agrees(&heard), "after {step:?} it was heard: {heard:?}");
            prop_assert_eq!(walk.world.realm.books().in_flight, oracle.in_flight() as u64);
        }
        walk.end();
    }

    #[test]
    fn within_the_smallest_limits_everything_still_holds(
        require_invitation in any::<bool>(),
        grace in 0..8u64,
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let limits = tiny(require_invitation, Duration::from_secs(grace));
        let mut walk = Walk::new(limits, None, 3);
        for step in &steps {
            walk.take(step);
        }
        walk.end();
    }
}
