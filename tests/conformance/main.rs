//! What the standards demand, point by point: `rules` holds `tests/CONFORMANCE.md` against the tests that
//! it names, `json` has the hard cases of JSON for every dialect.

mod json;
mod rules;
