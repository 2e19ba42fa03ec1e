//! Ports that a browser can come back to.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use sha2::{Digest, Sha256};
use url::Url;

use crate::failure::{Failure, Kind};

/// Which port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one or none: a client may be registered with it.
    Exactly(u16),
    /// This one, one of the next, or any.
    Near(u16),
}

impl Port {
    /// The port for the sign-ins to `server`: the same one each time, if it is free, so that one
    /// registration can be used again.
    pub fn derived(server: &Url) -> Self {
        Port::Near(derived(server.as_str()))
    }

    /// The port for all sign-ins as the client that the document at `url` describes, which names it.
    pub fn of_document(url: &str) -> Self {
        Port::Near(derived(url))
    }

    /// Its number, or the first one that is tried.
    pub fn first(self) -> u16 {
        match self {
            Port::Exactly(port) | Port::Near(port) => port,
        }
    }
}

fn derived(text: &str) -> u16 {
    let hash = Sha256::digest(text);
    FIRST_PORT + u16::from_be_bytes([hash[0], hash[1]]) % PORTS
}

/// Binds the port on 127.0.0.1 and, where there is one, on [::1]. A browser may go to either when the
/// host is a name: if it may go to `both`, a port is only free when it is on both.
pub fn bind(port: Port, both: bool) -> Result<(u16, Vec<TcpListener>), Failure> {
    match port {
        Port::Exactly(port) => bind_one(port, both).map_err(|error| refused_port(port, &error)),
        Port::Near(near) => {
            // At the end any port will do; several, because what is free on the one address may not
            // be on the other.
            let any = std::iter::repeat_n(0, TRIES);
            let near = (0..TRIES as u16).map(|step| near.saturating_add(step));
            let mut refused = None;
            for port in near.chain(any) {
                match bind_one(port, both) {
                    Ok(bound) => return Ok(bound),
                    Err(error) => refused = Some(error),
                }
            }
            let why = refused.map_or_else(String::new, |error| format!(": {error}"));
            let fact = format!("no port of 127.0.0.1 can be listened on{why}");
            Err(Failure::new(Kind::Internal, fact))
        }
    }
}

fn bind_one(port: u16, both: bool) -> io::Result<(u16, Vec<TcpListener>)> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = first.local_addr()?.port();
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
        Ok(second) => Ok((port, vec![first, second])),
        Err(error) if both && error.kind() == io::ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok((port, vec![first])),
    }
}

fn refused_port(port: u16, error: &io::Error) -> Failure {
    let fact = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is in use, and the browser has to come back to it"),
        io::ErrorKind::PermissionDenied => format!("port {port} may not be listened on"),
        _ => format!("port {port} cannot be listened on: {error}"),
    };
    let remedy = "end what uses it, or give another port (and register its redirect URI, if the client was given)";
    Failure::new(Kind::Usage, fact).remedy(remedy)
}

/// The ports that are derived lie above those of servers, and below 32768, where Linux begins to take
/// ports for outgoing connections.
const FIRST_PORT: u16 = 10_240;
const PORTS: u16 = 22_528;
/// Ports that are tried one after the other.
const TRIES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_port_is_the_same_each_time_and_in_its_range() {
        let derived = |url: &str| Port::derived(&Url::parse(url).unwrap());
        assert_eq!(derived("https://a.example/mcp"), derived("https://a.example/mcp"));
        assert_ne!(derived("https://a.example/mcp"), derived("https://b.example/mcp"));
        for number in 0..1000 {
            let Port::Near(port) = derived(&format!("https://h{number}.example/")) else { panic!("not near") };
            assert!((10_240..32_768).contains(&port), "{port}");
        }
    }
}
