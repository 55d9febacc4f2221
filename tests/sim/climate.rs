//! [`Climate`]: the parameters of a seed's world: how many phones, what network, which limits.
//!
//! Limits and budgets are often absurdly small. The server has to resume what a budget cuts off, and a
//! budget of one cuts everything off.

use std::time::Duration;

use switchboard::chat::{self, messenger};
use switchboard::limiter::Rate;
use switchboard::session;
use switchboard::turn::{Budgets, Caps, Limits, PresenceLimits};

use crate::dice::Dice;
use crate::oracle::Mode;

#[derive(Debug)]
pub(crate) struct Climate {
    pub(crate) phones: usize,
    /// The phone numbers: fewer than phones, so some phones share one.
    pub(crate) numbers: usize,
    /// Phones of the messenger realm, and the sessions that they share.
    pub(crate) devices: usize,
    pub(crate) sessions: usize,
    /// How often chaos breaks out, and how long it lasts.
    pub(crate) rounds: usize,
    pub(crate) chaos: Duration,
    /// The longest time that a phone waits before its next action.
    pub(crate) pace: Duration,
    /// The most bytes that travel together, and the longest time that they take.
    pub(crate) chunk: usize,
    pub(crate) latency: Duration,
    /// The largest text of a letter, in bytes.
    pub(crate) letter: usize,
    /// The least and the most bytes that the server's kernel takes for one phone.
    pub(crate) room: (usize, usize),
    /// The most events that one poll returns.
    pub(crate) capacity: usize,
    /// Of a thousand polls: how many come after a long stop, are interrupted, or report false events.
    pub(crate) stalls: usize,
    pub(crate) interruptions: usize,
    pub(crate) spurious: usize,
    /// Of a thousand turns: before how many the administrator sets the wall clock.
    pub(crate) clock_jumps: usize,
    /// Of a thousand writes: how many are cut short, although there is room.
    pub(crate) short_writes: usize,
    /// Of a thousand misdeeds that a phone considers: how many it does.
    pub(crate) hostility: usize,
    /// Of a thousand outbreaks of chaos: in how many all phones lose their connections at once.
    pub(crate) storms: usize,
    /// The modes of presence that phones choose from.
    pub(crate) modes: &'static [Mode],
    pub(crate) limits: Limits,
    /// After how many turns all invariants are checked again.
    pub(crate) check_every: u64,
}

const SECOND: Duration = Duration::from_secs(1);

impl Climate {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        let phones = dice.between(3, 16);
        let chunk = dice.pick(&[3, 60, 1500, 20_000]);
        let pace = dice.pick(&[SECOND / 50, SECOND / 3, SECOND * 2]);
        let devices = phones * dice.pick(&[0, 1, 2]) / 2;
        let climate = Climate {
            phones,
            devices,
            sessions: devices.div_ceil(dice.pick(&[1, 2, 4])).max(1),
            numbers: dice.between(phones.div_ceil(2), phones),
            rounds: dice.between(1, 2),
            chaos: pace * dice.pick(&[5, 10, 20]),
            pace,
            chunk,
            latency: dice.pick(&[SECOND / 10_000, SECOND / 500, SECOND / 70]),
            letter: chunk.min(1000) * dice.pick(&[1, 12]),
            room: dice.pick(&[(60, 400), (300, 3000), (20_000, 100_000)]),
            capacity: dice.pick(&[2, 3, 1024]),
            stalls: dice.pick(&[0, 1, 3]),
            interruptions: dice.pick(&[0, 20]),
            spurious: dice.pick(&[0, 30]),
            clock_jumps: dice.pick(&[0, 10]),
            short_writes: dice.pick(&[0, 200]),
            hostility: dice.pick(&[0, 200, 1000]),
            storms: dice.pick(&[0, 0, 1000]),
            modes: dice.pick(&[
                &[Mode::Full, Mode::Delta, Mode::None] as &[Mode],
                &[Mode::Delta],
                &[Mode::Full],
            ]),
            limits: limits(dice, phones + devices),
            check_every: 1,
        };
        if dice.per_mille(150) { climate.stalled(dice) } else { climate }
    }

    /// A climate in which no phone does anything wrong. The server is stopped again and again, for longer
    /// than a phone may be silent.
    fn stalled(self, dice: &mut Dice) -> Self {
        Climate {
            stalls: dice.pick(&[5, 30]),
            hostility: 0,
            storms: 0,
            chaos: self.limits.ping_timeout * 8,
            pace: self.limits.ping_timeout / 4,
            ..self
        }
    }

    /// A climate with very many phones, and a server that has room for them.
    pub(crate) fn crowd(dice: &mut Dice, phones: usize) -> Self {
        Climate {
            phones,
            numbers: phones - phones / 20,
            devices: phones / 10,
            sessions: phones / 15,
            rounds: 1,
            chaos: SECOND * 3,
            pace: SECOND * 4,
            chunk: 1500,
            letter: 100,
            room: (20_000, 100_000),
            capacity: 1024,
            hostility: 500,
            modes: &[Mode::None, Mode::None, Mode::None, Mode::None, Mode::Delta],
            limits: Limits::default(),
            check_every: 50,
            ..Climate::roll(dice)
        }
    }
}

