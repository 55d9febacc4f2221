//! The flaws that a frame of this dialect can have: a code and a sentence for each. `PROTOCOL.md` lists
//! them. Used by `decode`.

use crate::dialects::flaw::flaws;

flaws! {
    DATA = malformed("bad_data", "data must be an object");
    SESSION_ID = malformed(
        "bad_session_id",
        "sessionId must be a string of 1 to 256 printable characters"
    );
    NAME = malformed("bad_name", "name must be a string of at most 128 characters, or null");
    PROFILE_PICTURE = malformed("bad_profile_picture", "profilePicture must be a string or null");
    RECEIPTS = malformed("bad_receipts", "receipts must be true or false");
    ID = malformed("bad_id", "id must be a string of 1 to 256 printable characters");
    RECIPIENT_ID = malformed(
        "bad_recipient_id",
        "recipientId must be a string of 1 to 256 printable characters"
    );
    SENDER_ID = malformed("bad_sender_id", "senderId must be a string");
    SENDER_NAME = malformed("bad_sender_name", "senderName must be a string");
    MESSAGE = malformed("bad_message", "message must be a string");
    CREATED_AT = malformed("bad_created_at", "createdAt must be an ISO 8601 time");
    EXPIRES_AT = malformed("bad_expires_at", "expiresAt must be an ISO 8601 time or null");
    INVITATION_ID = malformed(
        "bad_invitation_id",
        "invitationId must be a string of 1 to 256 printable characters"
    );
    MESSAGE_ID = malformed(
        "bad_message_id",
        "messageId must be a string of 1 to 256 printable characters"
    );
    CONTENT = malformed("bad_content", "content must be a string");
    MESSAGE_TYPE = malformed("bad_message_type", "messageType must be a string");
    TIMESTAMP = malformed("bad_timestamp", "timestamp must be an ISO 8601 time");
    STATUS = malformed("bad_status", "status must be a string");
    IS_OUTGOING = malformed("bad_is_outgoing", "isOutgoing must be true or false");
    METADATA = malformed("bad_metadata", "metadata must be an object or null");
    METADATA_TOO_LONG = too_long("metadata_too_long", "metadata must not be over 16 KiB");
    METADATA_TOO_DEEP = malformed(
        "metadata_too_deep",
        "metadata must not be nested over 64 levels deep"
    );
    REPLY_TO_ID = malformed(
        "bad_reply_to_id",
        "replyToId must be a string of 1 to 256 printable characters, or null"
    );
    MENTIONS = malformed(
        "bad_mentions",
        "mentions must be a list of at most 256 strings of at most 256 characters, or null"
    );
    IS_TYPING = malformed("bad_is_typing", "isTyping must be true or false");
}
