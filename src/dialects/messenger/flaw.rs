//! [`Flaw`]: what is wrong with a frame, in words for whoever writes a client. They quote nothing of
//! the frame: what a person wrote stays out of errors. Called by `decode`.

use crate::dialects::RefusalReason;

/// What is wrong with a frame.
#[derive(Clone, Copy)]
pub(super) enum Flaw {
    NotAnObject,
    DuplicateKey,
    Type,
    UnknownType,
    Data,
    SessionId,
    Name,
    ProfilePicture,
    Receipts,
    Id,
    RecipientId,
    SenderId,
    SenderName,
    Message,
    CreatedAt,
    ExpiresAt,
    InvitationId,
    MessageId,
    Content,
    MessageType,
    Timestamp,
    Status,
    IsOutgoing,
    Metadata,
    MetadataTooLong,
    MetadataTooDeep,
    ReplyToId,
    Mentions,
    IsTyping,
}

impl Flaw {
    /// The flaw in one sentence.
    pub(super) fn detail(self) -> &'static str {
        match self {
            Flaw::NotAnObject => "a frame must be one JSON object",
            Flaw::DuplicateKey => "a key appears twice",
            Flaw::Type => "type must be a string",
            Flaw::UnknownType => "unknown type",
            Flaw::Data => "data must be an object",
            Flaw::SessionId => "sessionId must be a string of 1 to 256 printable characters",
            Flaw::Name => "name must be a string of at most 128 characters, or null",
            Flaw::ProfilePicture => "profilePicture must be a string or null",
            Flaw::Receipts => "receipts must be true or false",
            Flaw::Id => "id must be a string of 1 to 256 printable characters",
            Flaw::RecipientId => "recipientId must be a string of 1 to 256 printable characters",
            Flaw::SenderId => "senderId must be a string",
            Flaw::SenderName => "senderName must be a string",
            Flaw::Message => "message must be a string",
            Flaw::CreatedAt => "createdAt must be an ISO 8601 time",
            Flaw::ExpiresAt => "expiresAt must be an ISO 8601 time or null",
            Flaw::InvitationId => "invitationId must be a string of 1 to 256 printable characters",
            Flaw::MessageId => "messageId must be a string of 1 to 256 printable characters",
            Flaw::Content => "content must be a string",
            Flaw::MessageType => "messageType must be a string",
            Flaw::Timestamp => "timestamp must be an ISO 8601 time",
            Flaw::Status => "status must be a string",
            Flaw::IsOutgoing => "isOutgoing must be true or false",
            Flaw::Metadata => "metadata must be an object or null",
            Flaw::MetadataTooLong => "metadata must not be over 16 KiB",
            Flaw::MetadataTooDeep => "metadata must not be nested over 64 levels deep",
            Flaw::ReplyToId => {
                "replyToId must be a string of 1 to 256 printable characters, or null"
            }
            Flaw::Mentions => {
                "mentions must be a list of at most 256 strings of at most 256 characters, or null"
            }
            Flaw::IsTyping => "isTyping must be true or false",
        }
    }

    /// The heading for a message with this flaw.
    pub(super) fn reason(self) -> RefusalReason {
        match self {
            Flaw::MetadataTooLong => RefusalReason::TooLong,
            Flaw::NotAnObject
            | Flaw::DuplicateKey
            | Flaw::Type
            | Flaw::UnknownType
            | Flaw::Data
            | Flaw::SessionId
            | Flaw::Name
            | Flaw::ProfilePicture
            | Flaw::Receipts
            | Flaw::Id
            | Flaw::RecipientId
            | Flaw::SenderId
            | Flaw::SenderName
            | Flaw::Message
            | Flaw::CreatedAt
            | Flaw::ExpiresAt
            | Flaw::InvitationId
            | Flaw::MessageId
            | Flaw::Content
            | Flaw::MessageType
            | Flaw::Timestamp
            | Flaw::Status
            | Flaw::IsOutgoing
            | Flaw::Metadata
            | Flaw::MetadataTooDeep
            | Flaw::ReplyToId
            | Flaw::Mentions
            | Flaw::IsTyping => RefusalReason::Malformed,
        }
    }
}
