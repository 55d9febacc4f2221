//! A session and a server in memory: what arrives byte by byte, what is no TLS, whose certificate is believed.

use std::env;
use std::process;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

use super::*;

const HOST: &str = "chat.example";

/// A server with a certificate of its own for this name, and the certificate in PEM.
fn server(name: &str) -> (ServerConnection, String) {
    let made = generate_simple_self_signed([name.to_owned()]).expect("ring has random numbers");
    let CertifiedKey { cert, signing_key } = made;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring has them");
    let config = builder.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
    let config = Arc::new(config.expect("they belong together"));
    (ServerConnection::new(config).expect("a server"), cert.pem())
}

/// The trust in this file's certificates.
fn trust(name: &str, pem: &str) -> Result<Trust, String> {
    let file = env::temp_dir().join(format!("loadgen-{name}-{}.pem", process::id()));
    std::fs::write(&file, pem).expect("the folder takes it");
    let trust = Trust::new(std::slice::from_ref(&file), false);
    std::fs::remove_file(&file).expect("it is ours");
    trust
}

/// Lets both sides talk until neither has anything to say, with `step` bytes at a time from the server. Returns
/// what the server's side has said.
fn talk(
    session: &mut Session,
    server: &mut ServerConnection,
    step: usize,
) -> io::Result<(Vec<u8>, usize)> {
    let (mut said, mut plain, mut ends) = (Vec::new(), vec![0; 4 * RECORD_BYTES], 0);
    loop {
        let mut wire = Vec::new();
        session.flush(&mut wire);
        let mut rest = &wire[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest)?;
            let _ = server.process_new_packets();
        }
        let mut back = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut back)?;
        }
        if wire.is_empty() && back.is_empty() {
            return Ok((said, ends));
        }
        for bytes in back.chunks(step) {
            let count = session.receive(bytes, &mut plain)?;
            said.extend_from_slice(&plain[..count]);
            ends += usize::from(session.is_over);
        }
    }
}

#[test]
fn what_is_sealed_is_read_on_the_other_side_however_it_is_cut_into_pieces() {
    for step in [1, 7, 100_000] {
        let (mut server, pem) = server(HOST);
        let trust = trust(&format!("sealed-{step}"), &pem).expect("a certificate");
        let mut session = trust.call(HOST).expect("a name");
        let mut out = b"before the handshake".to_vec();
        session.seal(&mut out);
        assert!(!out.windows(6).any(|part| part == b"before"), "nothing leaves unsealed");
        let mut rest = &out[..];
        server.read_tls(&mut rest).expect("memory");
        server.process_new_packets().expect("a hello");
        server.writer().write_all(&[b'x'; 50_000]).expect("it is kept");
        let (said, _) = talk(&mut session, &mut server, step).expect("no fault");
        assert!(said == [b'x'; 50_000] && !session.is_shaking_hands(), "{}", said.len());
        let mut heard = [0; 100];
        let count = server.reader().read(&mut heard).expect("it has come");
        assert_eq!(&heard[..count], b"before the handshake");
        server.send_close_notify();
        let (_, ends) = talk(&mut session, &mut server, 100_000).expect("no fault");
        assert!(session.is_over && ends == 1);
    }
}

#[test]
fn only_a_certificate_that_is_known_and_for_the_name_is_believed_unless_none_is_checked() {
    let fault = |trust: &Trust, host: &str, server: &mut ServerConnection| {
        let mut session = trust.call(host).expect("a name");
        talk(&mut session, server, 1000).err().and_then(|error| Fault::in_error(&error))
    };
    let (_, strangers) = server(HOST);
    let stranger = trust("stranger", &strangers).expect("a certificate");
    let found = fault(&stranger, HOST, &mut server(HOST).0).expect("it is not known");
    assert!(found.advice().contains("--ca"), "{found}");
    let (mut known, pem) = server(HOST);
    let own = trust("own", &pem).expect("a certificate");
    assert_eq!(fault(&own, HOST, &mut known), None);
    let (mut other, pem) = server("elsewhere.example");
    let own = trust("other", &pem).expect("a certificate");
    assert_eq!(fault(&own, HOST, &mut other), Some(Fault(OTHER_NAME)));
    let blind = Trust::new(&[], true).expect("ring is there");
    assert!(blind.is_blind && fault(&blind, HOST, &mut server("elsewhere.example").0).is_none());
}

#[test]
fn what_is_no_tls_is_a_fault_and_never_a_panic() {
    let trust = Trust::new(&[], true).expect("ring is there");
    let mut plain = vec![0; 4 * RECORD_BYTES];
    for junk in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0; 100], &[0xff; 40_000], &[22, 3, 3]]
    {
        let mut session = trust.call(HOST).expect("a name");
        match session.receive(junk, &mut plain) {
            Ok(count) => assert!(count == 0 && session.is_shaking_hands(), "an incomplete record"),
            Err(error) => assert!(Fault::in_error(&error).is_some(), "{error}"),
        }
    }
    assert!(trust.call("not a name").is_err());
}
