//! Rooms: what a message costs that a thousand members hear.

use std::io;

use super::super::server::Server;
use super::super::swarm::Swarm;
use super::super::{Args, Figure, figure};
use super::messages::{millis, steady_from};
use super::people::{add_rooms, filled};

const MEMBERS: usize = 1_000;
/// Messages a second, all of one member.
const RATE: u64 = 100;

/// One member writes, and a thousand hear it, the writer among them. Each has one socket for the room.
pub(super) fn fan_out(server: &Server, _: &Args) -> io::Result<Vec<Figure>> {
    if server.recipe.name == "fan" {
        let tokens = (0..MEMBERS).map(|number| number.to_string()).collect();
        return measure(server, Swarm::of_accounts(tokens, server.address)?);
    }
    let (folder, tokens) = filled(&server.recipe, MEMBERS, 0)?;
    let (users, rooms) = add_rooms(&folder, &[(0..MEMBERS).collect()])?;
    let again = Server::start_on(&server.recipe, folder)?;
    let path = |(user, token)| format!("/room/{}/{user}?token={token}", rooms[0]);
    let addresses = users.iter().zip(&tokens).map(path).collect();
    measure(&again, Swarm::of_mychat(addresses, again.address)?)
}

fn measure(server: &Server, mut swarm: Swarm) -> io::Result<Vec<Figure>> {
    swarm.join_all()?;
    let (run, in_loop) = steady_from(server, &mut swarm, RATE, || (0, 0))?;
    let each = |micros: f64| micros / MEMBERS as f64;
    Ok(vec![
        figure("CPU a delivery, the loop's thread", "µs", each(in_loop)),
        figure("the same, with the store", "µs", each(run.micros_per_message)),
        figure("p50", "ms", millis(&run, 0.5)),
        figure("p99", "ms", millis(&run, 0.99)),
    ])
}
