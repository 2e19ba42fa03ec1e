//! The names of this machine, which are not looked up (RFC 6761, section 6.3): what a resolver says of them must not
//! take a request to another machine that is not encrypted, or whose certificate is not looked at.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What `localhost` is, and every name below it, in the order in which they are tried.
pub const ADDRESSES: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

/// For a client that has no other names.
pub struct Here;

impl Resolve for Here {
    fn resolve(&self, _: Name) -> Resolving {
        // The port is set by the client.
        let all: Addrs = Box::new(ADDRESSES.into_iter().map(|address| SocketAddr::new(address, 0)));
        Box::pin(ready(Ok(all)))
    }
}
