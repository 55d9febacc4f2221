//! Random actions of senders at several addresses that share a quota. An address that has no more than its
//! even share loses nothing to another one.

use proptest::prelude::*;

use super::*;

const ADDRESSES: usize = 4;
const SENDERS: u32 = 12;
/// The most invitations.
const ROOM: usize = 10;
const BOB: u32 = 50;

#[derive(Clone, Copy, Debug)]
enum Step {
    Invite { sender: u32 },
    Toggle { sender: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..SENDERS).prop_map(|sender| Step::Invite { sender }),
        1 => (0..SENDERS).prop_map(|sender| Step::Toggle { sender }),
    ]
}

fn name(sender: u32) -> String {
    format!("s{sender:02}")
}

/// The address of a sender: most senders are at the first one.
fn address(sender: u32) -> usize {
    (sender as usize).saturating_sub(SENDERS as usize - ADDRESSES)
}

/// How many invitations the senders of each address have.
fn held(world: &World) -> [usize; ADDRESSES] {
    let mut held = [0; ADDRESSES];
    for sender in 0..SENDERS {
        if let Some(person) = world.realm.people.find(&name(sender)) {
            held[address(sender)] += world.realm.people[person].sent().len();
        }
    }
    held
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_address_that_has_no_more_than_its_part_loses_nothing_to_others(
        house in any::<bool>(),
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let quota = Quota { number: ROOM, bytes: usize::MAX };
        let limits = match house {
            true => Limits { invitations_in_all: quota, ..Limits::default() },
            false => Limits { invitations_received: quota, ..Limits::default() },
        };
        let mut world = World::new(limits);
        world.join(BOB, "bob");
        let mut is_here = [false; SENDERS as usize];
        for sender in 0..SENDERS {
            world.place(sender, 100 + u8::try_from(address(sender)).expect("a few"));
        }
        for (number, &step) in steps.iter().enumerate() {
            let before = held(&world);
            match step {
                Step::Toggle { sender } if is_here[sender as usize] => world.leave(sender),
                Step::Toggle { sender } => world.join(sender, &name(sender)),
                Step::Invite { sender } => world.invite(sender, "bob", &format!("i{number}")),
            }
            if let Step::Toggle { sender } = step {
                is_here[sender as usize] ^= true;
            }
            let after = held(&world);
            for (before, after) in before.into_iter().zip(after) {
                let part = ROOM / ADDRESSES;
                prop_assert!(after >= before.min(part), "{step:?}: {before} became {after}");
            }
            prop_assert!(after.iter().sum::<usize>() <= ROOM);
        }
    }
}
