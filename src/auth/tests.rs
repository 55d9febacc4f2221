//! Keys, and tokens that are checked with them: good ones, and those of attackers.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Duration = Duration::from_secs(1_800_000_000);
const NUMBER: &str = "0012345678";
const HOUR: Duration = Duration::from_secs(3600);

fn key(algorithm: Algorithm, kid: &str, seed: u8) -> String {
    new_key(algorithm, kid, &[seed; 32]).expect("a key of the curve")
}

fn keys(text: &str) -> Keys {
    Keys::parse(text, None).expect("keys").0
}

fn set<'k>(all: impl IntoIterator<Item = &'k str>) -> String {
    format!("{{\"keys\":[{}]}}", all.into_iter().collect::<Vec<_>>().join(","))
}

fn maker(text: &str) -> TokenMaker {
    TokenMaker::parse(text, None).expect("a private key")
}

fn wrong(text: &str) -> String {
    Keys::parse(text, None).map(|_| ()).expect_err("no keys")
}

/// A token for HS256 with any claims.
fn signed(text: &str, header: &Value, claims: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let message = format!("{}.{}", encode(&header.to_string()), encode(claims));
    let secret: Value = serde_json::from_str(text).expect("a key");
    let secret = BASE64URL_NOPAD.decode(secret["k"].as_str().expect("k").as_bytes()).expect("k");
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&secret).expect("a secret");
    mac.update(message.as_bytes());
    format!("{message}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

fn checked(claims: &str) -> Result<Duration, Flaw> {
    let text = key(Algorithm::Hs256, "a", 1);
    keys(&text).check(&signed(&text, &json!({"alg": "HS256"}), claims), NUMBER, NOW)
}

#[test]
fn a_token_proves_its_number_until_half_a_minute_after_its_end() {
    for algorithm in Algorithm::ALL {
        let text = key(algorithm, "a", 7);
        let (token, keys) = (maker(&text).make(NUMBER, NOW, HOUR), keys(&text));
        let ends = NOW + HOUR + LEEWAY;
        let just_before = ends - Duration::from_nanos(1);
        assert_eq!(keys.check(&token, NUMBER, NOW), Ok(ends), "{algorithm:?}");
        assert_eq!(keys.check(&token, NUMBER, just_before), Ok(ends));
        assert_eq!(keys.check(&token, NUMBER, ends), Err(Flaw::Expired));
        assert_eq!(keys.check(&token, "0012345679", NOW), Err(Flaw::Subject));
    }
}

#[test]
fn the_public_part_of_a_key_is_enough_to_check_with() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let private = key(algorithm, "a", 9);
        let public = public_part(&private).expect("it has one");
        assert!(!public.contains("\"d\""), "{public}");
        let token = maker(&private).make(NUMBER, NOW, HOUR);
        let (with_public, warnings) = Keys::parse(&public, None).expect("keys");
        assert!(warnings.is_empty(), "{warnings:?}");
        assert!(with_public.check(&token, NUMBER, NOW).is_ok());
        let why = TokenMaker::parse(&public, None).expect_err("it cannot sign");
        assert!(why.contains("the key is public"), "{why}");
        let (_, warnings) = Keys::parse(&private, None).expect("keys");
        assert!(warnings.iter().any(|line| line.contains("is private")), "{warnings:?}");
    }
    assert!(public_part(&key(Algorithm::Hs256, "a", 9)).is_err());
}

#[test]
fn a_key_of_rfc_7515_checks_the_token_of_rfc_7515() {
    // Appendix A.1 has a key for HS256. Its claims have no sub, so that is what is wrong.
    let text = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(keys(text).check(token, NUMBER, NOW), Err(Flaw::Malformed));
    let forged = token.replace("dBjf", "dBjg");
    assert_eq!(keys(text).check(&forged, NUMBER, NOW), Err(Flaw::Signature));
}

