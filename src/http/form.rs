//! [`Form`]: the fields of a body as browsers send it for an HTML form (`application/x-www-form-urlencoded`).
//!
//! The crate form_urlencoded removes the escapes, as the URL Standard says ("application/x-www-form-urlencoded
//! parsing"): `+` is a space, and bytes that are no UTF-8 become U+FFFD. A field without escapes is borrowed.
//! This file knows no field by name. Called by the handlers of routes.

use std::borrow::Cow;

/// The most fields of a form. The largest form that a page here sends has two.
pub const FORM_FIELDS: usize = 16;

/// The fields of a form, in their order.
pub struct Form<'b>(Vec<(Cow<'b, str>, Cow<'b, str>)>);

/// A form has more than [`FORM_FIELDS`] fields.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooManyFields;

impl<'b> Form<'b> {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`TooManyFields`]: the other fields are then not read.
    pub fn parse(body: &'b [u8]) -> Result<Self, TooManyFields> {
        let mut fields = form_urlencoded::parse(body);
        let form = Form(fields.by_ref().take(FORM_FIELDS).collect());
        if fields.next().is_some() { Err(TooManyFields) } else { Ok(form) }
    }

    /// The value of the field of this name. `None` if there is none, or if there are several: one reader
    /// would take the first, and another reader the last.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(body: &str, name: &str) -> Option<String> {
        Form::parse(body.as_bytes()).ok()?.only(name).map(str::to_owned)
    }

    #[test]
    fn a_field_loses_its_escapes() {
        let body = "username=zo%C3%AB+%26+co&password=a%3Db%2Bc&empty=&bare";
        for (name, expected) in [
            ("username", Some("zoë & co")),
            ("password", Some("a=b+c")),
            ("empty", Some("")),
            ("bare", Some("")),
            ("zoë", None),
            ("Username", None),
        ] {
            assert_eq!(only(body, name).as_deref(), expected, "{name}");
        }
        assert_eq!(only("a=%zz%F", "a").as_deref(), Some("%zz%F"), "no escape");
        assert_eq!(only("a=%FF", "a").as_deref(), Some("\u{FFFD}"), "no UTF-8");
    }

    #[test]
    fn a_field_that_is_there_twice_has_no_value() {
        assert_eq!(only("a=1&b=2&a=3", "a"), None);
        assert_eq!(only("a=1&%61=1", "a"), None, "also if it is the same, or escaped");
        assert_eq!(only("a=1&b=2&a=3", "b").as_deref(), Some("2"));
    }

    #[test]
    fn a_form_has_at_most_sixteen_fields() {
        let fields = |count: usize| vec!["x=1"; count].join("&") + "&&";
        assert!(Form::parse(fields(FORM_FIELDS).as_bytes()).is_ok(), "nothing is no field");
        assert_eq!(Form::parse(fields(FORM_FIELDS + 1).as_bytes()).err(), Some(TooManyFields));
    }

    proptest! {
        #[test]
        fn what_a_browser_writes_is_read_as_it_was(pairs in prop::collection::vec(any::<(String, String)>(), 0..6)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let form = Form::parse(body.as_bytes()).expect("few fields");
            for (name, value) in &pairs {
                let count = pairs.iter().filter(|(other, _)| other == name).count();
                prop_assert_eq!(form.only(name), (count == 1).then_some(value.as_str()));
            }
        }

        #[test]
        fn no_body_makes_it_panic(body in any::<Vec<u8>>()) {
            let _ = Form::parse(&body).map(|form| form.only("a").map(str::len));
        }
    }
}
