//! What a translation between the two eras of the protocol costs, in the bridge alone: nobody else does it.

use anyhow::Context;

use super::echo;
use crate::{
    client::Client,
    lab::{Lab, Subject, TURN},
    rows::{Row, row},
    wire::Era::{self, Legacy, Modern},
};

pub fn measure(lab: &mut Lab) {
    echo::in_place(lab, "eras", echo::one_core, |lab| {
        let (rounds, calls) = (lab.rounds(), echo::calls(lab));
        let mut clients: Vec<[Client; 4]> = Vec::new();
        lab.in_turns("eras", rounds, &[Subject::Bridge], |lab, subject, round| {
            if round == 0 {
                let [a, b, c, d] = PAIRS.map(|(editor, server, ..)| lab.ready_between(subject, editor, server));
                clients.push([a?, b?, c?, d?]);
            }
            let pairs = clients.iter_mut().find(|pairs| pairs[0].subject == subject);
            for (client, (.., p50, cpu)) in pairs.context("opened in the first round")?.iter_mut().zip(PAIRS) {
                client.within(TURN);
                let timed = echo::time(client, "echo", calls)?;
                lab.table.add(p50, subject, timed.p50);
                lab.table.add_known(cpu, subject, timed.cpu);
            }
            Ok(())
        });
    });
}

const PAIRS: [(Era, Era, Row, Row); 4] = [
    (Legacy, Legacy, row::LL_P50, row::LL_CPU),
    (Modern, Modern, row::MM_P50, row::MM_CPU),
    (Legacy, Modern, row::LM_P50, row::LM_CPU),
    (Modern, Legacy, row::ML_P50, row::ML_CPU),
];
