//! [`nearest`]: the word that was probably meant by a misspelt one.

/// The candidate that differs the least from a word, if it differs little: by one letter of a short word, and
/// by a third of a long one. The cost is O(length²) for each candidate; it is paid once, for an error.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let most = (word.chars().count() / 3).clamp(1, 3);
    let found = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let found = found.filter(|&(distance, _)| distance <= most);
    found.min_by_key(|&(distance, _)| distance).map(|(_, candidate)| candidate)
}

/// How many letters have to be put in, taken out, replaced, or exchanged with their neighbour (the restricted
/// Damerau–Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
    for at in 0..=one.len() {
        for to in 0..=other.len() {
            table[at][to] = if at == 0 || to == 0 {
                at + to
            } else {
                let is_other = usize::from(one[at - 1] != other[to - 1]);
                let mut least = (table[at - 1][to] + 1)
                    .min(table[at][to - 1] + 1)
                    .min(table[at - 1][to - 1] + is_other);
                if at > 1 && to > 1 && one[at - 1] == other[to - 2] && one[at - 2] == other[to - 1]
                {
                    least = least.min(table[at - 2][to - 2] + 1);
                }
                least
            };
        }
    }
    table[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_word_is_not() {
        let words = ["compare", "delivery", "lost", "lurker"];
        for (word, near) in [
            ("comapre", Some("compare")),
            ("delivry", Some("delivery")),
            ("lurkr", Some("lurker")),
            ("last", Some("lost")),
            ("latency", None),
            ("", None),
            ("localhost", None),
        ] {
            assert_eq!(nearest(word, words), near, "{word}");
        }
    }
}
