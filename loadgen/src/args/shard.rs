//! [`check`]: whether the plan can be shared by several processes, if it is to.

use std::time::Duration;

use super::flags::Args;
use super::obstacles::rule_out;
use crate::client::Realm;
use crate::workload::Persona;

/// The shortest ramp of a shard. A phone is written to only when it had half of this time to connect, since the
/// other shards do not know whether it has.
const SHORTEST_RAMP: Duration = Duration::from_secs(1);

/// Checks that several processes can share the plan, if they are to.
///
/// # Errors
///
/// One line that says what is missing, or what does not go together with it.
pub(super) fn check(args: &Args) -> Result<(), String> {
    let Some(shard) = args.sharing.shard else { return Ok(()) };
    let needs = |flag: &str, why: &str| Err(format!("--shard {shard} needs {flag}: {why}"));
    if args.url.is_empty() {
        return needs("the URL of a server", "all shards play against the same one");
    }
    if args.seed.is_none() {
        return needs("--seed", "all shards play the same plan");
    }
    if args.sharing.start_at.is_none() {
        return needs("--start-at", "all shards begin at the same moment");
    }
    if args.ramp < SHORTEST_RAMP {
        let why = "phones of other shards are taken to be connected after half a second";
        return needs("a --ramp of 1s or more", why);
    }
    let has = |persona: Persona| {
        args.persona.iter().any(|share| share.persona == persona && share.weight > 0)
    };
    let obstacles = [
        (args.url.len() > 1, "several servers", "`merge` adds up the books of one"),
        (args.closed, "--closed", "no process sees when a phone of another one has got a message"),
        (!args.stage.is_empty(), "--stage", "its phones leave while others may write to them"),
        (!args.at.is_empty(), "--at", "each process would run the command"),
        (args.abort_on_fail, "--abort-on-fail", "only `merge` can tell what is met"),
        (has(Persona::Flapper), "--persona flapper", "the others cannot know when it is away"),
        (has(Persona::Roamer), "--persona roamer", "the others cannot know when it moves"),
        (args.reporting.repeat > 1, "--repeat", "all shards have to begin at the same moment"),
    ];
    rule_out(&format!("--shard {shard}"), &obstacles)?;
    if shard.of > args.clients {
        return Err(format!("--shard {shard}: there are more shards than --clients"));
    }
    let is_session = matches!(args.protocol.dialect().realm(), Realm::Messenger(_));
    if is_session && shard.of.saturating_mul(2) > args.clients {
        return Err(format!(
            "--shard {shard} needs --clients {} or more: sessions write only to those of their own shard",
            shard.of * 2
        ));
    }
    Ok(())
}
