//! [`Person`]: a person, as the realm knows one. *Devices* are the connections that are signed in
//! with the person's id. *Social* is all that an idle person does not have: contacts, invitations,
//! messages under way.
//!
//! Most people have one device and say nothing, so this is what they must cost little for: 48
//! bytes here, and one allocation for the id and the name together. A person may also be a *ghost*,
//! to whom somebody has written an invitation, and who never came. Knows nobody but itself.

use std::mem;
use std::slice;

use super::chain::Chain;
use super::circle::Circle;
use super::person_key::PersonKey;
use super::shares::HolderKey;
use crate::chat::ConnectionId;
use crate::timer::TimerId;

/// A person: online, offline, or never seen.
pub(super) struct Person {
    /// The id, and behind it the name.
    text: Box<str>,
    /// Where the id ends. It has up to 256 characters, which is up to 1,024 bytes.
    id_len: u16,
    devices: Devices,
    social: Option<Box<Social>>,
}

/// All that an idle person does not have.
#[derive(Default)]
pub(super) struct Social {
    pub(super) contacts: Circle,
    /// What the person holds of what there is for all together, and from which address. None before the
    /// person first holds something.
    pub(super) holder: Option<HolderKey>,
    /// Messages of his that can still be marked as read.
    pub(super) tracked: Chain,
    /// How many messages, invitations and typists know the person by his key.
    pub(super) references: u32,
    /// Invitations that he has sent, and whose answer he has not heard.
    pub(super) sent: Pile,
    /// Invitations that wait for his answer.
    pub(super) received: Pile,
    /// To whom he is typing, the oldest first.
    pub(super) typing: Vec<Typing>,
    /// Runs from when his last device went until his contacts hear of it.
    pub(super) grace: Option<TimerId>,
}

/// Invitations of one person, the oldest first, and their bytes.
#[derive(Default)]
pub(super) struct Pile {
    pub(super) keys: Vec<u32>,
    pub(super) bytes: usize,
}

/// Somebody is being typed to.
#[derive(Clone, Copy)]
pub(super) struct Typing {
    pub(super) to: PersonKey,
    /// When it ends by itself.
    pub(super) timer: TimerId,
}

/// The connections of a person: those that want to hear what becomes of messages stand first.
#[derive(Default)]
enum Devices {
    #[default]
    None,
    One {
        device: ConnectionId,
        receipts: bool,
    },
    Several(Box<Several>),
}

struct Several {
    list: Vec<ConnectionId>,
    /// How many of them want receipts.
    receipts: usize,
}

impl Person {
    /// A person without a device and without a name.
    pub(super) fn new(id: &str) -> Self {
        let id_len = u16::try_from(id.len()).expect("an id has 256 characters of 4 bytes at most");
        Person { text: id.into(), id_len, devices: Devices::None, social: None }
    }

    /// Who it is.
    pub(super) fn id(&self) -> &str {
        &self.text[..self.id_len.into()]
    }

    /// What it calls itself. No name is empty.
    pub(super) fn name(&self) -> Option<&str> {
        Some(&self.text[self.id_len.into()..]).filter(|name| !name.is_empty())
    }

    /// Gives it another name.
    pub(super) fn rename(&mut self, name: &str) {
        if self.name() != Some(name) {
            self.text = [self.id(), name].concat().into();
        }
    }

    /// All its devices.
    pub(super) fn devices(&self) -> &[ConnectionId] {
        match &self.devices {
            Devices::None => &[],
            Devices::One { device, .. } => slice::from_ref(device),
            Devices::Several(several) => &several.list,
        }
    }

    /// Those of its devices that want to hear what becomes of messages.
    pub(super) fn devices_with_receipts(&self) -> &[ConnectionId] {
        match &self.devices {
            Devices::None | Devices::One { receipts: false, .. } => &[],
            Devices::One { device, receipts: true } => slice::from_ref(device),
            Devices::Several(several) => &several.list[..several.receipts],
        }
    }

    /// Whether it has a device.
    pub(super) fn is_online(&self) -> bool {
        !matches!(self.devices, Devices::None)
    }

    /// Whether its contacts are to see it as online: it is, or may be back at any moment.
    pub(super) fn is_present(&self) -> bool {
        self.is_online() || self.social.as_ref().is_some_and(|social| social.grace.is_some())
    }

    /// Adds a device.
    pub(super) fn add(&mut self, device: ConnectionId, receipts: bool) {
        self.devices = match mem::take(&mut self.devices) {
            Devices::None => Devices::One { device, receipts },
            Devices::One { device: first, receipts: firsts } => {
                let mut several = Several { list: vec![first], receipts: firsts.into() };
                several.add(device, receipts);
                Devices::Several(Box::new(several))
            }
            Devices::Several(mut several) => {
                several.add(device, receipts);
                Devices::Several(several)
            }
        };
    }

