//! [`People`]: who is online, from lists and from the changes between them.

use std::collections::BTreeSet;

/// Those who are online.
#[derive(Debug, Default)]
pub(super) struct People {
    online: BTreeSet<String>,
}

/// Who has come and who has gone.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Change {
    pub(super) joined: Vec<String>,
    pub(super) left: Vec<String>,
}

impl People {
    /// Whether a person is online.
    pub(super) fn is_online(&self, who: &str) -> bool {
        self.online.contains(who)
    }

    /// How many are online.
    pub(super) fn count(&self) -> usize {
        self.online.len()
    }

    /// Takes a whole list. Returns what is new in it.
    pub(super) fn replace(&mut self, list: Vec<String>) -> Change {
        let list: BTreeSet<String> = list.into_iter().collect();
        let change = Change {
            joined: list.difference(&self.online).cloned().collect(),
            left: self.online.difference(&list).cloned().collect(),
        };
        self.online = list;
        change
    }

    /// Takes a change. Returns what of it is new: a delta also names those who came and went again.
    pub(super) fn apply(&mut self, joined: Vec<String>, left: &[String]) -> Change {
        let left = left.iter().filter(|who| self.online.remove(*who)).cloned().collect();
        let joined = joined.into_iter().filter(|who| self.online.insert(who.clone())).collect();
        Change { joined, left }
    }

    /// Those whose name has this part, in order.
    pub(super) fn with(&self, part: &str) -> impl Iterator<Item = &String> {
        self.online.iter().filter(move |who| who.contains(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &str) -> Vec<String> {
        of.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn only_what_is_new_in_a_list_or_a_delta_is_a_change() {
        let mut people = People::default();
        let change = people.replace(names("ann bob"));
        assert_eq!(change, Change { joined: names("ann bob"), left: vec![] });
        let change = people.apply(names("cas ann"), &names("bob dan"));
        assert_eq!(change, Change { joined: names("cas"), left: names("bob") });
        let change = people.replace(names("bob cas"));
        assert_eq!(change, Change { joined: names("bob"), left: names("ann") });
        assert!(people.is_online("cas") && !people.is_online("ann") && people.count() == 2);
        assert_eq!(people.with("o").collect::<Vec<_>>(), ["bob"]);
    }
}