fn limits(dice: &mut Dice, phones: usize) -> Limits {
    let each = dice.pick(&[2_000, 20_000, 1 << 20]);
    let mut limits = Limits {
        max_connections: dice.pick(&[phones * 2, phones * 2 / 3]),
        spare_connections: 3,
        ping_timeout: dice.time(SECOND * 12, SECOND * 30),
        sweep_interval: dice.time(SECOND * 3, SECOND * 12),
        handshake_timeout: SECOND * 6,
        frame_timeout: SECOND * 8,
        write_timeout: dice.time(SECOND * 3, SECOND * 20),
        close_timeout: SECOND * 2,
        linger_bytes: 5_000,
        drain_timeout: SECOND * 8,
        // The slowest is too slow for the time above, with however many phones.
        drain_rate: dice.pick(&[
            Rate::UNLIMITED,
            Rate::per_second(20, 1),
            Rate::new(1, SECOND * 9, 1),
        ]),
        outbox: Caps { each, echo: each, all: each * dice.pick(&[2, 1000]) },
        presence: PresenceLimits {
            bytes_per_second: dice.pick(&[2 << 20, 64 << 20]),
            ..PresenceLimits::default()
        },
        budgets: Budgets {
            accepts: dice.pick(&[1, 3, 256]),
            read_bytes: dice.pick(&[16, 300, 32 * 1024]),
            receive_bytes: dice.pick(&[100, 1 << 20]),
            reads: dice.pick(&[1, 3, 1024]),
            timers: dice.pick(&[1, 1024]),
            sweep: dice.pick(&[1, 256]),
            drain: dice.pick(&[1, 256]),
            drain_pause: Duration::from_millis(10),
            returns: dice.pick(&[1, 1024]),
            lists: dice.pick(&[1, 3, 256]),
            list_bytes: dice.pick(&[1, 4 << 20]),
            writes: dice.pick(&[1, 3, 1024]),
            write_bytes: dice.pick(&[1, 8 << 20]),
            closes: dice.pick(&[1, 512]),
            accept_pause: SECOND / 10,
            // Nothing has jobs yet.
            ..Budgets::default()
        },
        chat: chat::Limits {
            messenger: messenger::Limits {
                // It is shorter than a calm. So after a calm, a person who is gone is gone for all.
                contact_grace: dice.pick(&[Duration::ZERO, SECOND / 10, SECOND / 2]),
                devices_per_person: dice.pick(&[2, 16]),
                // During a calm all invitations expire, or none.
                invitation_ttl: dice.pick(&[SECOND / 5, SECOND / 2, SECOND * 86_400]),
                typing_lasts: dice.pick(&[SECOND / 10, SECOND / 2, SECOND * 600]),
                ..messenger::Limits::default()
            },
            ..chat::Limits::default()
        },
        session: session::Limits { strikes: dice.pick(&[3, 50]), ..session::Limits::default() },
        ..Limits::default()
    };
    // Every third world has few places for invitations, so that they must give way to each other. In it no
    // invitation ends by time: what ends early was displaced. No dice: the other worlds stay as they were.
    let messenger = &mut limits.chat.messenger;
    if messenger.typing_lasts == SECOND / 2 {
        messenger.invitation_ttl = SECOND * 86_400;
        messenger.invitations_received.number = 3;
        messenger.invitations_in_all.number = 8;
    }
    limits
}
