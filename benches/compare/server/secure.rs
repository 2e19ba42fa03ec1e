//! The same server behind TLS.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use bytes::Bytes;
use h2::server::SendResponse;
use http::{Method, Request, Response, StatusCode};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Came, Seen, accept,
    answers::{self, Asked},
    serve,
};
use crate::certificate;

/// TLS with HTTP/1.1: a thread for each connection, as without TLS.
pub fn http1(listener: TcpListener, folder: &Path, seen: &Arc<Seen>) -> anyhow::Result<()> {
    let (config, seen) = (config(folder, b"http/1.1")?, Arc::clone(seen));
    let secured = move |stream: TcpStream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        serve(StreamOwned::new(connection, stream), &seen)
    };
    thread::spawn(move || accept(&listener, secured));
    Ok(())
}

/// TLS with HTTP/2: one thread for all connections, of which there should be few.
pub fn http2(listener: TcpListener, folder: &Path, seen: &Arc<Seen>) -> anyhow::Result<()> {
    let (acceptor, seen) = (TlsAcceptor::from(config(folder, b"h2")?), Arc::clone(seen));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    listener.set_nonblocking(true)?;
    thread::spawn(move || {
        let accepting = async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&seen)));
            }
        };
        let ended: io::Result<()> = runtime.block_on(accepting);
        eprintln!("the server of HTTP/2 ended: {ended:?}");
    });
    Ok(())
}

async fn connection(stream: tokio::net::TcpStream, acceptor: TlsAcceptor, seen: Arc<Seen>) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let came = Arc::new(Mutex::new(Came::default()));
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (seen, came) = (Arc::clone(&seen), Arc::clone(&came));
        // A client that goes away is no failure of the server.
        tokio::spawn(async move { answer(request, respond, &seen, &came).await.ok() });
    }
}

async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    seen: &Seen,
    came: &Mutex<Came>,
) -> Result<(), h2::Error> {
    let (head, mut incoming) = request.into_parts();
    let path = head.uri.path();
    let mut body = Vec::new();
    while let Some(data) = incoming.data().await {
        let data = data?;
        incoming.flow_control().release_capacity(data.len())?;
        body.extend_from_slice(&data);
    }
    let mut response = Response::new(());
    if head.method == Method::DELETE {
        seen.note(path, |noted| noted.deletes += 1);
    } else if head.method != Method::POST {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    } else {
        seen.posted(path, &body, &mut came.lock().expect("no holder panics"));
        let reply = answers::reply(&Asked { body: &body, modern: false, tool: None }, seen);
        *response.status_mut() = reply.status;
        let session = reply.session.map(|session| ("mcp-session-id", session));
        let headers = [("content-type", "application/json".to_owned())].into_iter().chain(session);
        response.headers_mut().extend(headers.map(|(name, value)| {
            (http::HeaderName::from_static(name), value.parse().expect("our own headers can be sent"))
        }));
        body = reply.body;
        if !body.is_empty() {
            return respond.send_response(response, false)?.send_data(Bytes::from(body), true);
        }
    }
    respond.send_response(response, true)?;
    Ok(())
}

fn config(folder: &Path, protocol: &[u8]) -> anyhow::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(fs::read(folder.join(certificate::KEY))?));
    let chain = vec![fs::read(folder.join(certificate::SERVER))?.into()];
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}
