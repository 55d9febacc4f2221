//! How long the disk takes to keep something, beside which the store's times are to be read.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};

use super::super::relay::{histogram, micros};
use super::super::server::Server;
use super::super::swarm::now;
use super::super::{Figure, figure};

const PAGE: usize = 4096;
const WRITES: usize = 400;

/// The time of a write of one page with fdatasync(2), in the folder of this server and while it is idle.
/// SQLite's log is written like this: over bytes that the file has already.
pub(super) fn fdatasync(server: &Server) -> io::Result<[Figure; 2]> {
    let path = server.folder.0.join("fdatasync");
    let mut file = File::create(&path)?;
    file.write_all(&vec![0; PAGE * WRITES])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut times = histogram();
    for _ in 0..WRITES {
        let begun = now();
        file.write_all(&[1; PAGE])?;
        file.sync_data()?;
        times.saturating_record(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    std::fs::remove_file(path)?;
    Ok([
        figure("this disk's fdatasync, p50", "µs", micros(&times, 0.5)),
        figure("this disk's fdatasync, p99", "µs", micros(&times, 0.99)),
    ])
}
