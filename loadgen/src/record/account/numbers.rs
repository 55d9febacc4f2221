//! How many users are online, as phones are told that hear of changes: who has come, who has gone, and how many there are
//! now. Other people may come and go. So the number is held against what the phone was told before.

use super::{Accounts, Lapse};
use crate::phone_id::PhoneId;

impl Accounts {
    /// A phone is shown a list of this many users.
    pub(crate) fn see_list_of(&mut self, by: PhoneId, users: u64) {
        self.seats[by.index()].online = Some(users);
    }

    /// A phone is told how many users are online now, and how many users have come and how many have gone. Some of those
    /// may have been shown before, or have come and gone.
    pub(crate) fn see_change_to(&mut self, by: PhoneId, online: u64, (came, gone): (u64, u64)) {
        let before = self.seats[by.index()].online.replace(online);
        let can_be = |before: u64| before.saturating_sub(gone)..=before + came;
        let is_right = before.is_none_or(|before| can_be(before).contains(&online));
        self.lapses.add_many(Lapse::OnlineWrong, u64::from(!is_right));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_takes_the_number_of_those_online_no_further_than_the_users_that_it_names() {
        let wrong = |online: u64, came_and_gone| {
            let mut accounts = Accounts::new(1);
            accounts.see_change_to(PhoneId(0), 99, (0, 0));
            assert_eq!(accounts.lapses.count(Lapse::OnlineWrong), 0, "it was told nothing before");
            accounts.see_list_of(PhoneId(0), 5);
            accounts.see_change_to(PhoneId(0), online, came_and_gone);
            accounts.see_change_to(PhoneId(0), online, (0, 0));
            accounts.lapses.count(Lapse::OnlineWrong)
        };
        for (online, came_and_gone) in [(7, (2, 1)), (4, (2, 1)), (5, (0, 0)), (0, (0, 6))] {
            assert_eq!(wrong(online, came_and_gone), 0, "{online}: {came_and_gone:?}");
        }
        for (online, came_and_gone) in [(8, (2, 1)), (3, (2, 1)), (6, (0, 0)), (4, (0, 0))] {
            assert_eq!(wrong(online, came_and_gone), 1, "{online}: {came_and_gone:?}");
        }
    }
}
