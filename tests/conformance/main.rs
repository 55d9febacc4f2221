//! What the standards demand, point by point. `rules` compares `tests/CONFORMANCE.md` with the tests that
//! it names. `json` has the hard cases of JSON for every dialect.

mod json;
mod rules;
