//! [`Trust`]: whose certificates are believed. [`Session`]: one connection's TLS, sans-IO: bytes of the network go
//! in and out on one side, bytes of the protocol on the other.
//!
//! It is rustls, with its cryptography from ring. Every connection makes a full handshake, as that of another phone
//! would: nothing is resumed. Knows neither sockets nor the time; `net` and `terminal` have those.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, ConfigBuilder,
    DigitallySignedStruct, Error, RootCertStore, SignatureScheme, WantsVerifier,
};

/// The most bytes that one record of TLS can have beyond those of the protocol in the same read: a record that began
/// in an earlier read (RFC 8446 §5.2).
pub(crate) const RECORD_BYTES: usize = 16 * 1024 + 256;

/// Whose certificates are believed.
#[derive(Clone)]
pub(crate) struct Trust {
    config: Arc<ClientConfig>,
    /// Whether no certificate is checked.
    pub(crate) is_blind: bool,
}

impl Trust {
    /// What these flags ask for.
    ///
    /// # Errors
    ///
    /// One sentence, if a file cannot be used, or if this machine has no TLS.
    pub(crate) fn new(files: &[PathBuf], is_blind: bool) -> Result<Self, String> {
        if is_blind { Trust::blind() } else { Trust::of_roots(files) }
    }

    /// Believes what the roots of this machine have signed, and those in `files`, which are in PEM.
    fn of_roots(files: &[PathBuf]) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        // A machine without roots is no error: the handshake says that the issuer is not known.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for file in files {
            let wrong = |what: &dyn fmt::Display| format!("--ca {}: {what}", file.display());
            let found = certificates(file).map_err(|what| wrong(&what))?;
            for certificate in found {
                roots.add(certificate).map_err(|error| wrong(&error))?;
            }
        }
        if roots.is_empty() {
            let what = "this machine has no root certificates: name some with --ca FILE";
            return Err(what.to_owned());
        }
        let config = builder()?.with_root_certificates(roots).with_no_client_auth();
        Ok(Trust::with(config, false))
    }

    /// Believes every certificate.
    fn blind() -> Result<Self, String> {
        let verifier = Arc::new(Blind(ring::default_provider()));
        let builder = builder()?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Trust::with(builder.with_no_client_auth(), true))
    }

    fn with(mut config: ClientConfig, is_blind: bool) -> Self {
        // A phone that returned with the key of another would not be a phone of its own.
        config.resumption = Resumption::disabled();
        Trust { config: Arc::new(config), is_blind }
    }

    /// Begins a session with this host.
    ///
    /// # Errors
    ///
    /// If no certificate can be for such a host.
    pub(crate) fn call(&self, host: &str) -> Result<Session, Fault> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| Fault("no certificate can be for such a host name"))?;
        let inner = ClientConnection::new(Arc::clone(&self.config), name);
        let mut inner = inner.map_err(|error| Fault::of(&error))?;
        // What is written goes to the socket at once, or into a buffer of the connection.
        inner.set_buffer_limit(None);
        Ok(Session { inner, is_over: false })
    }
}

/// Two are equal if they are one.
impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config)
    }
}

impl Eq for Trust {}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("is_blind", &self.is_blind).finish_non_exhaustive()
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = std::fs::read(file).map_err(|error| error.to_string())?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("there is no certificate in PEM in it".to_owned()),
        found => found.map_err(|_| "its PEM is broken".to_owned()),
    }
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())
}

/// Believes every certificate. It still checks that the server has the certificate's key: what is no TLS at all
/// must not pass.
#[derive(Debug)]
struct Blind(CryptoProvider);

impl ServerCertVerifier for Blind {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// One connection's TLS.
#[derive(Debug)]
pub(crate) struct Session {
    inner: ClientConnection,
    /// Whether the server has said that nothing more comes (close_notify, RFC 8446 §6.1).
    pub(crate) is_over: bool,
}

impl Session {
    /// Whether the handshake is still under way.
    pub(crate) fn is_shaking_hands(&self) -> bool {
        self.inner.is_handshaking()
    }

