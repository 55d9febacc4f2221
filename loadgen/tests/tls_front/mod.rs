//! [`Front`]: speaks TLS with clients, and passes on what they say to a server without TLS. It can have a fault.
//! [`Authority`]: signs its certificate.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, process, thread};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};

/// What is wrong with the front.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    None,
    /// Its certificate is for `elsewhere.example`.
    OtherName,
    /// Its certificate was good until the year 2001.
    Expired,
    /// Its certificate will be good in the year 4000.
    NotYet,
    /// It says nothing in the handshake, from this connection on, counted from 0.
    SilentFrom(usize),
    /// It answers the handshake in HTTP.
    NoTls,
    /// It closes connections without a word of TLS when the server behind it does.
    NoGoodbye,
    /// It cuts each connection but the first, in the middle of a record, when the server behind it has said this
    /// many bytes.
    CutAfter(usize),
    /// It writes what is no TLS into each connection but the first, at that point.
    JunkAfter(usize),
}

/// Signs certificates. Its own is in a file, for as long as this lives.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pub(crate) file: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::default();
        // Two authorities of one name would be taken for each other.
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("Authority {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("ring has random numbers");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("it can be signed");
        let file = env::temp_dir().join(format!("loadgen-ca-{}-{number}.pem", process::id()));
        fs::write(&file, issuer.pem()).expect("the folder takes it");
        Authority { issuer, file }
    }

    /// `--ca` with its file.
    pub(crate) fn flag(&self) -> String {
        format!("--ca {}", self.file.display())
    }

    fn config(&self, flaw: Flaw) -> Arc<ServerConfig> {
        let name = if flaw == Flaw::OtherName { "elsewhere.example" } else { "localhost" };
        let mut params = CertificateParams::new([name.to_owned()]).expect("it is a name");
        (params.not_before, params.not_after) = match flaw {
            Flaw::Expired => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            Flaw::NotYet => (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1)),
            _ => (params.not_before, params.not_after),
        };
        let key = KeyPair::generate().expect("ring has random numbers");
        let certificate: CertificateDer<'static> =
            params.signed_by(&key, &self.issuer).expect("it can be signed").into();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("ring has them");
        let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key);
        Arc::new(config.expect("they belong together"))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// A front that listens on a free port of the loopback until the test is over.
pub(crate) struct Front {
    address: SocketAddr,
    /// Connections, and those that clients have ended with a word of TLS.
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) goodbyes: Arc<AtomicUsize>,
}

impl Front {
    /// A front of the server at this address.
    pub(crate) fn start(authority: &Authority, server: &str, flaw: Flaw) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let front = Front { address, connections: Arc::default(), goodbyes: Arc::default() };
        let (config, server) = (authority.config(flaw), server.to_owned());
        let (connections, goodbyes) = (front.connections.clone(), front.goodbyes.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let number = connections.fetch_add(1, Ordering::Relaxed);
                let (config, server) = (config.clone(), server.clone());
                let goodbyes = goodbyes.clone();
                thread::spawn(move || {
                    if let Ok(true) = pass_on(client, config, &server, (flaw, number)) {
                        goodbyes.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        front
    }

    /// Its URL, with the name that its certificate should be for.
    pub(crate) fn url(&self) -> String {
        format!("wss://localhost:{}", self.address.port())
    }

    /// How many connections there were, and how many clients have ended TLS in good order.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::Relaxed), self.goodbyes.load(Ordering::Relaxed))
    }
}

/// Passes on what both sides say. Returns whether the client ended TLS in good order.
fn pass_on(
    mut client: TcpStream,
    config: Arc<ServerConfig>,
    server: &str,
    (flaw, number): (Flaw, usize),
) -> io::Result<bool> {
    match flaw {
        Flaw::SilentFrom(first) if number >= first => {
            // Until the client gives up.
            while client.read(&mut [0; 1024])? > 0 {}
            return Ok(false);
        }
        Flaw::NoTls => {
            client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")?;
            thread::sleep(Duration::from_millis(200));
            return Ok(false);
        }
        _ => {}
    }
    let tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let server = TcpStream::connect(server)?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    let mut passage = Passage { tls, client, server, said: 0 };
    loop {
        let ready = {
            let both = [&passage.client, &passage.server];
            let mut both = both.map(|one| PollFd::new(one.as_fd(), PollFlags::POLLIN));
            poll(&mut both, PollTimeout::NONE).map_err(io::Error::from)?;
            both.map(|one| one.any().unwrap_or(true))
        };
        let of_client = if ready[0] { passage.hear_client()? } else { None };
        let of_server = if ready[1] { passage.hear_server(flaw, number > 0)? } else { None };
        if let Some(is_good) = of_client.or(of_server) {
            return Ok(is_good);
        }
    }
}

/// One connection, on both sides of the front.
struct Passage {
    tls: ServerConnection,
    client: TcpStream,
    server: TcpStream,
    /// Bytes that the server has said.
    said: usize,
}

impl Passage {
    /// Something comes from the client. At the end: whether it was in good order.
    fn hear_client(&mut self) -> io::Result<Option<bool>> {
        let Passage { tls, client, server, .. } = self;
        if tls.read_tls(client)? == 0 {
            return Ok(Some(false));
        }
        let state = tls.process_new_packets();
        let sent = tls.write_tls(client);
        state.map_err(io::Error::other)?;
        sent?;
        let mut buffer = [0; 16 * 1024];
        loop {
            match tls.reader().read(&mut buffer) {
                Ok(0) => return Ok(Some(true)),
                Ok(count) => server.write_all(&buffer[..count])?,
                Err(_) => return Ok(None),
            }
        }
    }

    /// Something comes from the server. At the end: whether the client then ended TLS in good order.
    fn hear_server(&mut self, flaw: Flaw, is_later: bool) -> io::Result<Option<bool>> {
        let Passage { tls, client, server, said } = self;
        let mut buffer = [0; 16 * 1024];
        let count = server.read(&mut buffer)?;
        *said += count;
        tls.writer().write_all(&buffer[..count])?;
        match flaw {
            Flaw::CutAfter(bytes) if is_later && *said > bytes => {
                let mut record = Vec::new();
                tls.write_tls(&mut record)?;
                client.write_all(&record[..record.len() / 2])?;
                return Ok(Some(false));
            }
            Flaw::JunkAfter(bytes) if is_later && *said > bytes => client.write_all(&[7; 100])?,
            Flaw::NoGoodbye if count == 0 => return Ok(Some(false)),
            _ if count == 0 => tls.send_close_notify(),
            _ => {}
        }
        while tls.wants_write() {
            tls.write_tls(client)?;
        }
        if count > 0 {
            return Ok(None);
        }
        // The client's own goodbye may follow.
        client.shutdown(Shutdown::Write)?;
        client.set_read_timeout(Some(Duration::from_secs(5)))?;
        while tls.read_tls(client)? > 0 {
            if tls.process_new_packets().map_err(io::Error::other)?.peer_has_closed() {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }
}
