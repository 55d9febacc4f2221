//! The MyChat dialect of the account realm: a login with forms and cookies.
//!
//! - `forms`: registering, logging in and logging out
//! - `answers`: errors
//!
//! Called by the session.

mod answers;
mod forms;

pub use forms::ROUTES as FORMS;
