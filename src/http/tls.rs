//! TLS: whom a connection trusts, and who we are.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Settings;
use super::certificate::{Names, names};
use super::untrusted::Untrusted;
use crate::failure::{Failure, Kind};

/// The certificates of authorities that are trusted. They are read when the first certificate is
/// checked: a start for http:// reads none, and one for https:// waits for the network meanwhile.
#[derive(Debug)]
pub struct Trust {
    given: Vec<PathBuf>,
    provider: Arc<CryptoProvider>,
    loaded: OnceLock<Option<Arc<dyn ServerCertVerifier>>>,
    /// What servers show, where somebody looks at it.
    seen: Option<Mutex<Seen>>,
}

/// What the last server with which a connection was secured has shown.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The version of TLS; `None` before there was a connection.
    pub version: Option<&'static str>,
    /// Whose its certificate is, who issued it, and when it expires.
    pub certificate: Option<Names>,
    /// Why it is trusted, for the end of a sentence.
    pub trusted: String,
}

/// Checks the certificate of a server, and says what is wrong with it in words.
#[derive(Debug)]
struct Verifier {
    trust: Arc<Trust>,
    /// Takes any certificate.
    blind: bool,
}

impl Trust {
    /// Trusts the authorities of the system, and those that `settings` and the environment add.
    pub fn new(settings: &Settings) -> Self {
        let provider = Arc::new(ring::default_provider());
        Trust { given: settings.ca_certs.clone(), provider, loaded: OnceLock::new(), seen: None }
    }

    /// The same, and keeps in mind what servers show.
    pub fn watching(settings: &Settings) -> Self {
        Trust { seen: Some(Mutex::default()), ..Trust::new(settings) }
    }

    /// What the last server has shown.
    pub fn seen(&self) -> Seen {
        self.seen.as_ref().map(|seen| lock(seen).clone()).unwrap_or_default()
    }

    fn see(&self, change: impl FnOnce(&mut Seen)) {
        if let Some(seen) = &self.seen {
            change(&mut lock(seen));
        }
    }

