//! The files of the web client, compiled into the program. A file that is not in this list is not served.

/// A file: its name, and its bytes as they are in this folder.
pub(super) type Source = (&'static str, &'static [u8]);

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_bytes!($name))),+] };
}

/// The page, and all that it loads.
pub(super) const FILES: &[Source] = files![
    "index.html",
    "style.css",
    "main.js",
    "account.js",
    "chat.js",
    "client.js",
    "dom.js",
    "door.js",
    "list.js",
    "log.js",
    "panels.js",
    "phones.js",
    "rooms.js",
    "settings.js",
    "signals.js",
    "store.js",
    "tabs.js",
    "talk.js",
    "text.js",
    "words.js",
    "manifest.webmanifest",
    "icon.svg",
    "icon-192.png",
    "icon-512.png",
    "icon-maskable-512.png",
    "sw.js",
];
