//! [`Scrapes`]: answers those that ask for loadgen's own metrics (`--listen`) while a plan is played, on the loop
//! that plays it.
//!
//! Nothing waits here. A peer that is slow or says nothing keeps its place until another needs it: there are
//! [`SCRAPES`], and the oldest makes room. What is on the page is `published`'s affair. A connection that is open when
//! a run is over stays open for the next.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};

use mio::net::TcpListener;
use mio::{Interest, Registry, Token};

use super::published::page;
use super::publisher::Publisher;
use super::run::Run;
use super::scrape::{Goes, Scrape};

/// The tokens of the listener, and of the connections: below it. Phones never get this far.
pub(super) const LISTENER: Token = Token(usize::MAX - 2);
pub(super) const LAST_SCRAPE: Token = Token(LISTENER.0 - SCRAPES);

/// The most connections at the same time. They fit into the descriptors that are kept free beside phones.
const SCRAPES: usize = 8;
/// The most connections that are accepted in one turn of the loop: a flood of them must not stop the phones.
const ACCEPTS: usize = 8;

/// The connections of those that ask.
#[derive(Debug)]
pub(super) struct Scrapes<'p> {
    publisher: &'p mut Publisher,
    listener: TcpListener,
    registry: Registry,
    places: [Option<Scrape>; SCRAPES],
    /// The places that are taken, by the age of their connections: the oldest first.
    ages: VecDeque<usize>,
}

impl<'p> Scrapes<'p> {
    /// Begins to answer.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub(super) fn start(publisher: &'p mut Publisher, registry: Registry) -> io::Result<Self> {
        let mut listener = TcpListener::from_std(publisher.listener()?);
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        let places = [const { None }; SCRAPES];
        let waiting = publisher.take_waiting();
        let ages = VecDeque::new();
        let mut scrapes = Scrapes { publisher, listener, registry, places, ages };
        waiting.into_iter().for_each(|scrape| scrapes.add(scrape));
        Ok(scrapes)
    }

    /// The run is over: those that have no answer yet wait for the next.
    pub(super) fn stop(mut self) {
        let oldest_first = self.ages.iter().filter_map(|&place| self.places[place].take());
        let registry = &self.registry;
        let waiting = oldest_first
            .filter_map(|mut scrape| registry.deregister(&mut scrape.stream).ok().map(|()| scrape));
        self.publisher.wait(waiting.collect());
    }

    /// Something has happened to the listener or to a connection.
    pub(super) fn happens(&mut self, token: Token, run: &Run<'_>) {
        if token == LISTENER {
            return self.accept();
        }
        let place = token.0 - LAST_SCRAPE.0;
        let Some(scrape) = &mut self.places[place] else { return };
        let publisher = &*self.publisher;
        if scrape.go_on(|| page(run, publisher)) == Goes::Away {
            self.remove(place);
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Ok((stream, _)) => self.add(Scrape::new(stream)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // There are no more. If the machine has no descriptor left, the next connection tries again.
                Err(_) => return,
            }
        }
        // There may be more. Readiness is edge-triggered: registering again tells of it once more. Should that
        // fail, the next connection tells of it.
        let _ = self.registry.reregister(&mut self.listener, LISTENER, Interest::READABLE);
    }

    /// Adds a connection. If there is no free place, the oldest one makes room.
    fn add(&mut self, mut scrape: Scrape) {
        let free = self.places.iter().position(Option::is_none);
        let Some(place) = free.or_else(|| self.ages.front().copied()) else { return };
        self.remove(place);
        let both = Interest::READABLE | Interest::WRITABLE;
        let token = Token(LAST_SCRAPE.0 + place);
        if self.registry.register(&mut scrape.stream, token, both).is_ok() {
            self.places[place] = Some(scrape);
            self.ages.push_back(place);
        }
    }

    fn remove(&mut self, place: usize) {
        self.places[place] = None;
        self.ages.retain(|&taken| taken != place);
    }
}
