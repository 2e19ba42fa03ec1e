//! Calls over HTTPS. mcp-remote and the direct client speak HTTP/1.1 only.

use super::{echo, in_flight_over};
use crate::{
    lab::{Lab, Subject},
    rows::row,
    server::Way,
};

pub fn measure(lab: &mut Lab) {
    const ONE: &str = "HTTPS, HTTP/1.1";
    const TWO: &str = "HTTPS, HTTP/2";
    // On one core, where it can be compared: with the server's part of the encryption in it, for all alike.
    echo::in_place(lab, ONE, echo::one_core, |lab| {
        let tools = [("echo", row::TLS_P50, row::TLS_P99, row::TLS_CPU)];
        drop(echo::one_after_another(lab, ONE, Way::Tls, &Subject::CLIENTS, &tools));
        let tools = [("echo", row::HTTP2_P50, row::HTTP2_P99, row::HTTP2_CPU)];
        drop(echo::one_after_another(lab, TWO, Way::Http2, &[Subject::Bridge], &tools));
    });
    for (name, way, subjects, rows, connections) in [
        (
            ONE,
            Way::Tls,
            &Subject::CLIENTS[..],
            (row::TLS_INFLIGHT, row::TLS_INFLIGHT_CPU),
            (row::TLS_CALLING, row::TLS_CONNECTIONS),
        ),
        (
            TWO,
            Way::Http2,
            &[Subject::Bridge],
            (row::HTTP2_INFLIGHT, row::HTTP2_INFLIGHT_CPU),
            (row::HTTP2_CALLING, row::HTTP2_CONNECTIONS),
        ),
    ] {
        for client in in_flight_over(lab, name, way, subjects, rows) {
            if client.subject == Subject::Direct {
                continue;
            }
            match lab.server.noted(&client.tag) {
                Ok(noted) => {
                    lab.table.add(connections.0, client.subject, noted.calling as f64);
                    lab.table.add(connections.1, client.subject, noted.connections as f64);
                }
                Err(error) => lab.table.note(format!("{name}, connections: {error:#}")),
            }
        }
    }
}