    /// Takes a device out.
    pub(super) fn remove(&mut self, device: ConnectionId) {
        self.devices = match mem::take(&mut self.devices) {
            Devices::None => Devices::None,
            Devices::One { device: only, .. } if only == device => Devices::None,
            one @ Devices::One { .. } => one,
            Devices::Several(mut several) => {
                several.remove(device);
                match several.list[..] {
                    [device] => Devices::One { device, receipts: several.receipts > 0 },
                    _ => Devices::Several(several),
                }
            }
        };
    }

    /// What is social about it, if anything is.
    pub(super) fn social(&self) -> Option<&Social> {
        self.social.as_deref()
    }

    /// The same, to be changed. What is empty afterwards goes with [`shed`](Person::shed).
    pub(super) fn social_mut(&mut self) -> &mut Social {
        self.social.get_or_insert_default()
    }

    /// Frees what is social if there is nothing in it. What was held with it is to be closed.
    pub(super) fn shed(&mut self) -> Option<HolderKey> {
        self.social.take_if(|social| social.is_empty())?.holder
    }

    /// Whether the person may be forgotten.
    pub(super) fn is_nobody(&self) -> bool {
        self.social.is_none() && !self.is_online()
    }

    /// Its contacts, the chosen ones first, and of these those it chose first.
    pub(super) fn contacts(&self) -> &[PersonKey] {
        self.social().map_or(&[], |social| social.contacts.people())
    }

    /// What it holds, if it may hold anything.
    pub(super) fn holder(&self) -> Option<HolderKey> {
        self.social()?.holder
    }

    /// The keys of invitations that wait for its answer.
    pub(super) fn received(&self) -> &[u32] {
        self.social().map_or(&[], |social| &social.received.keys)
    }

    /// The keys of invitations that it has sent.
    pub(super) fn sent(&self) -> &[u32] {
        self.social().map_or(&[], |social| &social.sent.keys)
    }
}

impl Several {
    fn add(&mut self, device: ConnectionId, receipts: bool) {
        let place = if receipts { self.receipts } else { self.list.len() };
        self.list.insert(place, device);
        self.receipts += usize::from(receipts);
    }

    fn remove(&mut self, device: ConnectionId) {
        let Some(place) = self.list.iter().position(|&one| one == device) else { return };
        self.list.remove(place);
        self.receipts -= usize::from(place < self.receipts);
    }
}

impl Social {
    fn is_empty(&self) -> bool {
        // Grace and remembrance are for those with contacts, and end with the last of them.
        self.contacts.people().is_empty()
            && self.references == 0
            && self.tracked.len() == 0
            && self.sent.keys.is_empty()
            && self.received.keys.is_empty()
            && self.typing.is_empty()
    }
}

impl Pile {
    pub(super) fn push(&mut self, key: u32, bytes: usize) {
        self.keys.push(key);
        self.bytes += bytes;
    }

    pub(super) fn remove(&mut self, key: u32, bytes: usize) {
        if let Some(place) = self.keys.iter().position(|&one| one == key) {
            self.keys.remove(place);
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(index: u32) -> ConnectionId {
        ConnectionId::new(index, 0)
    }

    #[test]
    fn a_person_is_48_bytes_also_in_the_slab() {
        assert_eq!(size_of::<Person>(), 48);
        // The slab's mark for "vacant" fits into a bit pattern that no person has.
        let mut slab = slab::Slab::new();
        slab.insert(Person::new("one"));
        assert_eq!(size_of::<Option<Person>>(), 48);
    }

    #[test]
    fn an_id_and_a_name_share_one_text() {
        let mut person = Person::new("i∂");
        assert_eq!((person.id(), person.name()), ("i∂", None));
        for name in ["Ada", "", "Grace 🦀"] {
            person.rename(name);
            assert_eq!(person.id(), "i∂");
            assert_eq!(person.name().unwrap_or_default(), name);
        }
    }

    #[test]
    fn devices_that_want_receipts_are_known_in_whatever_order_they_come_and_go() {
        let mut person = Person::new("one");
        for (index, receipts) in [(0, false), (1, true), (2, false), (3, true)] {
            person.add(device(index), receipts);
        }
        assert_eq!(person.devices_with_receipts(), [device(1), device(3)]);
        assert_eq!(person.devices().len(), 4);
        person.remove(device(1));
        person.remove(device(9));
        assert_eq!(person.devices_with_receipts(), [device(3)]);
        person.remove(device(0));
        person.remove(device(2));
        assert_eq!(person.devices(), [device(3)]);
        assert_eq!(person.devices_with_receipts(), [device(3)]);
        person.remove(device(9));
        assert!(person.is_online());
        person.remove(device(3));
        assert!(!person.is_online());
    }
}