#[test]
fn the_key_says_the_algorithm_and_never_the_token() {
    let es = key(Algorithm::Es256, "a", 3);
    let public: Value = serde_json::from_str(&public_part(&es).expect("public")).expect("JSON");
    let keys = keys(&public.to_string());
    let claims = json!({"sub": NUMBER, "exp": 1_900_000_000}).to_string();
    // The classic attack: the public key, which everybody knows, as the secret of HS256.
    for secret in ["x", "y"] {
        let text = json!({"kty": "oct", "k": public["keys"][0][secret]}).to_string();
        for header in [json!({"alg": "HS256"}), json!({"alg": "HS256", "kid": "a"})] {
            let token = signed(&text, &header, &claims);
            assert_eq!(keys.check(&token, NUMBER, NOW), Err(Flaw::UnknownKey));
        }
    }
    let bytes = |name: &str| {
        BASE64URL_NOPAD
            .decode(public["keys"][0][name].as_str().expect("text").as_bytes())
            .expect("bytes")
    };
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    let text = json!({"kty": "oct", "k": BASE64URL_NOPAD.encode(&point)}).to_string();
    let token = signed(&text, &json!({"alg": "HS256", "kid": "a"}), &claims);
    assert_eq!(keys.check(&token, NUMBER, NOW), Err(Flaw::UnknownKey));
    let text = key(Algorithm::Hs256, "a", 1);
    for alg in ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "PS256", "ES384", "hs256"] {
        let token = signed(&text, &json!({"alg": alg}), &claims);
        let (unsigned, _) = token.rsplit_once('.').expect("three parts");
        for keys in [&keys, &self::keys(&text)] {
            for token in [&token, &format!("{unsigned}."), unsigned] {
                let flaw = keys.check(token, NUMBER, NOW).expect_err(alg);
                assert!(matches!(flaw, Flaw::Malformed | Flaw::UnknownKey), "{alg}: {flaw:?}");
            }
        }
    }
}

#[test]
fn a_key_is_found_by_its_name() {
    let [a, b, c] = [1, 2, 3].map(|seed| key(Algorithm::EdDsa, &format!("key-{seed}"), seed));
    let keys = keys(&set([a.as_str(), b.as_str(), &key(Algorithm::Hs256, "key-4", 4)]));
    assert!(keys.check(&maker(&a).make(NUMBER, NOW, HOUR), NUMBER, NOW).is_ok());
    assert!(keys.check(&maker(&b).make(NUMBER, NOW, HOUR), NUMBER, NOW).is_ok());
    assert_eq!(keys.check(&maker(&c).make(NUMBER, NOW, HOUR), NUMBER, NOW), Err(Flaw::UnknownKey));
    // Under the name of another key, the signature is wrong.
    let liar = c.replace("key-3", "key-1");
    assert_eq!(
        keys.check(&maker(&liar).make(NUMBER, NOW, HOUR), NUMBER, NOW),
        Err(Flaw::Signature)
    );
    // Without a name, all keys of the algorithm are tried.
    let nameless = b.replace("\"kid\":\"key-2\",", "");
    assert!(!nameless.contains("kid"));
    assert!(keys.check(&maker(&nameless).make(NUMBER, NOW, HOUR), NUMBER, NOW).is_ok());
    let nobodys = c.replace("\"kid\":\"key-3\",", "");
    assert_eq!(
        keys.check(&maker(&nobodys).make(NUMBER, NOW, HOUR), NUMBER, NOW),
        Err(Flaw::Signature)
    );
}

#[test]
fn a_claim_of_a_wrong_type_is_malformed() {
    for claims in [
        r#"{"exp":1900000000}"#,
        r#"{"sub":"0012345678"}"#,
        r#"{"sub":12345678901,"exp":1900000000}"#,
        r#"{"sub":["0012345678"],"exp":1900000000}"#,
        r#"{"sub":null,"exp":1900000000}"#,
        r#"{"sub":"0012345678","exp":"1900000000"}"#,
        r#"{"sub":"0012345678","exp":null}"#,
        r#"{"sub":"0012345678","exp":true}"#,
        r#"{"sub":"0012345678","exp":1e999}"#,
        r#"{"sub":"0012345678","exp":1900000000,"nbf":"soon"}"#,
        r#"{"sub":"0012345678","exp":1900000000,"aud":7}"#,
        r#"{"sub":"0012345678","sub":"0012345678","exp":1900000000}"#,
        r#"{"sub":"0012345678","exp":1,"exp":1900000000}"#,
        "[]",
        "\"0012345678\"",
        "",
        "{",
    ] {
        assert_eq!(checked(claims), Err(Flaw::Malformed), "{claims}");
    }
}

