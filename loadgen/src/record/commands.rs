//! [`Commands`]: what became of the commands of `--at`, and how long deliveries took around each of them.
//!
//! A delivery belongs to the commands around whose planned moment its own planned moment lies. So which
//! deliveries are compared is known before the run, and a stall cannot move them out of the comparison.

use std::collections::HashMap;
use std::time::Duration;

use switchboard::timer::Moment;

use super::Times;
use crate::phone_id::PhoneId;

/// A delivery that was planned at most this long before a command, or this long after it, is around it.
const BEFORE: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_secs(5);

/// The commands of a run. Empty if the plan has none.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    ran: Vec<Ran>,
    /// Deliveries that are around no command.
    pub(crate) apart: Times,
    /// Phones that have lost their connection after a command, and are not back; and for when the server has asked
    /// each of them back, if it has.
    away: HashMap<PhoneId, Option<Moment>>,
}

/// A command.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The moment for which it was planned.
    pub(crate) planned: Moment,
    /// What the shell was given. It may have secrets.
    pub(crate) text: String,
    /// When it began; `None` if the run was over first.
    pub(crate) began: Option<Moment>,
    /// When and how it ended; `None` if the run was over first.
    pub(crate) ended: Option<(Moment, Ended)>,
    /// Phones that have lost their connection after it, and before the next one.
    pub(crate) lost_phones: u64,
    /// Those among them that the server has asked back for a certain moment.
    pub(crate) asked_back: u64,
    /// How long after that moment each of those was ready again.
    pub(crate) return_lag: Times,
    /// How many phones were ready again in each second after it began.
    returns: Vec<u64>,
    /// When the last of them was back; `None` if none was lost, or some never came back.
    pub(crate) recovered: Option<Moment>,
    /// Deliveries that are around it.
    pub(crate) around: Times,
}

impl Ran {
    /// The most phones that were ready again in one second.
    pub(crate) fn most_returns(&self) -> u64 {
        self.returns.iter().copied().max().unwrap_or_default()
    }
}

/// How a command ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    Well,
    /// With this exit status or signal; or it could not be started.
    Badly(String),
}

impl Commands {
    /// The plan has these commands.
    pub(crate) fn plan(&mut self, commands: impl Iterator<Item = (Moment, String)>) {
        self.ran = commands
            .map(|(planned, text)| Ran {
                planned,
                text,
                began: None,
                ended: None,
                lost_phones: 0,
                asked_back: 0,
                return_lag: Times::default(),
                returns: Vec::new(),
                recovered: None,
                around: Times::default(),
            })
            .collect();
    }

    /// All commands, in the order of their moments.
    pub(crate) fn all(&self) -> &[Ran] {
        &self.ran
    }

    /// Phones that have lost their connection after a command, and are not back.
    pub(crate) fn away(&self) -> usize {
        self.away.len()
    }

    /// Whether this is one of them.
    pub(crate) fn is_away(&self, phone: PhoneId) -> bool {
        self.away.contains_key(&phone)
    }

    /// A message has been delivered.
    pub(super) fn delivered(&mut self, planned: Moment, time: Duration) {
        if self.ran.is_empty() {
            return;
        }
        let mut is_apart = true;
        for ran in &mut self.ran {
            if planned + BEFORE >= ran.planned && planned <= ran.planned + AFTER {
                ran.around.add(time);
                is_apart = false;
            }
        }
        if is_apart {
            self.apart.add(time);
        }
    }

    /// The command at this place has begun.
    pub(crate) fn began(&mut self, at: usize, now: Moment) {
        self.ran[at].began = Some(now);
    }

    /// It has ended.
    pub(crate) fn ended(&mut self, at: usize, now: Moment, how: Ended) {
        self.ran[at].ended = Some((now, how));
    }

    /// A phone has lost its connection, or could not get it back. The server may have asked it back for a moment.
    pub(crate) fn lost_phone(&mut self, phone: PhoneId, asked_for: Option<Moment>) {
        if self.away.contains_key(&phone) {
            return;
        }
        self.away.insert(phone, asked_for);
        if let Some(last) = self.last_begun() {
            last.lost_phones += 1;
            last.asked_back += u64::from(asked_for.is_some());
            last.recovered = None;
        }
    }

    /// A phone is ready: it may be one of those that were away.
    pub(crate) fn is_back(&mut self, phone: PhoneId, now: Moment) {
        let Some(asked_for) = self.away.remove(&phone) else { return };
        let is_last = self.away.is_empty();
        let Some(last) = self.last_begun() else { return };
        last.recovered = is_last.then_some(now);
        asked_for.into_iter().for_each(|moment| last.return_lag.add(now.since(moment)));
        let second = last.began.map_or(0, |began| now.since(began).as_secs() as usize);
        if last.returns.len() <= second {
            last.returns.resize(second + 1, 0);
        }
        last.returns[second] += 1;
    }

    fn last_begun(&mut self) -> Option<&mut Ran> {
        self.ran.iter_mut().rfind(|ran| ran.began.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Moment {
        Moment::START + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_delivery_is_around_the_commands_next_to_its_planned_moment_or_apart() {
        let mut commands = Commands::default();
        commands.delivered(at(10.0), Duration::ZERO);
        assert_eq!(commands.apart.count(), 0, "without commands nothing is kept twice");
        commands.plan([(at(10.0), "a".to_owned()), (at(12.0), "b".to_owned())].into_iter());
        for planned in [8.9, 9.0, 11.0, 15.0, 15.1, 17.0, 17.1] {
            // A stall of a minute moves no delivery.
            commands.delivered(at(planned), Duration::from_secs(60));
        }
        let around: Vec<u64> = commands.all().iter().map(|ran| ran.around.count()).collect();
        assert_eq!((around, commands.apart.count()), (vec![3, 4], 2));
    }

    #[test]
    fn a_command_is_recovered_from_when_the_last_phone_is_back() {
        let mut commands = Commands::default();
        commands.plan([(at(1.0), "a".to_owned())].into_iter());
        commands.began(0, at(1.0));
        let [one, other] = [PhoneId(1), PhoneId(2)];
        commands.lost_phone(one, Some(at(1.9)));
        commands.lost_phone(one, None);
        commands.lost_phone(other, None);
        commands.is_back(PhoneId(3), at(1.5));
        commands.is_back(one, at(2.0));
        assert_eq!((commands.away(), commands.all()[0].recovered), (1, None));
        commands.is_back(other, at(3.0));
        let ran = &commands.all()[0];
        assert_eq!((ran.lost_phones, ran.recovered), (2, Some(at(3.0))));
        assert_eq!((ran.asked_back, ran.return_lag.count(), ran.most_returns()), (1, 1, 1));
        let lag = ran.return_lag.max().as_millis();
        assert!((99..=101).contains(&lag), "{lag} ms after the moment that it was asked for");
    }
}
