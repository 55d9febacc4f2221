//! [`Person`]: what the realm knows about a person. *Devices* are the connections that are signed in with
//! the person's id. *Social* data is all that an idle person does not have: contacts, invitations,
//! messages in flight.
//!
//! Most people have one device and are idle. Such a person costs 48 bytes here, and one allocation for
//! the id and the name together. A person may also be a *ghost*: an invitation was sent to an id
//! that never signed in. A person does not know other people, only their keys.

use std::mem;
use std::slice;

use super::circle::Circle;
use super::person_key::PersonKey;
use super::shares::HolderKey;
use crate::chat::ConnectionId;
use crate::chat::chain::Chain;
use crate::timer::TimerId;

/// A person: online, offline, or never seen.
pub(super) struct Person {
    /// The id, followed by the name.
    text: Box<str>,
    /// The length of the id, in bytes: up to 256 characters, so up to 1,024 bytes.
    id_len: u16,
    devices: Devices,
    social: Option<Box<Social>>,
}

/// The data that an idle person does not have.
#[derive(Default)]
pub(super) struct Social {
    pub(super) contacts: Circle,
    /// The person's entry in [`Shares`](super::shares::Shares). `None` before the person first holds
    /// something.
    pub(super) holder: Option<HolderKey>,
    /// The person's messages that can still be marked as read.
    pub(super) tracked: Chain,
    /// How many messages, invitations and typists keep the person's key.
    pub(super) references: u32,
    /// The invitations that the person has sent, and whose answer the person has not heard.
    pub(super) sent: Pile,
    /// The invitations that wait for the person's answer.
    pub(super) received: Pile,
    /// The people that the person is typing to, the oldest first.
    pub(super) typing: Vec<Typing>,
    /// The timer of the grace: it runs from the end of the last device until the contacts are told.
    pub(super) grace: Option<TimerId>,
}

/// Invitations of one person, the oldest first, and their bytes.
#[derive(Default)]
pub(super) struct Pile {
    pub(super) keys: Vec<u32>,
    pub(super) bytes: usize,
}

/// One recipient of a person's typing.
#[derive(Clone, Copy)]
pub(super) struct Typing {
    pub(super) to: PersonKey,
    /// The timer at which the typing ends by itself.
    pub(super) timer: TimerId,
}

/// The connections of a person. Those that want receipts come first.
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
    /// How many devices want receipts.
    receipts: usize,
}

impl Person {
    /// Makes a person without a device and without a name.
    pub(super) fn new(id: &str) -> Self {
        let id_len = u16::try_from(id.len()).expect("an id has 256 characters of 4 bytes at most");
        Person { text: id.into(), id_len, devices: Devices::None, social: None }
    }

    /// The person's id.
    pub(super) fn id(&self) -> &str {
        &self.text[..self.id_len.into()]
    }

    /// The person's name, if there is one. No name is empty.
    pub(super) fn name(&self) -> Option<&str> {
        Some(&self.text[self.id_len.into()..]).filter(|name| !name.is_empty())
    }

    /// Sets the name.
    pub(super) fn rename(&mut self, name: &str) {
        if self.name() != Some(name) {
            self.text = [self.id(), name].concat().into();
        }
    }

    /// All devices.
    pub(super) fn devices(&self) -> &[ConnectionId] {
        match &self.devices {
            Devices::None => &[],
            Devices::One { device, .. } => slice::from_ref(device),
            Devices::Several(several) => &several.list,
        }
    }

    /// The devices that want to hear what becomes of messages.
    pub(super) fn devices_with_receipts(&self) -> &[ConnectionId] {
        match &self.devices {
            Devices::None | Devices::One { receipts: false, .. } => &[],
            Devices::One { device, receipts: true } => slice::from_ref(device),
            Devices::Several(several) => &several.list[..several.receipts],
        }
    }

    /// Whether the person has a device.
    pub(super) fn is_online(&self) -> bool {
        !matches!(self.devices, Devices::None)
    }

    /// Whether the contacts see the person as online: it is online, or in its grace.
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

    /// Removes a device.
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

    /// The social data, if there is any.
    pub(super) fn social(&self) -> Option<&Social> {
        self.social.as_deref()
    }

    /// The social data, made if there is none. [`shed`](Person::shed) frees it when it is empty.
    pub(super) fn social_mut(&mut self) -> &mut Social {
        self.social.get_or_insert_default()
    }

    /// Frees the social data if it is empty. The caller has to close the holder that this returns.
    pub(super) fn shed(&mut self) -> Option<HolderKey> {
        self.social.take_if(|social| social.is_empty())?.holder
    }

    /// Whether the person may be forgotten.
    pub(super) fn is_nobody(&self) -> bool {
        self.social.is_none() && !self.is_online()
    }

    /// The contacts, the chosen ones first, in the order in which the person chose them.
    pub(super) fn contacts(&self) -> &[PersonKey] {
        self.social().map_or(&[], |social| social.contacts.people())
    }

    /// The holder, if there is one.
    pub(super) fn holder(&self) -> Option<HolderKey> {
        self.social()?.holder
    }

    /// The keys of the invitations that wait for the person's answer.
    pub(super) fn received(&self) -> &[u32] {
        self.social().map_or(&[], |social| &social.received.keys)
    }

    /// The keys of the invitations that the person has sent.
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
        // Only people with contacts have a grace and are remembered, so checking the contacts is enough.
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
        // The slab marks a vacant entry with a bit pattern that no person has.
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
