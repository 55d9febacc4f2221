//! [`OpenRealms`]: which realms the operator has opened. The addresses of the others answer 404.

/// The realms that are open. By default all are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "a field is a realm, by the name of its room in `chat`")]
pub struct OpenRealms {
    pub mobile: bool,
    pub messenger: bool,
    /// Without a store there is nobody in it. Its addresses then say so themselves.
    pub account: bool,
}

impl OpenRealms {
    /// All of them.
    pub const ALL: OpenRealms = OpenRealms { mobile: true, messenger: true, account: true };

    /// None of them.
    pub const NONE: OpenRealms = OpenRealms { mobile: false, messenger: false, account: false };

    /// The words for those that are open, as flags and pages have them.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let OpenRealms { mobile, messenger, account } = self;
        let all = [(mobile, "mobile"), (messenger, "session"), (account, "account")];
        all.into_iter().filter(|(is_open, _)| *is_open).map(|(_, word)| word)
    }
}

impl Default for OpenRealms {
    fn default() -> Self {
        OpenRealms::ALL
    }
}
