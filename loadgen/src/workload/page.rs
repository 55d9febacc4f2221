//! [`Pages`]: which [`Page`] of the app each phone has open, in a protocol with a socket for each page.
//!
//! A browser tab shows one page at a time, and so does a phone: it keeps its page for the whole run. Phones make pairs, 0
//! with 1, 2 with 3. The shares are kept exactly, and spread evenly over the pairs. Knows no ids of the server.

use super::{Postings, Rooms};
use crate::phone_id::PhoneId;

/// Which page each phone has open. Eight bytes a phone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages(Vec<Page>);

impl Pages {
    /// The pages of all users that these rooms are for. Without pages, it is empty.
    pub(crate) fn new(postings: &Postings, rooms: &Rooms, seed: u64) -> Self {
        let phones = (0..rooms.users()).map(PhoneId);
        Pages(phones.map(|phone| Page::of(phone, postings, rooms, seed)).collect())
    }

    /// The same, with the start page on these phones.
    pub(crate) fn with_start_on(mut self, phones: &[PhoneId]) -> Self {
        for phone in phones {
            self.0[phone.index()] = Page::Start;
        }
        self
    }

    /// The page of a phone; `None`: the protocol has one socket for all.
    pub(crate) fn of(&self, phone: PhoneId) -> Option<Page> {
        self.0.get(phone.index()).copied()
    }

    /// Whether a phone can write.
    pub(crate) fn can_write(&self, phone: PhoneId) -> bool {
        match self.of(phone) {
            Some(Page::Conversation | Page::Room(_)) | None => true,
            Some(Page::Start | Page::Status) => false,
        }
    }

    /// The phones on the start page that hear notices.
    pub(crate) fn on_start(&self) -> impl Iterator<Item = PhoneId> {
        self.phones().filter(|&phone| self.of(phone) == Some(Page::Start))
    }

    /// The phones whose partner writes to them.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = PhoneId> {
        self.phones().filter(|phone| self.of(phone.partner()) == Some(Page::Conversation))
    }

    fn phones(&self) -> impl Iterator<Item = PhoneId> {
        (0..).map(PhoneId).take(self.0.len())
    }

    /// To how many other phones a message comes, on average of the phones that write.
    pub(crate) fn mean_others(&self, rooms: &Rooms) -> f64 {
        let mut open = vec![0_u64; rooms.count() as usize];
        let (mut writers, mut others) = (0, 0);
        for page in &self.0 {
            match page {
                Page::Room(room) => open[*room as usize] += 1,
                Page::Conversation => (writers, others) = (writers + 1, others + 1),
                Page::Start | Page::Status => {}
            }
        }
        for count in open {
            (writers, others) = (writers + count, others + count * count.saturating_sub(1));
        }
        others as f64 / (writers as f64).max(1.0)
    }
}

/// The page that a phone has open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Page {
    /// The conversation with its partner.
    Conversation,
    /// One of the rooms that it is a member of. Its partner has the same open, or one of another process if it belongs
    /// to that.
    Room(u32),
    /// The start page: its partner has their conversation open, and what the partner writes comes as a notice.
    Start,
    /// The list of who is online, which the start page has a socket of its own for: its partner has the same open, and
    /// nobody writes to them.
    Status,
}

impl Page {
    /// The page of a phone. O(rooms).
    fn of(phone: PhoneId, postings: &Postings, rooms: &Rooms, seed: u64) -> Self {
        let (pair, partner) = (phone.0 / 2, phone.partner());
        let room = |one, other| rooms.draw_for_both(one, other, u64::from(pair), seed);
        let both = is_struck(postings.room_share, pair)
            .then(|| room(phone, partner).zip(room(partner, phone)));
        if let Some((room, _)) = both.flatten() {
            return Page::Room(room);
        }
        // How many of the pairs before it were not meant for a room.
        let rank = pair - (postings.room_share * f64::from(pair)) as u32;
        if is_struck(postings.status, rank) {
            return Page::Status;
        }
        let rank = rank - (postings.status * f64::from(rank)) as u32;
        match phone.0 % 2 == 1 && is_struck(postings.notices, rank) {
            true => Page::Start,
            false => Page::Conversation,
        }
    }
}

