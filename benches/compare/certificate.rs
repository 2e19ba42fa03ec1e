//! The certificate of the server, and who trusts it: an authority that lives as long as a run.

use std::{fs, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore};

/// The authority in PEM, for who takes it from a file.
pub const AUTHORITY: &str = "ca.pem";
/// The server's certificate, in DER.
pub const SERVER: &str = "server.der";
/// The server's key, in DER.
pub const KEY: &str = "server.key";

/// Writes the files, and returns how a client of our own secures its connections.
pub fn make(folder: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "authority of a benchmark");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names)?.signed_by(&key, &authority)?;
    fs::write(folder.join(AUTHORITY), authority.pem())?;
    fs::write(folder.join(SERVER), server.der())?;
    fs::write(folder.join(KEY), key.serialize_der())?;
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
