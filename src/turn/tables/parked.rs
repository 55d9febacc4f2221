//! [`ParkedRequests`]: the requests that wait for a reply, and what is wanted of it.
//!
//! The session of such a request keeps the request. Here stands how the reply is put into words, since that
//! has to happen while the chat lends the reply out. The table is keyed by the connection, which has one
//! such request at most; the number in [`Asker`] tells an old request from a new one. It is a hash table,
//! not one by slot: few connections wait, and an idle one must not pay for them. O(1) each.

use std::collections::{HashMap, VecDeque};

use crate::chat::ConnectionId;
use crate::chat::account::{Asker, Reply};
use crate::http::Response;
use crate::session::{Resolution, TooManyParked, Wanted};
use crate::timer::Zone;

/// The requests that wait.
#[derive(Debug)]
pub(in crate::turn) struct ParkedRequests {
    /// The most that may wait.
    most: usize,
    waiting: HashMap<ConnectionId, (u16, Wanted)>,
    /// Replies that have come, and whose sessions are to be resumed.
    resolved: VecDeque<(Asker, Resolution)>,
}

impl ParkedRequests {
    pub(in crate::turn) fn new(most: usize) -> Self {
        ParkedRequests { most, waiting: HashMap::new(), resolved: VecDeque::new() }
    }

    /// The number of requests that wait for a reply.
    pub(in crate::turn) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Notes a request, if one more may wait.
    pub(in crate::turn) fn park(
        &mut self,
        Asker { id, request }: Asker,
        wanted: Wanted,
    ) -> Result<(), TooManyParked> {
        if self.waiting.len() >= self.most {
            return Err(TooManyParked);
        }
        let former = self.waiting.insert(id, (request, wanted));
        debug_assert!(former.is_none(), "a connection waits for one reply at a time");
        Ok(())
    }

    /// Notes a request of the operator, which waits however many others do: its listener has few connections.
    pub(in crate::turn) fn park_order(&mut self, Asker { id, request }: Asker) {
        self.waiting.insert(id, (request, Wanted::Order));
    }

    /// Takes the answer to an order. If nobody waits for it any more, it is dropped.
    pub(in crate::turn) fn answer(&mut self, to: Asker, response: Response<'static>) {
        if self.waiting.get(&to.id).is_some_and(|(request, _)| *request == to.request) {
            self.waiting.remove(&to.id);
            self.resolved.push_back((to, Resolution::Answer(response)));
        }
    }

    /// Takes a reply. A request that does not wait any more gets none.
    pub(in crate::turn) fn resolve(&mut self, to: Asker, reply: &Reply<'_>, zone: &Zone) {
        if let Some(&(request, wanted)) = self.waiting.get(&to.id)
            && request == to.request
        {
            self.waiting.remove(&to.id);
            self.resolved.push_back((to, wanted.of(reply, zone)));
        }
    }

    /// The next request whose reply has come.
    pub(in crate::turn) fn next_resolved(&mut self) -> Option<(Asker, Resolution)> {
        self.resolved.pop_front()
    }

    /// Whether there are replies whose requests are not resumed yet.
    pub(in crate::turn) fn any_resolved(&self) -> bool {
        !self.resolved.is_empty()
    }

    /// Stops waiting at a connection, and returns what was wanted.
    pub(in crate::turn) fn give_up(&mut self, id: ConnectionId) -> Option<Wanted> {
        self.waiting.remove(&id).map(|(_, wanted)| wanted)
    }

    /// Forgets a connection that ends.
    pub(in crate::turn) fn forget(&mut self, id: ConnectionId) {
        self.waiting.remove(&id);
    }

    /// The number of the request that waits at a connection. For the simulator.
    pub(in crate::turn) fn waiting_at(&self, id: ConnectionId) -> Option<u16> {
        self.waiting.get(&id).map(|(request, _)| *request)
    }
}