    /// Takes bytes of the network, and puts what they say into `plain`. Returns how many bytes that is: none,
    /// as long as a record is incomplete. `plain` must be longer than `wire` by [`RECORD_BYTES`].
    ///
    /// # Errors
    ///
    /// A [`Fault`], if the server broke TLS, or its certificate is not believed.
    pub(crate) fn receive(&mut self, mut wire: &[u8], plain: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        while !wire.is_empty() && !self.is_over {
            self.inner.read_tls(&mut wire).map_err(|_| Fault("a record is too long"))?;
            self.inner.process_new_packets().map_err(|error| Fault::of(&error))?;
            loop {
                match self.inner.reader().read(&mut plain[count..]) {
                    Ok(0) => {
                        self.is_over = true;
                        break;
                    }
                    Ok(more) => count += more,
                    // For now there is no more.
                    Err(_) => break,
                }
            }
        }
        Ok(count)
    }

    /// Turns bytes of the protocol into bytes of the network, in place. During the handshake they are kept.
    pub(crate) fn seal(&mut self, bytes: &mut Vec<u8>) {
        self.inner.writer().write_all(bytes).expect("its buffer has no limit");
        bytes.clear();
        self.flush(bytes);
    }

    /// Appends what TLS itself has to say: the handshake, or why it failed.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        while self.inner.wants_write() {
            self.inner.write_tls(out).expect("writing to a vector never fails");
        }
    }

    /// Appends that nothing more will be sent.
    pub(crate) fn say_goodbye(&mut self, out: &mut Vec<u8>) {
        self.inner.send_close_notify();
        self.flush(out);
    }
}

/// What is wrong with the server's TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Fault(pub(crate) &'static str);

impl Fault {
    /// The stream has ended before the handshake was over.
    pub(crate) const CUT_SHORT: Fault = Fault("the connection ended in the handshake");
    /// The server says nothing.
    pub(crate) const SILENCE: Fault = Fault("the server does not answer the handshake");

    fn of(error: &Error) -> Self {
        Fault(match error {
            Error::InvalidCertificate(error) => of_certificate(error),
            Error::InvalidMessage(_) => "the answer is no TLS",
            Error::PeerIncompatible(_) => {
                "the server has no version or cipher of TLS in common with us"
            }
            Error::AlertReceived(alert) => of_alert(*alert),
            Error::DecryptError => "a record was altered on its way",
            _ => "the server broke the rules of TLS",
        })
    }

    /// The fault that an error of a stream stands for.
    pub(crate) fn in_error(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// What helps against it, to stand behind it.
    pub(crate) fn advice(self) -> &'static str {
        match self.0 {
            UNKNOWN_ISSUER | OTHER_KEY => {
                ": --ca FILE names it, and --insecure believes every certificate"
            }
            OTHER_NAME | EXPIRED | NOT_YET => ": --insecure believes every certificate",
            _ => "",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        io::Error::other(fault)
    }
}

const UNKNOWN_ISSUER: &str = "the certificate's issuer is not known here";
const OTHER_KEY: &str = "the certificate's issuer has another key than the one that is known here";
const OTHER_NAME: &str = "the certificate is for another name";
const EXPIRED: &str = "the certificate has expired";
const NOT_YET: &str = "the certificate is not valid yet";

fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => UNKNOWN_ISSUER,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            OTHER_NAME
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => EXPIRED,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => NOT_YET,
        CertificateError::Revoked => "the certificate was revoked",
        CertificateError::BadSignature => OTHER_KEY,
        _ => "the certificate cannot be used",
    }
}

fn of_alert(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::ProtocolVersion => "the server speaks another version of TLS",
        AlertDescription::HandshakeFailure => "the server has no cipher of TLS in common with us",
        AlertDescription::UnrecognisedName => "the server does not know this name",
        AlertDescription::CertificateRequired => "the server asks for a certificate of ours",
        AlertDescription::InternalError => "the server had an error in the handshake",
        _ => "the server refused the handshake",
    }
}

#[cfg(test)]
mod tests;
