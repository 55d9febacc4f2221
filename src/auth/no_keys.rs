//! What stands in for the keys in a build without the feature `auth`: nobody can have any.

use std::time::Duration;

use super::Flaw;

/// There are no keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Keys {}

impl Keys {
    /// Reads no keys.
    ///
    /// # Errors
    ///
    /// A sentence that says so.
    pub fn parse(_: &str, _: Option<String>) -> Result<(Keys, Vec<String>), String> {
        Err("this program was built without tokens (the feature auth)".to_owned())
    }

    /// Whether a key has to be kept secret.
    pub fn is_secret(&self) -> bool {
        match *self {}
    }

    /// The names of the algorithms.
    pub fn algorithms(&self) -> Vec<&'static str> {
        match *self {}
    }

    /// Checks no token.
    ///
    /// # Errors
    ///
    /// None.
    pub fn check(&self, _: &str, _: &str, _: Duration) -> Result<Duration, Flaw> {
        match *self {}
    }
}
