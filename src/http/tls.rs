//! TLS: whom a connection trusts.

#[cfg(not(any(target_os = "macos", windows)))]
use std::sync::Arc;

/// The operating system's verifier, which reads its store only when a certificate is checked.
#[cfg(any(target_os = "macos", windows))]
pub fn with(builder: reqwest::ClientBuilder, _secure: bool) -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder
}

/// One bundle file. reqwest's own way reads the bundle and every file of the certificate
/// directory at each start, for http:// URLs too.
#[cfg(not(any(target_os = "macos", windows)))]
pub fn with(builder: reqwest::ClientBuilder, secure: bool) -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let Ok(config) = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() else {
        return builder;
    };
    let roots = if secure { roots() } else { rustls::RootCertStore::empty() };
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    builder.tls_backend_preconfigured(config)
}

#[cfg(not(any(target_os = "macos", windows)))]
fn roots() -> rustls::RootCertStore {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use std::path::PathBuf;

    let given = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let system = BUNDLES.iter().map(PathBuf::from).find(|path| path.exists());
    if system.is_none() && given.is_none() {
        log::warn!("this machine has no CA certificates; install ca-certificates or set SSL_CERT_FILE");
    }
    let mut roots = rustls::RootCertStore::empty();
    for path in given.into_iter().chain(system) {
        match CertificateDer::pem_file_iter(&path) {
            Ok(certificates) => {
                roots.add_parsable_certificates(certificates.filter_map(Result::ok));
            }
            Err(error) => log::warn!("no CA certificates in {}: {error}", path.display()),
        }
    }
    roots
}

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
