//! What the realm promises.
