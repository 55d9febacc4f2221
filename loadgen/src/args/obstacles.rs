//! [`rule_out`]: flags that do not go together.

/// What stands in the way of a flag: whether it is there, what it is, and why the two do not go together.
pub(super) type Obstacle<'a> = (bool, &'a str, &'a str);

/// Checks that none of these stands in the way.
///
/// # Errors
///
/// One line that names the first one which does.
pub(super) fn rule_out(flag: &str, obstacles: &[Obstacle<'_>]) -> Result<(), String> {
    match obstacles.iter().find(|(is_there, ..)| *is_there) {
        Some((_, other, why)) => Err(format!("{flag} does not go with {other}: {why}")),
        None => Ok(()),
    }
}
