//! [`Pages`]: the files of an app's own pages (`--pages`), as they were when the server started.
//!
//! `net` has read them, and a request only looks one up by its name: no request reaches the disk, so none can
//! reach beyond the folder. The names are those below the folder, with `/` between the parts:
//! `templates/index.html`, `static/app.js`. A file has a type by its ending, and an ETag by its content, so
//! that a browser asks only whether it has changed. A *template* has placeholders. `site` says which file is
//! found at which address.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use crate::http::{ETag, Request, Response, Status, media_type};

/// A file of over this many bytes is the last on its connection: a client that asks for many at once, and
/// does not read them, would fill its outbox with them. (Their bytes are shared, but count in each outbox.)
const LARGE_BYTES: usize = 64 * 1024;

/// All files. A clone shares them.
#[derive(Clone, Default)]
pub struct Pages(Rc<HashMap<String, File>>);

struct File {
    content_type: &'static str,
    etag: ETag,
    /// All answers share these bytes: a client that asks for a large file again and again takes no memory.
    bytes: Rc<[u8]>,
}

/// A file whose content a browser cannot use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotUtf8 {
    /// The name of the template that is no UTF-8.
    pub name: String,
}

impl Pages {
    /// Takes files, each with its name.
    ///
    /// # Errors
    ///
    /// [`NotUtf8`]: a template is no text.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<Self, NotUtf8> {
        let mut all = HashMap::new();
        for (name, bytes) in files {
            if name.starts_with("templates/") && str::from_utf8(&bytes).is_err() {
                return Err(NotUtf8 { name });
            }
            let (content_type, etag) = (media_type(&name), ETag::of(&bytes));
            all.insert(name, File { content_type, etag, bytes: bytes.into() });
        }
        Ok(Pages(Rc::new(all)))
    }

    /// Whether there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A file as a response, or 304 if the browser has it already. A cache may keep it, and has to ask each
    /// time whether it has changed. `None` if there is no such file.
    pub(super) fn file<'p>(&'p self, name: &str, request: &Request<'_>) -> Option<Response<'p>> {
        let File { content_type, etag, bytes } = self.0.get(name)?;
        let is_known = etag.is_known_to(request);
        let status = if is_known { Status::NotModified } else { Status::Ok };
        let response = Response::new(status)
            .header("ETag", etag.as_str())
            .header("Cache-Control", "no-cache")
            .header("X-Content-Type-Options", "nosniff");
        Some(if is_known { response } else { response.shared_body(content_type, bytes) })
    }

    /// A template with values in place of its placeholders, each a name and its value. `None` if there is no
    /// such template.
    pub(super) fn filled(&self, name: &str, values: &[(&str, &str)]) -> Option<Response<'static>> {
        let File { content_type, bytes, .. } = self.0.get(name)?;
        let template = str::from_utf8(bytes).ok()?;
        let text = fill(template, values).into_bytes();
        Some(Response::new(Status::Ok).body(content_type, text))
    }

    /// Whether a response is so large that its connection ends after it.
    pub(super) fn is_large(response: &Response<'_>) -> bool {
        response.body_bytes() > LARGE_BYTES
    }
}

/// Debug output shows how many files there are.
impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({})", self.0.len())
    }
}

/// Puts values in the place of `{{ name }}`, where the spaces are optional. A value is only ever text of the
/// page: the characters with a meaning in HTML are escaped. A name that is not known stays as it is. The
/// values are not searched for placeholders.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut page = String::with_capacity(template.len() + 256);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let inside = after.split_once("}}").map(|(name, rest)| (name.trim_matches(' '), rest));
        let known = inside.and_then(|(name, rest)| {
            values.iter().find(|(one, _)| *one == name).map(|(_, value)| (value, rest))
        });
        match known {
            Some((value, behind)) => {
                escape(value, &mut page);
                rest = behind;
            }
            None => {
                page.push_str("{{");
                rest = after;
            }
        }
    }
    page + rest
}

/// Appends a text for a place between tags, or for one between the quotes of an attribute.
fn escape(text: &str, page: &mut String) {
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            _ => page.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_placeholder_becomes_its_value_and_everything_else_stays() {
        let values = [("username", "zoë"), ("target_id", "7")];
        for (template, expected) in [
            ("<b>{{ username }}</b>{{username}}", "<b>zoë</b>zoë"),
            ("{{   target_id }}{{ target_id}}", "77"),
            ("{{ unknown }} {{ username", "{{ unknown }} {{ username"),
            ("{ { username } } {{}} {{ user name }}", "{ { username } } {{}} {{ user name }}"),
            ("{{{{ username }}", "{{zoë"),
            ("{{ Username }}", "{{ Username }}"),
            ("{{\nusername }}", "{{\nusername }}"),
            ("", ""),
        ] {
            assert_eq!(fill(template, &values), expected);
        }
    }

    #[test]
    fn a_value_is_never_markup_and_never_a_placeholder() {
        let hostile = r#"</p><script>x('y')</script>"&{{ other }}"#;
        let page = fill("<p title=\"{{ a }}\">{{ a }}</p>", &[("a", hostile), ("other", "secret")]);
        let escaped = "&lt;/p&gt;&lt;script&gt;x(&#39;y&#39;)&lt;/script&gt;&quot;&amp;{{ other }}";
        assert_eq!(page, format!("<p title=\"{escaped}\">{escaped}</p>"));
    }

    proptest! {
        #[test]
        fn wherever_a_template_is_cut_the_beginning_of_the_page_is_the_same(value in "[^{}]*", cut in 0..40_usize) {
            let template = "<p>{{ a }}</p><i>{{a}}{{ b }}</i>{{";
            let cut = cut.min(template.len());
            let whole = fill(template, &[("a", &value)]);
            let part = fill(&template[..cut], &[("a", &value)]);
            let sure = part.split_once("{{").map_or(part.as_str(), |(before, _)| before);
            let sure = sure.strip_suffix('{').unwrap_or(sure);
            prop_assert!(whole.starts_with(sure), "{} {}", whole, part);
        }

        #[test]
        fn no_value_adds_a_tag(value in any::<String>()) {
            let page = fill("{{ a }}", &[("a", &value)]);
            prop_assert!(!page.contains(['<', '>', '"', '\'']), "{}", page);
        }
    }

    #[test]
    fn a_template_must_be_a_text_and_another_file_need_not() {
        let file = |name: &str| (name.to_owned(), vec![0xFF]);
        assert!(Pages::new([file("static/x.png")]).is_ok());
        let name = "templates/index.html".to_owned();
        assert_eq!(Pages::new([file(&name)]).err(), Some(NotUtf8 { name }));
    }
}
