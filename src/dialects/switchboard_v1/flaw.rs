//! The flaws that only a frame of this dialect can have: a code and a sentence for each. `PROTOCOL.md` lists
//! them all. Used by `decode`.

use crate::dialects::flaw::flaws;

flaws! {
    PLACE = malformed("bad_place", "a frame has a to or a room, not both");
    NO_PLACE = malformed("no_place", "this frame needs a to or a room");
    TO = malformed("bad_to", "to must be the name of a user");
    ROOM = malformed("bad_room", "room must be the id of a room");
    USER = malformed("bad_user", "user must be the name of a user");
    MID = malformed("bad_mid", "mid must be the mid of a message, a string of digits");
    REPLY_TO = malformed("bad_reply_to", "reply_to must be the mid of a message, a string of digits");
    BEFORE = malformed("bad_before", "before must be the mid of a message, a string of digits");
    UP_TO = malformed("bad_up_to", "up_to must be the mid of a message, a string of digits");
    LIMIT = malformed("bad_limit", "limit must be a whole number from 1 to 100");
    PREFIX = malformed("bad_prefix", "prefix must be a string");
    AFTER = malformed("bad_after", "after must be a string");
    NAME = malformed("bad_name", "name must be a string");
    DESCRIPTION = malformed("bad_description", "description must be a string");
}