/// Whether the one at this place belongs to the share, if those that do are as far apart as they can be.
fn is_struck(share: f64, at: u32) -> bool {
    let before = |at: u32| (share * f64::from(at)) as u32;
    before(at + 1) > before(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(
        clients: u32,
        rooms: u32,
        room_share: f64,
        (status, notices): (f64, f64),
    ) -> (Rooms, Vec<Page>) {
        let postings = Postings { rooms, room_share, status, notices, ..Postings::NONE };
        let rooms = Rooms::new(rooms, clients, None, 1);
        let Pages(pages) = Pages::new(&postings, &rooms, 1);
        (rooms, pages)
    }

    #[test]
    fn the_shares_are_kept_to_the_pair_also_if_there_are_few() {
        for (clients, share, (status, notices), expected) in [
            (6, 0.5, (0.0, 0.5), (1, 0, 1)),
            (1000, 0.3, (0.0, 0.25), (150, 0, 87)),
            (1000, 0.3, (0.1, 0.2), (150, 35, 63)),
            (2, 1.0, (1.0, 1.0), (1, 0, 0)),
            (8, 0.0, (0.25, 1.0), (0, 1, 3)),
        ] {
            let (_, pages) = pages(clients, 5, share, (status, notices));
            let on_status = pages.iter().filter(|&&page| page == Page::Status).count() / 2;
            let in_rooms = pages.iter().filter(|page| matches!(page, Page::Room(_))).count() / 2;
            let at_start = pages.iter().filter(|&&page| page == Page::Start).count();
            let found = (in_rooms, on_status, at_start);
            assert_eq!(found, expected, "{clients} phones, {share}, {status}, {notices}");
        }
    }

    #[test]
    fn a_phone_is_a_member_of_its_room_and_its_partner_has_a_page_that_fits() {
        let (rooms, pages) = pages(400, 30, 0.6, (0.2, 0.4));
        for (phone, &page) in (0..).map(PhoneId).zip(&pages) {
            let partners = pages[phone.partner().index()];
            match page {
                Page::Room(room) => assert!(rooms.has(room, phone) && partners == page),
                Page::Status => assert_eq!(partners, page),
                Page::Start => assert_eq!(partners, Page::Conversation),
                Page::Conversation => {
                    assert!(matches!(partners, Page::Conversation | Page::Start));
                }
            }
        }
        let mut open: Vec<_> = pages
            .iter()
            .filter_map(|page| match page {
                Page::Room(room) => Some(room),
                Page::Conversation | Page::Start | Page::Status => None,
            })
            .collect();
        open.sort_unstable();
        open.dedup();
        assert!(open.len() > 5, "not all have the same open: {open:?}");
    }

    #[test]
    fn who_writes_what_is_no_message_has_a_page_where_nothing_is_one() {
        let hostile = [PhoneId(0), PhoneId(3)];
        let pages = Pages(vec![Page::Conversation; 6]).with_start_on(&hostile);
        assert_eq!(pages.on_start().collect::<Vec<_>>(), hostile);
        let recipients: Vec<_> = pages.recipients().collect();
        assert_eq!(recipients, [0, 3, 4, 5].map(PhoneId), "the partners of both still write");
    }

    #[test]
    fn a_message_comes_to_the_partner_or_to_all_others_who_have_the_room_open() {
        let pages = |pages: &[Page]| Pages(pages.to_vec()).mean_others(&Rooms::new(2, 5, None, 1));
        assert_eq!(pages(&[Page::Conversation, Page::Start]), 1.0);
        assert_eq!(pages(&[Page::Room(1); 5]), 4.0);
        let mixed = [Page::Room(0), Page::Room(0), Page::Room(0), Page::Conversation, Page::Status];
        assert_eq!(pages(&mixed), 7.0 / 4.0);
        assert_eq!(pages(&[]), 0.0);
    }

    #[test]
    fn who_is_in_no_room_talks_in_a_conversation() {
        let (_, pages) = pages(4, 0, 1.0, (0.0, 0.0));
        assert_eq!(pages, [Page::Conversation; 4]);
    }

    #[test]
    fn partners_of_two_processes_have_each_a_room_of_their_own_or_none_has_one() {
        let postings = Postings { rooms: 3, room_share: 1.0, ..Postings::NONE };
        let pages = |rooms_there_are, of| {
            let shard = Some(crate::workload::Shard { number: 1, of });
            let rooms = Rooms::new(rooms_there_are, 8, shard, 1);
            let Pages(pages) = Pages::new(&postings, &rooms, 1);
            let is_own = |(phone, page): (u32, &Page)| match page {
                Page::Room(room) => rooms.has(*room, PhoneId(phone)),
                Page::Conversation | Page::Start | Page::Status => false,
            };
            (0..).zip(&pages).map(is_own).collect::<Vec<_>>()
        };
        assert_eq!(pages(2, 2), [true; 8]);
        assert_eq!(pages(1, 2), [false; 8], "the partners would write where nobody reads");
    }
}