    /// How connections are secured. With `blind` no certificate is checked.
    ///
    /// # Errors
    /// The client certificate cannot be used: [`Kind::Usage`].
    pub fn config(self: &Arc<Self>, settings: &Settings, blind: bool) -> Result<ClientConfig, Failure> {
        let internal = |error: Error| Failure::new(Kind::Internal, format!("TLS cannot start: {error}"));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let verifier = Verifier { trust: Arc::clone(self), blind };
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(internal)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match identity(settings)? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
                let fact = format!("the client certificate and its key cannot be used: {error}");
                Failure::new(Kind::Usage, fact).remedy("check that --client-key belongs to --client-cert")
            })?,
        };
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    fn verifier(&self) -> Option<&Arc<dyn ServerCertVerifier>> {
        self.loaded.get_or_init(|| self.load(self.added())).as_ref()
    }

    /// One bundle file. The usual way reads the bundle and every file of the certificate directory.
    #[cfg(not(any(target_os = "macos", windows)))]
    fn load(&self, added: Vec<CertificateDer<'static>>) -> Option<Arc<dyn ServerCertVerifier>> {
        let mut roots = RootCertStore::empty();
        if let Some(path) = BUNDLES.iter().map(Path::new).find(|path| path.exists()) {
            roots.add_parsable_certificates(readable(path));
        }
        roots.add_parsable_certificates(added);
        let provider = Arc::clone(&self.provider);
        let verifier = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        // Without a single authority there is nothing to check with.
        verifier.ok().map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
    }

    /// The operating system's own verifier.
    #[cfg(any(target_os = "macos", windows))]
    fn load(&self, added: Vec<CertificateDer<'static>>) -> Option<Arc<dyn ServerCertVerifier>> {
        let provider = Arc::clone(&self.provider);
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(added, provider);
        verifier.ok().map(|verifier| Arc::new(verifier) as Arc<dyn ServerCertVerifier>)
    }

    /// The authorities beside those of the system.
    fn added(&self) -> Vec<CertificateDer<'static>> {
        self.files().into_iter().flat_map(|(_, path)| readable(&path)).collect()
    }

    /// The files with authorities beside those of the system, and what names them.
    fn files(&self) -> Vec<(&'static str, PathBuf)> {
        let set = |name: &'static str| std::env::var_os(name).filter(|path| !path.is_empty()).map(|path| (name, path));
        let named = VARIABLES.into_iter().filter_map(set).map(|(name, path)| (name, PathBuf::from(path)));
        self.given.iter().map(|path| ("--ca-cert", path.clone())).chain(named).collect()
    }

    /// Why a certificate that passed was trusted: because of a file, if it does not pass without.
    fn reason(&self, passes: impl Fn(&dyn ServerCertVerifier) -> bool) -> String {
        let with = |added| self.load(added).is_some_and(|verifier| passes(&*verifier));
        let files = self.files();
        if files.is_empty() || with(Vec::new()) {
            return "trusted by an authority of this system".to_owned();
        }
        match files.iter().find(|(_, path)| with(readable(path))) {
            Some((name, path)) => format!("trusted because of {name} ({})", path.display()),
            None => "trusted because of several files".to_owned(),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.trust.see(|seen| seen.certificate = names(certificate));
        if self.blind {
            self.trust.see(|seen| seen.trusted = "taken unchecked, because of --insecure".to_owned());
            return Ok(ServerCertVerified::assertion());
        }
        let check =
            |verifier: &dyn ServerCertVerifier| verifier.verify_server_cert(certificate, chain, name, ocsp, now);
        let Some(verifier) = self.trust.verifier() else {
            return Err(Untrusted::without_authorities(certificate, name).into());
        };
        let verified = check(&**verifier)
            .map_err(|error| Untrusted::because(&error, certificate, chain, name).map_or(error, Error::from))?;
        self.trust.see(|seen| seen.trusted = self.trust.reason(|verifier| check(verifier).is_ok()));
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.see(|seen| seen.version = Some("TLS 1.2"));
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.see(|seen| seen.version = Some("TLS 1.3"));
        let algorithms = &self.trust.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Makes sure that the files which flags name can be used.
///
/// # Errors
/// One cannot: [`Kind::Usage`].
pub fn check(settings: &Settings) -> Result<(), Failure> {
    for path in &settings.ca_certs {
        let found = certificates(path, "--ca-cert")?;
        // Bundles have odd ones among the others, which are left out.
        if !found.into_iter().any(|found| RootCertStore::empty().add(found).is_ok()) {
            let fact = format!("{} (--ca-cert) has no certificate in it that can be read", path.display());
            return Err(Failure::new(Kind::Usage, fact).remedy("get the file anew from whoever runs the authority"));
        }
    }
    if settings.client_cert.is_some() || settings.client_key.is_some() {
        Arc::new(Trust::new(settings)).config(settings, false)?;
    }
    Ok(())
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Who we are, if somebody asks.
fn identity(settings: &Settings) -> Result<Option<Identity>, Failure> {
    let path = match (&settings.client_cert, &settings.client_key) {
        (Some(path), _) => path,
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(Failure::new(Kind::Usage, "--client-key is given without --client-cert")
                .remedy("give both, or one file with both as --client-cert"));
        }
    };
    let chain = certificates(path, "--client-cert")?;
    let (path, flag) = match &settings.client_key {
        Some(path) => (path, "--client-key"),
        None => (path, "--client-cert"),
    };
    let text = file(path, flag)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
        let has = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
        let shown = path.display();
        if has("ENCRYPTED") {
            let fact = format!("the private key in {shown} ({flag}) is encrypted");
            let remedy = format!("write it without its passphrase: openssl pkey -in {shown} -out KEY.pem");
            return Failure::new(Kind::Usage, fact).remedy(remedy);
        }
        Failure::new(Kind::Usage, format!("{shown} ({flag}) has no private key in it"))
            .remedy("give the file that has it as --client-key: PEM, with BEGIN PRIVATE KEY")
    })?;
    Ok(Some((chain, key)))
}

/// The certificates in a file that a flag names.
fn certificates(path: &Path, flag: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file(path, flag)?).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("{} ({flag}) has no certificate in it", path.display()))
            .remedy("a PEM file is needed, with BEGIN CERTIFICATE")
    })
}

fn file(path: &Path, flag: &str) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        let fact = format!("the file {} of {flag} cannot be read: {error}", path.display());
        Failure::new(Kind::Usage, fact).remedy("check its path")
    })
}

/// The certificates in a file that nobody has to be told of if it is of no use.
fn readable(path: &Path) -> Vec<CertificateDer<'static>> {
    match CertificateDer::pem_file_iter(path) {
        Ok(found) => found.filter_map(Result::ok).collect(),
        Err(error) => {
            log::warn!("no CA certificates in {}: {error}", path.display());
            Vec::new()
        }
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Variables of other programs that name more authorities: OpenSSL's, and Node's.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
/// Where distributions keep the bundle, most common first.
#[cfg(not(any(target_os = "macos", windows)))]
const BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];
