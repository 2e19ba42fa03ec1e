//! Which addresses a server may lead us to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::failure::{Failure, Kind};
use crate::http::shown;

/// Refuses `url`, which is the `what` that `server` or its metadata named, if it may not be used.
///
/// It has to be https, or http on this machine (OAuth 2.1, section 1.5), or lie on the server's own
/// origin, of which the person knows how it is reached. And a server out there must not make us
/// knock at doors in here (RFC 9728, section 7.7). Names are not looked up for this. What they stand for can
/// change before they are used, and a company's may well lead inside. One that leads there from outside gets
/// no more than the beginning of a TLS handshake: nobody in here has a certificate for it.
pub fn check(url: &Url, what: &str, server: &Url) -> Result<(), Failure> {
    let refuse = |why: &str| {
        let fact = format!("{} names {} as its {what}: {why}", shown(server), named(url));
        Err(Failure::new(Kind::Protocol, fact).remedy("ask the operator of the server"))
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return refuse("that is no http or https address");
    }
    let (here, there) = (reach(server), reach(url));
    if url.scheme() == "http" && there != Reach::Machine && url.origin() != server.origin() {
        return refuse("that is neither https nor on this machine");
    }
    if there < here {
        return refuse("that leads from outside into this machine or its network");
    }
    Ok(())
}

/// `url` as an error may show it: of one that is no address of the web the scheme is enough.
fn named(url: &Url) -> String {
    if url.has_host() { shown(url) } else { format!("a {}: URL", url.scheme()) }
}

/// How far away something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Machine,
    Network,
    World,
}

fn reach(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let machine = name == "localhost" || name.ends_with(".localhost");
            if machine { Reach::Machine } else { Reach::World }
        }
        Some(Host::Ipv4(address)) => reach_v4(address),
        Some(Host::Ipv6(address)) => reach_v6(address),
        None => Reach::World,
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    if address.is_loopback() || first == 0 {
        Reach::Machine
    } else if address.is_private()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || shared
    {
        Reach::Network
    } else {
        Reach::World
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let [first, second, third, ..] = address.segments();
    let [.., a, b, c, d] = address.octets();
    let behind = reach_v4([a, b, c, d].into());
    match address.to_canonical() {
        IpAddr::V4(address) => reach_v4(address),
        // A translator (RFC 6052) or a relay (RFC 3056) that there may be leads to the IPv4 address in it.
        IpAddr::V6(_) if address.octets().starts_with(&NAT64) => behind,
        IpAddr::V6(_) if first == 0x2002 => {
            let ([a, b], [c, d]) = (second.to_be_bytes(), third.to_be_bytes());
            reach_v4([a, b, c, d].into())
        }
        // Translators of a network's own (RFC 8215), and site-local addresses, which some networks still have.
        IpAddr::V6(_) if [first, second, third] == [0x64, 0xff9b, 1] || first & 0xffc0 == 0xfec0 => Reach::Network,
        IpAddr::V6(address) if address.is_loopback() || address.is_unspecified() => Reach::Machine,
        // An IPv4 address as it was written in IPv6 once (RFC 4291, section 2.5.5.1).
        IpAddr::V6(address) if address.segments()[..6] == [0; 6] => behind,
        // Tunnels out of a network, to a place that the address hides (Teredo, RFC 4380), and all who listen there.
        IpAddr::V6(address) if [first, second] == [0x2001, 0] || address.is_multicast() => Reach::Network,
        IpAddr::V6(address) if address.is_unique_local() || address.is_unicast_link_local() => Reach::Network,
        IpAddr::V6(_) => Reach::World,
    }
}

/// The prefix of addresses that a translator makes of IPv4 addresses.
const NAT64: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_the_server_may_name_pass() {
        let world = "https://mcp.example.com/mcp";
        for (server, target, passes) in [
            (world, "https://as.example.org/", true),
            (world, "http://as.example.org/", false),
            (world, "http://mcp.example.com/x", false),
            (world, "javascript:alert(1)", false),
            (world, "file:///etc/passwd", false),
            (world, "data:text/html,x", false),
            (world, "https://127.0.0.1/", false),
            (world, "http://127.0.0.1:8080/", false),
            (world, "http://127.1/", false),
            (world, "http://2130706433/", false),
            (world, "http://localhost/", false),
            (world, "https://a.localhost./", false),
            (world, "https://0.0.0.0/", false),
            (world, "https://10.1.2.3/", false),
            (world, "https://172.16.0.1/", false),
            (world, "https://192.168.1.1/", false),
            (world, "https://169.254.169.254/latest/meta-data", false),
            (world, "https://224.0.0.1/", false),
            (world, "https://[::127.0.0.1]/", false),
            (world, "https://[::10.0.0.1]/", false),
            (world, "https://[::8.8.8.8]/", true),
            (world, "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", false),
            (world, "https://[ff02::1]/", false),
            (world, "https://100.64.0.1/", false),
            (world, "https://[::1]/", false),
            (world, "https://[::ffff:127.0.0.1]/", false),
            (world, "https://[fd00::1]/", false),
            (world, "https://[fe80::1]/", false),
            (world, "https://[fec0::1]/", false),
            (world, "https://[64:ff9b::10.1.2.3]/", false),
            (world, "https://[64:ff9b::8.8.8.8]/", true),
            (world, "https://[64:ff9b:1::8.8.8.8]/", false),
            (world, "https://[2002:a9fe:a9fe::1]/", false),
            (world, "https://[2002:808:808::1]/", true),
            (world, "https://[2001:db8::1]/", true),
            (world, "https://8.8.8.8/", true),
            ("http://localhost:3000/mcp", "http://127.0.0.1:9000/", true),
            ("http://127.0.0.1:3000/mcp", "https://as.example.org/", true),
            ("http://127.0.0.1:3000/mcp", "http://as.example.org/", false),
            ("https://10.0.0.1/mcp", "https://10.0.0.2/", true),
            ("https://10.0.0.1/mcp", "https://127.0.0.1/", false),
            ("http://10.0.0.1:80/mcp", "http://10.0.0.1/.well-known/x", true),
            ("http://10.0.0.1/mcp", "http://10.0.0.2/", false),
        ] {
            let [from, to] = [server, target].map(|url| Url::parse(url).unwrap());
            assert_eq!(check(&to, "token endpoint", &from).is_ok(), passes, "{server} -> {target}");
        }
    }

    #[test]
    fn the_refusal_names_both_without_their_secrets() {
        let server = Url::parse("https://u:p@mcp.example.com/mcp?key=s3cret").unwrap();
        let target = Url::parse("http://as.example.org/token?x=s3cret").unwrap();
        let failure = check(&target, "token endpoint", &server).unwrap_err().to_string();
        let expected = "https://mcp.example.com/mcp?key=… names http://as.example.org/token?x=… as its token endpoint: \
                        that is neither https nor on this machine; ask the operator of the server";
        assert_eq!(failure, expected);
    }
}
