//! Copies of a database: for a backup, and before a migration.

use std::path::Path;

use super::{Found, StartError};

impl Found {
    /// Writes a copy of the database, as it is at this moment, to a file that must be empty. A server
    /// may go on writing meanwhile. The caller brings the file to the disk (fsync).
    ///
    /// SQLite's backup API was rejected: it begins anew whenever another process writes.
    ///
    /// # Errors
    ///
    /// [`StartError`], if the copy cannot be written, or is not what it should be.
    pub fn copy_to(&self, path: &Path) -> Result<(), StartError> {
        let name = path.to_str().ok_or_else(|| StartError::Sqlite("its name is no text".into()))?;
        self.connection.execute("VACUUM INTO ?", [name]).map_err(|error| StartError::of(&error))?;
        Found::open(path)?.check()
    }
}
