//! Tells what came of a run. `summary` draws the [`Summary`] from the record, the samples and the server's
//! own books, and `verdict` judges it. `runs` holds the summary of one or several runs. `outputs` writes it
//! to where it is wanted, as `text`, JSON, `csv`, `hgrm` or `html`. `compare` compares two reports.

mod accounts;
mod bars;
mod cast;
mod commands;
mod compare;
mod csv;
mod found;
mod heading;
mod hgrm;
mod html;
mod junit;
mod ledger;
mod merge;
mod named;
mod output;
mod outputs;
mod quantiles;
mod ratio;
mod runs;
mod saturation;
mod server;
mod servers;
mod sessions;
mod shape;
mod shard;
mod side;
mod summary;
mod surroundings;
mod text;
mod trend;
mod verdict;

pub(crate) use compare::{Style, compare};
pub(crate) use found::{Found, Trial, announce};
pub(crate) use merge::merge;
pub(crate) use output::print;
pub(crate) use outputs::{Destinations, Outputs};
pub(crate) use runs::Runs;
pub(crate) use shape::Summary;
pub(crate) use surroundings::Surroundings;
pub(crate) use trend::Trend;
