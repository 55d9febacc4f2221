//! What came of a run: the [`Summary`] is drawn here, from the record, the samples and the server's own
//! books; `verdict` judges it. `runs` holds one or several; `outputs` brings them where they are
//! wanted: `text`, JSON, `csv`, `hgrm` and `html` tell them each in its way. `compare` sets two apart.

mod bars;
mod cast;
mod compare;
mod csv;
mod figures;
mod hgrm;
mod html;
mod ledger;
mod named;
mod outputs;
mod quantiles;
mod ratio;
mod runs;
mod saturation;
mod server;
mod sessions;
mod shape;
mod summary;
mod surroundings;
mod text;
mod verdict;

pub(crate) use compare::compare;
pub(crate) use outputs::{Destinations, Outputs};
pub(crate) use runs::Runs;
pub(crate) use shape::Summary;
pub(crate) use surroundings::Surroundings;
