//! [`servers`]: the servers of a run, from their URLs, weights, `/metrics` and certificates.

use std::ffi::OsString;

use super::certificates::Certificates;
use crate::near::nearest;
use crate::target::{Server, Target};
use crate::workload::MOST_SERVERS;

/// Where the `/metrics` of a server is, or that there is none.
#[derive(Clone, Debug)]
pub(super) struct MetricsFlag(Option<Target>);

impl MetricsFlag {
    /// Reads a URL, or `off`.
    ///
    /// # Errors
    ///
    /// One sentence on what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(MetricsFlag(None)),
            url => Target::parse_metrics(url).map(|target| MetricsFlag(Some(target))),
        }
    }
}

/// The servers; none if loadgen is to start one.
///
/// # Errors
///
/// One line, if the flags do not fit together.
pub(super) fn servers(
    mut servers: Vec<Server>,
    metrics: Vec<MetricsFlag>,
    certificates: &Certificates,
) -> Result<Vec<Server>, String> {
    if servers.is_empty() && !metrics.is_empty() {
        return Err(
            "--metrics is about a server that is named: loadgen finds the pages of its own".into(),
        );
    }
    if let Some(line) = misspelt_command(&servers) {
        return Err(line);
    }
    if servers.len() > MOST_SERVERS {
        return Err(format!("a run can have {MOST_SERVERS} servers at most"));
    }
    if metrics.len() > servers.len() {
        let (many, few) = (metrics.len(), servers.len());
        let s = if few == 1 { "" } else { "s" };
        return Err(format!("{many} --metrics for {few} server{s}"));
    }
    for (at, server) in servers.iter().enumerate() {
        let is_same = |other: &&Server| other.target.url() == server.target.url();
        if servers[..at].iter().any(|other| is_same(&other)) {
            return Err(format!("{} is named twice", server.target.url()));
        }
    }
    for (server, MetricsFlag(metrics)) in servers.iter_mut().zip(metrics) {
        server.metrics = metrics;
    }
    let targets = servers
        .iter_mut()
        .flat_map(|server| [Some(&mut server.target), server.metrics.as_mut()])
        .flatten();
    certificates.give_to(targets)?;
    Ok(servers)
}

/// Two words that are no flags are two servers, or a command and what it is about.
fn misspelt_command(servers: &[Server]) -> Option<String> {
    const COMMANDS: [&str; 2] = ["compare", "find"];
    let [Server { target, .. }, _, ..] = servers else { return None };
    let word = Some(&target.host).filter(|host| **host == target.authority)?;
    let near = nearest(word, COMMANDS)?;
    Some(format!("there is no command `{word}`: did you mean {near}?"))
}

/// The arguments of a plan file, without what the command line says in full: the servers, and their `/metrics`.
pub(super) fn without(
    mut arguments: Vec<OsString>,
    is_given: impl Fn(&str) -> bool,
) -> Vec<OsString> {
    let begins = |argument: &OsString, text: &str| {
        argument.to_str().is_some_and(|argument| argument.starts_with(text))
    };
    let (urls, metrics) = (is_given("url"), is_given("metrics"));
    arguments.retain(|argument| {
        let is_url = !begins(argument, "--");
        !(urls && is_url || metrics && begins(argument, "--metrics="))
    });
    arguments
}
