//! The flaws that a frame of this dialect can have, with their sentences. Used by `decode`.

use crate::dialects::flaw::Flaw;

pub(super) const DATA: Flaw = Flaw::malformed("data must be an object");
pub(super) const SESSION_ID: Flaw =
    Flaw::malformed("sessionId must be a string of 1 to 256 printable characters");
pub(super) const NAME: Flaw =
    Flaw::malformed("name must be a string of at most 128 characters, or null");
pub(super) const PROFILE_PICTURE: Flaw = Flaw::malformed("profilePicture must be a string or null");
pub(super) const RECEIPTS: Flaw = Flaw::malformed("receipts must be true or false");
pub(super) const ID: Flaw = Flaw::malformed("id must be a string of 1 to 256 printable characters");
pub(super) const RECIPIENT_ID: Flaw =
    Flaw::malformed("recipientId must be a string of 1 to 256 printable characters");
pub(super) const SENDER_ID: Flaw = Flaw::malformed("senderId must be a string");
pub(super) const SENDER_NAME: Flaw = Flaw::malformed("senderName must be a string");
pub(super) const MESSAGE: Flaw = Flaw::malformed("message must be a string");
pub(super) const CREATED_AT: Flaw = Flaw::malformed("createdAt must be an ISO 8601 time");
pub(super) const EXPIRES_AT: Flaw = Flaw::malformed("expiresAt must be an ISO 8601 time or null");
pub(super) const INVITATION_ID: Flaw =
    Flaw::malformed("invitationId must be a string of 1 to 256 printable characters");
pub(super) const MESSAGE_ID: Flaw =
    Flaw::malformed("messageId must be a string of 1 to 256 printable characters");
pub(super) const CONTENT: Flaw = Flaw::malformed("content must be a string");
pub(super) const MESSAGE_TYPE: Flaw = Flaw::malformed("messageType must be a string");
pub(super) const TIMESTAMP: Flaw = Flaw::malformed("timestamp must be an ISO 8601 time");
pub(super) const STATUS: Flaw = Flaw::malformed("status must be a string");
pub(super) const IS_OUTGOING: Flaw = Flaw::malformed("isOutgoing must be true or false");
pub(super) const METADATA: Flaw = Flaw::malformed("metadata must be an object or null");
pub(super) const METADATA_TOO_LONG: Flaw = Flaw::too_long("metadata must not be over 16 KiB");
pub(super) const METADATA_TOO_DEEP: Flaw =
    Flaw::malformed("metadata must not be nested over 64 levels deep");
pub(super) const REPLY_TO_ID: Flaw =
    Flaw::malformed("replyToId must be a string of 1 to 256 printable characters, or null");
pub(super) const MENTIONS: Flaw = Flaw::malformed(
    "mentions must be a list of at most 256 strings of at most 256 characters, or null",
);
pub(super) const IS_TYPING: Flaw = Flaw::malformed("isTyping must be true or false");
