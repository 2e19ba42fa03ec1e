//! Certificates of a test's own, and TLS in front of a scripted server.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

use super::server::Server;

/// Who issues certificates.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: Vec<u8>,
    folder: TempDir,
}

impl Authority {
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Its certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let params = params(names, change);
        let key = KeyPair::generate().unwrap();
        Identity::new(&params.signed_by(&key, &self.issuer).unwrap(), &key)
    }

    /// For the servers of tests, which are on this machine.
    pub fn local(&self) -> Identity {
        self.issue(&["localhost", "127.0.0.1"], |_| ())
    }
}

impl Identity {
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        Self::new(&params(names, |_| ()).self_signed(&key).unwrap(), &key)
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(folder.path().join("both.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
        Self { certificate: certificate.der().clone(), key: key.serialize_der(), folder }
    }

    /// `cert.pem`, `key.pem`, or `both.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn params(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "a server of a test");
    change(&mut params);
    params
}

/// TLS in front of a server.
pub struct Front {
    address: SocketAddr,
    handshakes: Arc<AtomicUsize>,
}

impl Front {
    pub fn of(server: &Server, identity: &Identity) -> Self {
        Self::start(server, identity, None)
    }

    /// Lets in only those who have a certificate of `clients`.
    pub fn for_clients_of(server: &Server, identity: &Identity, clients: &Authority) -> Self {
        Self::start(server, identity, Some(clients))
    }

    fn start(server: &Server, identity: &Identity, clients: Option<&Authority>) -> Self {
        let behind = server.origin().trim_start_matches("http://").to_owned();
        let handshakes = Arc::<AtomicUsize>::default();
        let made = handshakes.clone();
        let address = accept(config(identity, clients), move |socket, acceptor, _| {
            pass(socket, acceptor, behind.clone(), made.clone())
        });
        Self { address, handshakes }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}/mcp", self.address.port())
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Handshakes that have succeeded.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::SeqCst)
    }
}

async fn pass(socket: TcpStream, acceptor: TlsAcceptor, behind: String, made: Arc<AtomicUsize>) {
    let Ok(mut socket) = acceptor.accept(socket).await else { return };
    made.fetch_add(1, Ordering::SeqCst);
    if let Ok(mut server) = TcpStream::connect(behind).await {
        let _ = copy_bidirectional(&mut socket, &mut server).await;
    }
}

/// Gives each connection to `serve`, on a thread of its own, with what accepts TLS on it and its number. Says where.
fn accept<S: Future<Output = ()> + Send + 'static>(
    config: ServerConfig,
    serve: impl Fn(TcpStream, TlsAcceptor, u64) -> S + Send + 'static,
) -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            for number in 0.. {
                let Ok((socket, _)) = listener.accept().await else { return };
                tokio::spawn(serve(socket, acceptor.clone(), number));
            }
        });
    });
    receive.recv().unwrap()
}

/// As [`accept`], with the protocols that the server would speak over it (RFC 7301).
pub fn accept_tls<S: Future<Output = ()> + Send + 'static>(
    identity: &Identity,
    protocols: &[&str],
    serve: impl Fn(TcpStream, TlsAcceptor, u64) -> S + Send + 'static,
) -> SocketAddr {
    let mut config = config(identity, None);
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    accept(config, serve)
}

fn config(identity: &Identity, clients: Option<&Authority>) -> ServerConfig {
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.issuer.der().clone()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
            )
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.clone()));
    builder.with_single_cert(vec![identity.certificate.clone()], key).unwrap()
}
