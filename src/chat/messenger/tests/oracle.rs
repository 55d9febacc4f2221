//! [`Oracle`]: which device should hear which statuses. It knows only the commands, and what became of each
//! copy. It remembers every message for ever, so it is right only while no limit is reached.

use std::collections::BTreeMap;

use super::*;

/// A status that a device hears: the device, the message and the status.
type Heard = (u32, String, Status);

/// Knows what the devices should hear.
#[derive(Default)]
pub(super) struct Oracle {
    /// For each device that is signed in: its person, and whether it wants receipts.
    devices: BTreeMap<u32, (usize, bool)>,
    messages: BTreeMap<String, Said>,
    /// What the devices should have heard since the last call of [`agrees`](Oracle::agrees).
    expected: Vec<Heard>,
}

/// A message, as the oracle knows it.
struct Said {
    from: usize,
    to: usize,
    /// How many copies are not settled.
    copies: usize,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    InFlight,
    Delivered,
    Undelivered,
    Read,
}

impl Oracle {
    pub(super) fn joined(&mut self, device: u32, who: usize, receipts: bool) {
        self.devices.insert(device, (who, receipts));
    }

    pub(super) fn left(&mut self, device: u32) {
        self.devices.remove(&device);
    }

    pub(super) fn said(&mut self, device: u32, to: usize, id: &str) {
        let Some(&(from, _)) = self.devices.get(&device) else { return };
        let copies = self.devices.values().filter(|(who, _)| *who == to).count();
        let (fate, status) = match copies {
            0 => (Fate::Undelivered, Status::Undelivered),
            _ => (Fate::InFlight, Status::Sent),
        };
        self.messages.insert(id.to_owned(), Said { from, to, copies, fate });
        self.expect(from, None, id, status);
    }

    pub(super) fn settled(&mut self, id: &str, outcome: Outcome) {
        let said = self.messages.get_mut(id).expect("a copy is of a message");
        said.copies -= 1;
        if said.fate != Fate::InFlight {
            return;
        }
        let (fate, status) = match outcome {
            Outcome::Delivered => (Fate::Delivered, Status::Delivered),
            Outcome::Undelivered(_) if said.copies == 0 => (Fate::Undelivered, Status::Undelivered),
            Outcome::Undelivered(_) => return,
        };
        said.fate = fate;
        let from = said.from;
        self.expect(from, None, id, status);
    }

    pub(super) fn read(&mut self, device: u32, id: &str) {
        let Some(&(reader, _)) = self.devices.get(&device) else { return };
        let Some(said) = self.messages.get_mut(id).filter(|said| said.to == reader) else { return };
        let (from, was) = (said.from, said.fate);
        match was {
            Fate::InFlight | Fate::Delivered => said.fate = Fate::Read,
            Fate::Undelivered | Fate::Read => return,
        }
        if was == Fate::InFlight {
            self.expect(from, None, id, Status::Delivered);
        }
        self.expect(from, None, id, Status::Read);
        if from != reader {
            self.expect(reader, Some(device), id, Status::Read);
        }
    }

    /// How many messages are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.messages.values().filter(|said| said.fate == Fate::InFlight).count()
    }

    /// Whether each device has heard what it should, in the right order, since the last call.
    pub(super) fn agrees(&mut self, heard: &[Heard]) -> bool {
        let by_device = |mut heard: Vec<Heard>| {
            heard.sort_by_key(|&(device, ..)| device);
            heard
        };
        by_device(heard.to_vec()) == by_device(std::mem::take(&mut self.expected))
    }

    fn expect(&mut self, who: usize, but: Option<u32>, id: &str, status: Status) {
        for (&device, &(of, receipts)) in &self.devices {
            if of == who && receipts && Some(device) != but {
                self.expected.push((device, id.to_owned(), status));
            }
        }
    }
}
