//! What every measurement needs: the server, the programs, the rounds in which they take turns.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use rustls::ClientConfig;

use crate::{
    certificate,
    client::{Client, End},
    direct::{Address, Connection},
    editor::Editor,
    options::Options,
    process, saved,
    server::{Server, Way},
    table::Table,
    wire::Era,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Direct,
    Pipe,
    Bridge,
    /// The build that the bridge is measured against.
    Other,
    McpRemote,
}

pub struct Lab {
    pub table: Table,
    pub server: Server,
    options: Options,
    bridge: PathBuf,
    mcp_remote: Option<PathBuf>,
    /// Config and state of the programs, so that the user's own are neither read nor changed; and the certificates.
    home: PathBuf,
    tls: Arc<ClientConfig>,
    machine: String,
}

impl Lab {
    pub fn open(options: Options) -> anyhow::Result<Self> {
        let bridge = env::var_os("MCPBRIDGE_BIN")
            .map(PathBuf::from)
            .or_else(|| option_env!("CARGO_BIN_EXE_mcpbridge").map(PathBuf::from))
            .context("set MCPBRIDGE_BIN to the bridge's release binary")?;
        if let Some(missing) = [Some(&bridge), options.against.as_ref()].into_iter().flatten().find(|it| !it.exists()) {
            bail!("there is no {}", missing.display());
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mcp_remote = env::var_os("MCP_REMOTE")
            .map_or_else(|| root.join("tests/real/node_modules/.bin/mcp-remote"), PathBuf::from);
        let mcp_remote = mcp_remote.exists().then_some(mcp_remote);
        if mcp_remote.is_none() && !options.instructions {
            eprintln!("{NO_MCP_REMOTE}");
        }
        let home = env::temp_dir().join(format!("mcpbridge-bench-{}", std::process::id()));
        fs::create_dir_all(&home)?;
        Ok(Self {
            table: Table::default(),
            // Read before our own work is part of it.
            machine: process::machine(),
            tls: certificate::make(&home)?,
            server: Server::spawn(&home)?,
            options,
            bridge,
            mcp_remote,
            home,
        })
    }

    pub fn wants(&self, name: &str) -> bool {
        let Options { parts, only, .. } = &self.options;
        let listed = parts.is_empty() || parts.iter().any(|part| name.contains(part.as_str()));
        only.as_ref().map_or(listed, |only| only == name)
    }

    /// Another server, placed where the calling thread is.
    pub fn start_server(&self) -> anyhow::Result<Server> {
        Server::spawn(&self.home)
    }

    pub fn quick(&self) -> bool {
        self.options.quick
    }

    pub fn rounds(&self) -> usize {
        match &self.options {
            Options { quick: true, .. } => 3,
            Options { only: Some(_), .. } => 5,
            _ => 9,
        }
    }

    /// The file, where there is one that is the program.
    pub fn binary(&self, subject: Subject) -> Option<&Path> {
        match subject {
            Subject::Bridge => Some(&self.bridge),
            Subject::Other => self.options.against.as_deref(),
            Subject::Direct | Subject::Pipe | Subject::McpRemote => None,
        }
    }

    /// Those of the subjects that can be measured here; the other build is wherever the bridge is.
    pub fn present(&self, subjects: &[Subject]) -> Vec<Subject> {
        let mut present = subjects.to_vec();
        present.retain(|subject| *subject != Subject::McpRemote || self.mcp_remote.is_some());
        if self.options.against.is_some() && present.contains(&Subject::Bridge) {
            present.push(Subject::Other);
        }
        present
    }

    /// Not yet initialized: the start is itself a thing to measure.
    pub fn spawn(&self, subject: Subject, way: Way) -> anyhow::Result<Client> {
        let tag = new_tag(subject);
        if subject == Subject::Direct {
            let tls = (way != Way::Plain).then(|| Arc::clone(&self.tls));
            let connection = Connection::open(Address { port: self.server.port(way), tls })?;
            return Ok(Client { subject, tag, end: End::Direct(connection), era: Era::Legacy, last_id: 0 });
        }
        let mut command = self.command(subject, &tag, way, Era::Legacy)?;
        let end = End::Editor(Box::new(Editor::spawn(&mut command)?));
        Ok(Client { subject, tag, end, era: Era::Legacy, last_id: 0 })
    }

    /// Initialized, and its first list answered.
    pub fn ready(&self, subject: Subject, way: Way) -> anyhow::Result<Client> {
        let mut client = self.spawn(subject, way)?;
        client.begin()?;
        Ok(client)
    }

    /// The same for an editor that speaks one era and a server that speaks one.
    pub fn ready_between(&self, subject: Subject, editor: Era, server: Era) -> anyhow::Result<Client> {
        let tag = new_tag(subject);
        let mut command = self.command(subject, &tag, Way::Plain, server)?;
        let end = End::Editor(Box::new(Editor::spawn(&mut command)?));
        let mut client = Client { subject, tag, end, era: editor, last_id: 0 };
        client.begin()?;
        Ok(client)
    }

    /// The program with all that it is told.
    pub fn command(&self, subject: Subject, tag: &str, way: Way, server: Era) -> anyhow::Result<Command> {
        let mut command = match subject {
            Subject::Pipe => Command::new(env::current_exe()?),
            Subject::McpRemote => Command::new(self.mcp_remote.as_ref().context("mcp-remote is not installed")?),
            Subject::Direct | Subject::Bridge | Subject::Other => {
                Command::new(self.binary(subject).context("there is no such program")?)
            }
        };
        command.env("MCPBRIDGE_CONFIG_DIR", &self.home).env("MCP_REMOTE_CONFIG_DIR", &self.home);
        if subject == Subject::Pipe {
            command.arg("pipe");
            return Ok(command);
        }
        command.arg(match server {
            Era::Legacy => self.server.url(way, tag),
            Era::Modern => self.server.modern_url(tag),
        });
        let authority = self.home.join(certificate::AUTHORITY);
        if subject == Subject::McpRemote {
            command.env("NODE_EXTRA_CA_CERTS", authority);
        } else if way != Way::Plain {
            command.arg("--ca-cert").arg(authority);
        }
        Ok(command)
    }

    /// For files that are needed no longer than the run.
    pub fn folder(&self) -> &Path {
        &self.home
    }

    /// Every subject in turn, round after round, each round starting with another one so that
    /// nobody always follows the same neighbour. Who fails is out, with a note in the table.
    pub fn in_turns(
        &mut self,
        measure: &str,
        rounds: usize,
        subjects: &[Subject],
        mut one: impl FnMut(&mut Self, Subject, usize) -> anyhow::Result<()>,
    ) {
        let mut running = self.present(subjects);
        for round in 0..rounds {
            if running.is_empty() {
                return;
            }
            let first = running.remove(0);
            running.push(first);
            running.retain(|subject| match one(self, *subject, round) {
                Ok(()) => true,
                Err(err) => {
                    self.table.note(format!("{measure}, {}: {err:#}", subject.name()));
                    false
                }
            });
        }
    }

    /// `in_turns` for what is measured on processes that live through all rounds. They are
    /// returned, because their memory is read last.
    pub fn on_living(
        &mut self,
        measure: &str,
        way: Way,
        subjects: &[Subject],
        mut one: impl FnMut(&mut Table, &mut Client) -> anyhow::Result<()>,
    ) -> Vec<Client> {
        let mut clients: Vec<Client> = Vec::new();
        let rounds = self.rounds();
        self.in_turns(measure, rounds, subjects, |lab, subject, round| {
            if round == 0 {
                clients.push(lab.ready(subject, way)?);
            }
            if subject == Subject::McpRemote && round % 3 > 0 {
                return Ok(());
            }
            let client = clients.iter_mut().find(|client| client.subject == subject);
            let client = client.context("it was opened in the first round")?;
            client.within(TURN);
            one(&mut lab.table, client)
        });
        clients
    }

    pub fn report(&self) -> anyhow::Result<()> {
        let report = self.table.render(&self.machine, self.rounds());
        print!("{report}");
        if self.options.save { saved::write(&report) } else { Ok(()) }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// A name for the server to know a client by.
pub fn new_tag(subject: Subject) -> String {
    static TAGS: AtomicU64 = AtomicU64::new(0);
    format!("{subject:?}-{}", TAGS.fetch_add(1, Ordering::Relaxed))
}

impl Subject {
    pub const EVERY: [Self; 4] = [Self::Direct, Self::Pipe, Self::Bridge, Self::McpRemote];
    /// Those that reach the server.
    pub const CLIENTS: [Self; 3] = [Self::Direct, Self::Bridge, Self::McpRemote];

    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Pipe => "pipe",
            Self::Bridge => "mcpbridge",
            Self::Other => "other",
            Self::McpRemote => "mcp-remote",
        }
    }

    /// mcp-remote is some fifty times slower: with a smaller part of the work (and, in
    /// `on_living`, of the rounds) the whole run stays short, and more would not change its
    /// figures.
    pub fn part_of(self, work: u64) -> u64 {
        if self == Self::McpRemote { work / 20 } else { work }
    }
}

/// Longer than any one turn; who needs more is stuck.
pub const TURN: Duration = Duration::from_secs(45);

const NO_MCP_REMOTE: &str = "\
mcp-remote is not installed, so it is left out. To have it measured too:
  npm ci --prefix tests/real
or set MCP_REMOTE to an installed one (node_modules/.bin/mcp-remote).";
