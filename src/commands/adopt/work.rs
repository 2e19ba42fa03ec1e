//! What was planned is done here, file by file: a file that cannot be changed gets back what was taken
//! for it, and holds up no other one.

use super::plan::{Plan, texts};
use super::record::{Before, Changed, Record, SignedIn};
use super::{mcp_remote, tokens, undo};
use crate::commands::access;
use crate::config::{Home, digest, lock};
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::store::{By, Credential, GRANT_WAIT, Kept, Lock, Store, Way};

/// What came of the plans.
#[derive(Default)]
pub struct Done<'p> {
    /// Those that were carried out.
    pub plans: Vec<&'p Plan>,
    /// Those whose entries are as they were, and why.
    pub failed: Vec<(&'p Plan, Failure)>,
}

/// Does what was planned: secrets and sign-ins first, because an entry without them would ask for them.
pub async fn carry_out<'p>(plans: &'p [Plan], store: &Store, home: &Home, record: &mut Record) -> Done<'p> {
    let mut done = Done::default();
    for plans in plans.chunk_by(|one, other| one.found.path == other.found.path) {
        let before = Mark::of(record);
        let mut ready = Vec::new();
        for plan in plans {
            let before = Mark::of(record);
            match prepare(plan, store, home, record).await {
                Ok(()) => ready.push(plan),
                Err(failure) => {
                    before.back(store, home, record).await;
                    done.failed.push((plan, failure));
                }
            }
        }
        match change(&ready, home, record) {
            Ok(()) => done.plans.extend(ready),
            Err(failure) => {
                before.back(store, home, record).await;
                done.failed.extend(ready.into_iter().map(|plan| (plan, failure.clone())));
            }
        }
    }
    done
}

/// How far a record was.
struct Mark {
    files: usize,
    sign_ins: usize,
    secrets: usize,
}

impl Mark {
    fn of(record: &Record) -> Mark {
        Mark { files: record.files.len(), sign_ins: record.sign_ins.len(), secrets: record.secrets.len() }
    }

    /// Gives back what came since then, so that the entries work on as they are. What cannot be given
    /// back stays in the record, for `--undo`.
    async fn back(&self, store: &Store, home: &Home, record: &mut Record) {
        record.files.truncate(self.files);
        for sign_in in record.sign_ins.split_off(self.sign_ins) {
            if let Err(failure) = undo::give_back(store, &sign_in).await {
                log::warn!("{failure}");
                record.sign_ins.push(sign_in);
            }
        }
        for name in record.secrets.split_off(self.secrets) {
            if let Err(failure) = store.forget_secret(&name).await {
                log::warn!("{failure}");
                record.secrets.push(name);
            }
        }
        if let Err(failure) = record.write(home) {
            log::warn!("{failure}");
        }
    }
}

async fn prepare(plan: &Plan, store: &Store, home: &Home, record: &mut Record) -> Result<(), Failure> {
    for (name, secret) in &plan.made.secrets {
        match store.secret(name).await? {
            // Of another editor with the same entry, or of the person: it is not ours to remove.
            Some(there) if there == *secret => continue,
            Some(_) => {
                let fact = format!("another secret is kept as {name} already");
                let remedy = "rename the entry, or keep its key yourself: mcpbridge secret set NAME";
                return Err(Failure::new(Kind::Usage, fact).remedy(remedy));
            }
            None => {}
        }
        record.secrets.push(name.clone());
        record.write(home)?;
        if let Kept::Memory = store.keep_secret(name, secret).await? {
            return Err(access::ends_with_the_command());
        }
    }
    take_over(plan, store, home, record).await
}

/// Changes the file of all `plans`.
fn change(plans: &[&Plan], home: &Home, record: &mut Record) -> Result<(), Failure> {
    for (path, (file, text)) in texts(plans)? {
        let Some(editor) = plans.first().map(|plan| plan.found.editor) else { continue };
        let _lock = lock(home)?;
        let bytes = file.bytes_of(&text);
        let (after, backup) = (digest(&bytes), file.place_of_copy(home, editor.name)?);
        let before = |plan: &&Plan| Before {
            container: plan.found.container.clone(),
            name: plan.found.name.clone(),
            members: plan.before(),
        };
        let entries = plans.iter().map(before).collect();
        record.files.push(Changed { editor: editor.name.to_owned(), path, backup: backup.clone(), after, entries });
        record.write_alone()?;
        // A copy that no record names would stay after all was undone.
        file.keep_at(backup.as_deref())?;
        file.put(&bytes)?;
    }
    Ok(())
}

/// Takes one sign-in of mcp-remote into the store, and its files out of the way.
async fn take_over(plan: &Plan, store: &Store, home: &Home, record: &mut Record) -> Result<(), Failure> {
    let Some(sign_in) = &plan.sign_in else { return Ok(()) };
    let key = sign_in.options.key()?;
    let asides = sign_in.kept.asides();
    // Two editors with the same entry, or somebody who has signed in here already.
    if record.sign_ins.iter().any(|it| it.key == key.as_str()) || !sign_in.kept.tokens.exists() {
        return Ok(());
    }
    let _lock = store.lock(&key, Lock::Grant, GRANT_WAIT).await?;
    if store.read(&key).await?.is_some() {
        return Ok(());
    }
    let http = Http::new(access::http(&plan.connection, sign_in.options.step, &plan.url)?);
    let Some(taken) = tokens::take(&http, &plan.url, &sign_in.options, &sign_in.kept).await? else { return Ok(()) };
    record.sign_ins.push(SignedIn {
        key: key.as_str().to_owned(),
        server: taken.about.server.clone(),
        lineage: taken.grant.lineage.clone(),
        tokens: sign_in.kept.tokens.clone(),
        asides: asides.clone(),
    });
    record.write(home)?;
    let taking = async {
        mcp_remote::set_aside(&asides)?;
        store.write(&key, &taken.about, &taken.grant).await
    };
    if let Err(failure) = taking.await {
        // What cannot be brought back stays in the record, for `--undo`.
        match mcp_remote::bring_back(&asides) {
            Ok(()) => drop(record.sign_ins.pop()),
            Err(more) => log::warn!("{more}"),
        }
        return Err(failure);
    }
    if let Credential::OAuth(oauth) = &taken.grant.credential {
        store.tell(&key, &taken.about, &By::this("mcpbridge adopt"), oauth.beginning(Way::Adopted));
    }
    if let Some((issuer, client)) = &taken.registration
        && let Err(failure) = store.keep_registration(issuer, client).await
    {
        // The grant has a copy of its own.
        log::warn!("{failure}");
    }
    Ok(())
}
