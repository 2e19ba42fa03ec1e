//! The way to a server, below HTTP: the URL, the proxy, the name, the connection.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::net::{TcpStream, lookup_host};
use url::Host;

use super::report::{Report, Step};
use super::server::Server;
use crate::failure::{Failure, Kind};
use crate::http::proxy::{self, Proxy};
use crate::http::{OF_THIS_MACHINE, is_loopback, root_cause, shown};

/// The inner error is the step at which it stopped.
///
/// # Errors
/// The report cannot be printed.
pub async fn examine(server: &Server, report: &mut Report) -> anyhow::Result<Result<(), &'static str>> {
    report.add(address(server))?;
    report.add(match proxy::unusable(&server.wires, server.url()) {
        Some(Failure { fact, remedy, .. }) => Step::warn("proxy", fact, remedy.unwrap_or_default()),
        None => Step::ok("proxy", proxy::reason(&server.wires, server.url())),
    })?;
    let found = addresses(server).await;
    let (step, found) = match found {
        Ok((step, found)) => (step, Some(found)),
        Err(step) => (step, None),
    };
    report.add(step)?;
    let Some(found) = found else { return Ok(Err("dns")) };
    let step = connected(server, &found).await;
    let failed = step.is_failure();
    report.add(step)?;
    Ok(if failed { Err("tcp") } else { Ok(()) })
}

fn address(server: &Server) -> Step {
    let url = server.url();
    if url.scheme() == "http" && !is_loopback(url) {
        let fact = format!("{} is plain http to another machine: everybody on the way can read it", shown(url));
        return Step::warn("url", fact, "use https if the server has it");
    }
    let name = server.options.named.as_ref().map(|named| format!("{} is ", named.name)).unwrap_or_default();
    Step::ok("url", format!("{name}{}", shown(url)))
}

/// Where the connection goes: to the proxy, if there is one.
struct Target {
    host: String,
    port: u16,
    /// Whether it is that of a proxy.
    of_proxy: Option<Proxy>,
}

fn target(server: &Server) -> Option<Target> {
    let url = server.url();
    if let Some(proxy) = Proxy::of(&server.wires, url) {
        let (host, port) = proxy.address()?;
        return Some(Target { host, port, of_proxy: Some(proxy) });
    }
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Some(Target { host, port: url.port_or_known_default()?, of_proxy: None })
}

async fn addresses(server: &Server) -> Result<(Step, Vec<SocketAddr>), Step> {
    let Some(Target { host, port, of_proxy }) = target(server) else {
        return Err(Step::fail("dns", Kind::Usage, "the URL names no host", "check the URL"));
    };
    let whose = if of_proxy.is_some() { "the proxy's host " } else { "" };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok((Step::ok("dns", format!("{whose}{host} is an address")), vec![(address, port).into()]));
    }
    let remedy = match of_proxy {
        Some(_) => "check the name of the proxy",
        None => "check the name in the URL; one of a company may need its VPN, or its proxy",
    };
    if of_proxy.is_none() && is_loopback(server.url()) {
        let all = OF_THIS_MACHINE.into_iter().filter(|address| address.is_ipv4() || !server.wires.ipv4);
        let fact = format!("{host} is this machine, and is not looked up");
        return Ok((Step::ok("dns", fact), all.map(|address| (address, port).into()).collect()));
    }
    let found = match server.within(NAME, lookup_host((host.as_str(), port))).await {
        None => {
            let fact = format!("nobody has said within {} s where {whose}{host} is", NAME.as_secs());
            return Err(Step::fail("dns", Kind::Unreachable, fact, "check the network and its name servers"));
        }
        Some(Err(error)) => {
            let fact = format!("there is no address for {whose}{host}: {}", root_cause(&error));
            return Err(Step::fail("dns", Kind::Unreachable, fact, remedy));
        }
        Some(Ok(found)) => found,
    };
    let usable: Vec<SocketAddr> = found.filter(|address| address.is_ipv4() || !server.wires.ipv4).collect();
    if usable.is_empty() {
        let fact = format!("{whose}{host} has no IPv4 address");
        return Err(Step::fail("dns", Kind::Unreachable, fact, "leave out --ipv4"));
    }
    let mut told: Vec<String> = Vec::new();
    for address in &usable {
        let text = address.ip().to_string();
        if !told.contains(&text) {
            told.push(text);
        }
    }
    let more = told.len().saturating_sub(MOST_TOLD);
    told.truncate(MOST_TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let behind = match (&of_proxy, server.url().host_str()) {
        (Some(proxy), Some(name)) if proxy.resolves() => format!("; the proxy looks {name} up itself"),
        _ => String::new(),
    };
    Ok((Step::ok("dns", format!("{whose}{host} is {}{more}{behind}", told.join(", "))), usable))
}

/// Tries all addresses at once, as a browser nearly does.
async fn connected(server: &Server, addresses: &[SocketAddr]) -> Step {
    let begun = Instant::now();
    let tries = addresses.iter().take(MOST_TRIED).map(|address| async move {
        let outcome = server.within(CONNECTION, TcpStream::connect(address)).await;
        (address, outcome.map(|outcome| outcome.map(|_| begun.elapsed())))
    });
    let outcomes = join_all(tries).await;
    let open = |outcome: &Option<std::io::Result<Duration>>| match outcome {
        Some(Ok(span)) => Some(*span),
        _ => None,
    };
    let fastest =
        outcomes.iter().filter_map(|(address, outcome)| Some((address, open(outcome)?))).min_by_key(|it| it.1);
    let silent: Vec<String> =
        outcomes.iter().filter(|(_, outcome)| outcome.is_none()).map(|(address, _)| address.ip().to_string()).collect();
    let Some((address, span)) = fastest else {
        let cause = outcomes.iter().find_map(|(_, outcome)| match outcome {
            Some(Err(error)) => Some(root_cause(error)),
            _ => None,
        });
        let cause = cause.unwrap_or_else(|| format!("no answer within {} s", CONNECTION.as_secs()));
        let whose = if Proxy::of(&server.wires, server.url()).is_some() { "the proxy" } else { "the server" };
        let port = addresses.first().map(SocketAddr::port).unwrap_or_default();
        let remedy = match whose {
            "the proxy" => "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or --proxy; NO_PROXY names hosts that need none",
            _ => "is it running, is this its port, and does a firewall let you through?",
        };
        return Step::fail(
            "tcp",
            Kind::Unreachable,
            format!("no connection to port {port} of {whose}: {cause}"),
            remedy,
        );
    };
    let text = format!("connected to {address} in {} ms", span.as_millis());
    let over_six = !silent.is_empty() && address.is_ipv4() && silent.iter().all(|address| address.contains(':'));
    match (silent.is_empty(), over_six) {
        (true, _) => Step::ok("tcp", text),
        (false, true) => {
            Step::warn("tcp", format!("{text}; over IPv6 nobody answers"), "if connections take long, add --ipv4")
        }
        (false, false) => {
            let fact = format!("{text}; {} did not answer", silent.join(", "));
            Step::warn("tcp", fact, "if it happens again, tell the operator of the server")
        }
    }
}

/// How long a name may take to be looked up.
const NAME: Duration = Duration::from_secs(5);
/// How long a connection may take.
const CONNECTION: Duration = Duration::from_secs(5);
/// Addresses that are shown, and that are tried.
const MOST_TOLD: usize = 3;
const MOST_TRIED: usize = 6;
