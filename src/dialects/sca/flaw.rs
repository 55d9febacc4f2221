//! The flaws that only a frame of this dialect can have: a code and a sentence for each. `PROTOCOL.md` lists
//! them all. Used by `decode`.

use crate::dialects::flaw::flaws;

flaws! {
    TO = malformed("bad_to", "to must be a mobile number: a string of 10 to 32 digits");
    TOKEN = malformed("bad_token", "token must be a string");
    TEXT_TOO_LONG = too_long("text_too_long", "text must not be over 16 KiB");
}
