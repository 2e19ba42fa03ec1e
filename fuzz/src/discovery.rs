//! Metadata documents: what passes leads nowhere that a server may not lead us.

use std::net::Ipv4Addr;

use mcpbridge::auth::discovery::{read_resource, read_server};
use serde_json::{Map, Value};
use url::{Host, Url};

use super::byte;

/// The first byte chooses the server, the rest is the document.
pub fn discovery(mut data: &[u8]) {
    let server = SERVERS[usize::from(byte(&mut data)) % SERVERS.len()];
    let server = Url::parse(server).expect("one of ours");
    let Ok(document) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let place = server.join("/.well-known/x").expect("a path");

    if let Ok(Some(resource)) = read_resource(&document, place.clone(), &server) {
        let url = Url::parse(&resource.resource).expect("a resource that covers the server is a URL");
        assert_eq!(url.origin(), server.origin());
    }
    let issuer = document.get("issuer").and_then(Value::as_str).unwrap_or("https://as.example").to_owned();
    let Ok(found) = read_server(&document, &issuer, &place, &server) else { return };
    assert_eq!(found.issuer, issuer);
    let _ = (found.code_endpoint(), found.device_endpoint());
    let endpoints = [
        found.authorization_endpoint.as_ref(),
        Some(&found.token_endpoint),
        found.registration_endpoint.as_ref(),
        found.revocation_endpoint.as_ref(),
        found.device_authorization_endpoint.as_ref(),
    ];
    for url in endpoints.into_iter().flatten() {
        allowed(url, &server);
    }
}

fn allowed(url: &Url, server: &Url) {
    let own = url.origin() == server.origin();
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(own || url.scheme() == "https" || is_here(url), "{url} is neither encrypted nor here");
    assert!(own || !is_here(url) || is_here(server), "{server} leads into this machine: {url}");
    let inside = |url| is_here(url) || is_in_a_network(url);
    assert!(own || !inside(url) || inside(server), "{server} leads into this network: {url}");
}

/// An address that means something else in every network.
fn is_in_a_network(url: &Url) -> bool {
    let v4 = |address: Ipv4Addr| {
        let number = u32::from(address);
        let within = |net: [u8; 4], bits: u32| number >> (32 - bits) == u32::from_be_bytes(net) >> (32 - bits);
        within([10, 0, 0, 0], 8)
            || within([172, 16, 0, 0], 12)
            || within([192, 168, 0, 0], 16)
            || within([169, 254, 0, 0], 16)
            || within([100, 64, 0, 0], 10)
    };
    match url.host() {
        Some(Host::Ipv4(address)) => v4(address),
        Some(Host::Ipv6(address)) => {
            let first = address.octets()[0];
            let link = address.segments()[0] >> 6 == 0xfe80 >> 6;
            address.to_ipv4_mapped().is_some_and(v4) || first == 0xfc || first == 0xfd || link
        }
        _ => false,
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.octets()[0] == 127 || address.is_unspecified(),
        Some(Host::Ipv6(address)) => {
            let mapped = address.to_ipv4_mapped().is_some_and(|v4| v4.octets()[0] == 127 || v4.is_unspecified());
            mapped || address.is_loopback() || address.is_unspecified()
        }
        None => false,
    }
}

const SERVERS: [&str; 6] = [
    "https://mcp.example.com/mcp",
    "http://localhost:3000/mcp",
    "http://mcp.example.com/a/b?x=1",
    "https://10.0.0.1/mcp",
    "https://[2001:db8::1]:8443/",
    "https://[fd00::1]/mcp",
];
