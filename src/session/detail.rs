//! [`detail`]: an error as an answer, with one sentence that says what is wrong.

use crate::http::{Response, Status};

/// An error with its sentence.
pub(super) fn detail(status: Status, sentence: &str) -> Response<'static> {
    Response::new(status).json_detail(sentence)
}
