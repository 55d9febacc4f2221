//! How many descriptors the process may have, and so how many connections it can hold.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// How many descriptors every run needs beside its connections: epoll, the listener, signals, the
/// waker, the service manager's socket, the standard three, the reserve, a trace that is being written,
/// the store's lock, database, log and index, and some that a library may open for a moment.
const OURS: usize = 24;

/// How many connections are kept for plain HTTP: at most this number, and at most this share of all.
const SPARE: usize = 256;
const SPARE_SHARE: usize = 16;

/// The most connections, where descriptors are not limited (`LimitNOFILE=infinity`). No table is made for them before
/// they come.
const MOST: usize = 1 << 24;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Room {
    /// The most WebSockets.
    pub(super) websockets: usize,
    /// The most other sockets, for plain HTTP and requests that are not answered yet.
    pub(super) spare: usize,
}

/// Raises the soft limit on descriptors to the hard one, and divides the descriptors up. `others` is
/// how many descriptors are needed in addition to the [`OURS`] that every run uses.
///
/// # Errors
///
/// A sentence, if the limit is too low for what was asked for.
pub(super) fn make_room(wanted: Option<usize>, others: usize) -> Result<Room, String> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|error| format!("cannot read the limit on descriptors: {error}"))?;
    // A process may always raise its own soft limit up to the hard one (getrlimit(2)). A sandbox may
    // forbid even that. Then the soft limit counts.
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let limit = usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX);
    divide(limit, OURS + others, wanted)
}

fn divide(limit: usize, ours: usize, wanted: Option<usize>) -> Result<Room, String> {
    let all = limit.saturating_sub(ours).min(MOST);
    let spare = (all / SPARE_SHARE).clamp(1, SPARE);
    let possible = all.saturating_sub(spare);
    match wanted {
        _ if possible == 0 => {
            Err(format!("{limit} descriptors are too few to serve anybody (ulimit -n)"))
        }
        Some(wanted) if wanted > possible => Err(format!(
            "--max-connections {wanted} needs {} descriptors, and the limit is {limit} (ulimit -n, LimitNOFILE=)",
            wanted + spare + ours
        )),
        Some(wanted) => Ok(Room { websockets: wanted, spare }),
        None => Ok(Room { websockets: possible, spare }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_stay_below_the_descriptor_limit_with_some_to_spare() {
        for limit in [32, 64, 100, 1024, 20_000, 1_048_576, usize::MAX] {
            let room = divide(limit, OURS, None).expect("room for somebody");
            assert!(room.websockets >= 1 && room.spare >= 1, "{limit}: {room:?}");
            assert!(room.websockets + room.spare + OURS <= limit, "{limit}: {room:?}");
        }
    }

    #[test]
    fn no_limit_on_descriptors_is_a_limit_of_16_million_connections() {
        let room = divide(usize::MAX, OURS, None).expect("room for somebody");
        assert_eq!(room.websockets + room.spare, MOST);
        assert_eq!(divide(MOST + OURS, OURS, None).expect("room"), room);
    }

    #[test]
    fn asking_for_more_than_the_limit_allows_is_a_clear_error() {
        let error = divide(1024, OURS, Some(50_000)).expect_err("too many");
        assert!(error.contains("50000") && error.contains("1024"), "{error}");
        assert!(divide(10, OURS, None).is_err());
        assert_eq!(divide(1024, OURS, Some(5)).expect("few").websockets, 5);
    }
}