#[test]
fn times_are_numbers_of_any_size() {
    let ends = |seconds: f64| Ok(Duration::from_secs_f64(seconds) + LEEWAY);
    let with = |exp: &str| checked(&format!(r#"{{"sub":"{NUMBER}","exp":{exp}}}"#));
    assert_eq!(with("1800000000.5"), ends(1_800_000_000.5));
    assert_eq!(with("1799999970.5"), ends(1_799_999_970.5));
    for past in ["1799999970", "0", "-1", "-1e300", "-9223372036854775809", "0.000001"] {
        assert_eq!(with(past), Err(Flaw::Expired), "{past}");
    }
    for never in ["1e30", "1.7e308", "18446744073709551616"] {
        assert_eq!(with(never), Ok(Duration::MAX), "{never}");
    }
    let from = |nbf: &str| {
        checked(&format!(r#"{{"sub":"{NUMBER}","exp":1900000000,"nbf":{nbf}}}"#)).map(|_| ())
    };
    for fine in ["1800000030", "0", "-5", "1799999999.9"] {
        assert_eq!(from(fine), Ok(()), "{fine}");
    }
    for early in ["1800000030.5", "1e30", "1899999999"] {
        assert_eq!(from(early), Err(Flaw::Early), "{early}");
    }
}

#[test]
fn the_subject_is_exactly_the_number() {
    for sub in
        ["12345678", "+0012345678", " 0012345678", "0012345678 ", "٠٠١٢٣٤٥٦٧٨", "00 12345678", ""]
    {
        let claims = json!({"sub": sub, "exp": 1_900_000_000}).to_string();
        assert_eq!(checked(&claims), Err(Flaw::Subject), "{sub}");
    }
}

#[test]
fn a_token_for_an_audience_is_for_servers_of_that_name() {
    let text = key(Algorithm::Hs256, "a", 1);
    let of = |aud: Value| {
        let mut claims = json!({"sub": NUMBER, "exp": 1_900_000_000, "aud": aud});
        if claims["aud"].is_null() {
            claims.as_object_mut().expect("an object").remove("aud");
        }
        signed(&text, &json!({"alg": "HS256"}), &claims.to_string())
    };
    let named = Keys::parse(&text, Some("chat".to_owned())).expect("keys").0;
    let nameless = keys(&text);
    let ok = |keys: &Keys, aud: Value| keys.check(&of(aud), NUMBER, NOW).is_ok();
    assert!(ok(&named, json!("chat")) && ok(&named, json!(["shop", "chat"])));
    assert!(!ok(&named, json!("shop")) && !ok(&named, json!([])) && !ok(&named, Value::Null));
    assert!(ok(&nameless, Value::Null) && !ok(&nameless, json!("chat")));
    let token = TokenMaker::parse(&text, Some("chat".to_owned())).expect("a key");
    assert!(named.check(&token.make(NUMBER, NOW, HOUR), NUMBER, NOW).is_ok());
}

#[test]
fn what_a_header_marks_as_critical_has_to_be_understood() {
    let text = key(Algorithm::Hs256, "a", 1);
    let claims = json!({"sub": NUMBER, "exp": 1_900_000_000}).to_string();
    for header in [
        json!({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        json!({"alg": "HS256", "crit": []}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
    ] {
        let token = signed(&text, &header, &claims);
        assert_eq!(keys(&text).check(&token, NUMBER, NOW), Err(Flaw::Malformed), "{header}");
    }
}

#[test]
fn a_token_has_a_largest_size() {
    let text = key(Algorithm::Hs256, "a", 1);
    let with = |fill: usize| {
        let claims = json!({"sub": NUMBER, "exp": 1_900_000_000, "fill": "x".repeat(fill)});
        signed(&text, &json!({"alg": "HS256"}), &claims.to_string())
    };
    assert_eq!(keys(&text).check(&with(TOKEN_BYTES), NUMBER, NOW), Err(Flaw::TooLong));
    let large = with(TOKEN_BYTES / 4 * 3 - 150);
    assert!(large.len() > TOKEN_BYTES - 100 && large.len() <= TOKEN_BYTES, "{}", large.len());
    assert!(keys(&text).check(&large, NUMBER, NOW).is_ok());
}

#[test]
fn a_file_without_a_good_key_is_refused_with_the_reason() {
    let short = json!({"kty": "oct", "k": BASE64URL_NOPAD.encode(&[1; 31])}).to_string();
    let es: Value = serde_json::from_str(&key(Algorithm::Es256, "a", 3)).expect("JSON");
    let mut off_the_curve = es.clone();
    off_the_curve["y"] = es["x"].clone();
    let mut other_alg = es.clone();
    other_alg["alg"] = json!("ES384");
    let mut for_encryption = es.clone();
    for_encryption["use"] = json!("enc");
    let mut padded = es;
    padded["x"] = json!(format!("{}=", padded["x"].as_str().expect("x")));
    let weak = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64URL_NOPAD.encode(&[0; 32])});
    for (text, part) in [
        ("", "no JSON"),
        ("secret", "no JSON"),
        ("[]", "a JWK is"),
        ("7", "a JWK is"),
        ("{}", "neither kty nor keys"),
        ("{\"keys\":7}", "keys is no list"),
        ("{\"keys\":[]}", "no key for"),
        ("{\"keys\":[7,8]}", "no key for"),
        ("-----BEGIN PUBLIC KEY-----\n", "PEM"),
        ("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "not for HS256"),
        ("{\"kty\":\"oct\"}", "k is missing"),
        (&short, "k is too short"),
        (&set([short.as_str(), &key(Algorithm::Hs256, "a", 1)]), "key 1: k is too short"),
        (&off_the_curve.to_string(), "no point of the curve"),
        (&other_alg.to_string(), "its alg"),
        (&for_encryption.to_string(), "its use"),
        (&padded.to_string(), "base64url"),
        (&weak.to_string(), "weak"),
        (&" ".repeat(FILE_BYTES + 1), "65536 bytes"),
    ] {
        let line = wrong(text);
        assert!(line.contains(part), "{part}: {line}");
        assert!(!line.contains('\n'), "{line}");
    }
    let many: Vec<String> = (1..=9).map(|seed| key(Algorithm::EdDsa, "a", seed)).collect();
    assert!(wrong(&set(many.iter().map(String::as_str))).contains("at most 8"));
    assert!(Keys::parse(&set(many[1..].iter().map(String::as_str)), None).is_ok());
}

#[test]
fn a_strange_key_beside_others_is_left_out_with_a_warning() {
    let rsa = r#"{"kty":"RSA","n":"AQAB","e":"AQAB","alg":"RS256","x5c":["AA=="]}"#;
    let ed = key(Algorithm::EdDsa, "a", 1);
    let (keys, warnings) = Keys::parse(&set([rsa, "7", &ed]), None).expect("one is good");
    assert!(keys.check(&maker(&ed).make(NUMBER, NOW, HOUR), NUMBER, NOW).is_ok());
    assert_eq!(warnings.iter().filter(|line| line.contains("left out")).count(), 2, "{warnings:?}");
}

#[test]
fn the_page_of_limits_has_those_of_tokens() {
    let page = include_str!("../limiter/LIMITS.md");
    for (name, most) in [
        ("TOKEN_BYTES", "4,096"),
        ("LEEWAY", "30"),
        ("KEYS", "8"),
        ("SECRET_BYTES", "32"),
        ("FILE_BYTES", "65,536"),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}`: ")));
        assert!(row.is_some_and(|row| row.contains(&format!(" | {most} | "))), "{name}");
    }
    let limits = [TOKEN_BYTES, LEEWAY.as_secs() as usize, KEYS, SECRET_BYTES, FILE_BYTES];
    assert_eq!(limits, [4096, 30, 8, 32, 65_536]);
}

#[test]
fn debug_output_shows_no_key() {
    let text = key(Algorithm::Es256, "a", 3);
    let shown = format!("{:?} {:?} {:?}", keys(&text), maker(&text), jwk::read(&text));
    let value: Value = serde_json::from_str(&text).expect("JSON");
    for field in ["d", "x", "y"] {
        assert!(!shown.contains(value[field].as_str().expect("text")), "{shown}");
    }
    assert!(shown.contains("Keys(1)") && shown.contains("EC"), "{shown}");
}

proptest! {
    #[test]
    fn no_text_makes_the_check_panic(text in "\\PC{0,200}", parts in prop::array::uniform3("[A-Za-z0-9_-]{0,60}")) {
        let keys = keys(&key(Algorithm::EdDsa, "a", 1));
        prop_assert!(keys.check(&text, NUMBER, NOW).is_err());
        prop_assert!(keys.check(&parts.join("."), NUMBER, NOW).is_err());
        let _ = Keys::parse(&text, None);
    }

    #[test]
    fn a_token_with_one_other_byte_proves_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>(), which in 0..3usize) {
        let text = key(Algorithm::ALL[which], "a", 5);
        let keys = keys(&text);
        let token = maker(&text).make(NUMBER, NOW, HOUR);
        let mut bytes = token.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = String::from_utf8(bytes) && other != token {
            prop_assert!(keys.check(&other, NUMBER, NOW).is_err(), "{other}");
        }
    }
}
