//! The media types of files, by the endings of their names. Called by the makers of responses that are files.

/// The type of a file, as `Content-Type` has it. Texts are UTF-8.
pub fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    match ending.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_type_by_its_ending() {
        for (name, expected) in [
            ("static/app.JS", "text/javascript; charset=utf-8"),
            ("templates/a.b.html", "text/html; charset=utf-8"),
            ("static/x.png.exe", "application/octet-stream"),
            ("static/png", "application/octet-stream"),
        ] {
            assert_eq!(media_type(name), expected);
        }
    }
}
