//! The flaws that a frame of this dialect can have: a code and a sentence for each. `PROTOCOL.md` lists
//! them. Used by `decode`.

use crate::dialects::flaw::flaws;

flaws! {
    TO = malformed("bad_to", "to must be a mobile number: a string of 10 to 32 digits");
    TEXT = malformed("bad_text", "text must be a string");
    TEXT_TOO_LONG = too_long("text_too_long", "text must not be over 16 KiB");
    ID = malformed("bad_id", "id must be a string of 1 to 64 characters");
    IS_TYPING = malformed("bad_is_typing", "is_typing must be true or false");
    STATUS = malformed("bad_status", "status must be the string read");
    DATA = malformed("bad_data", "data must be there");
    DATA_TOO_LONG = too_long("data_too_long", "data must not be over 16 KiB");
    DATA_TOO_DEEP = malformed("data_too_deep", "data must not be nested over 64 levels deep");
    MODE = malformed("bad_mode", "mode must be full, delta or none");
}
