//! The files of mcp-remote: which of them belong to an entry, who uses them, and how they are set aside.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::config::{read_regular, replace, short};
use crate::failure::{Failure, Kind};

/// What mcp-remote keeps for one entry.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The tokens, of all versions the newest.
    pub tokens: PathBuf,
    /// When they were written.
    pub written: SystemTime,
    /// The registration beside them.
    pub client: Option<PathBuf>,
    /// All files of the entry, of all versions.
    all: Vec<PathBuf>,
}

/// A file that was set aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// Where it was.
    pub from: PathBuf,
    /// Where it is.
    pub to: PathBuf,
}

/// The folder of mcp-remote, as an entry with these variables sees it.
pub fn folder(env: &[(String, String)], home: &Path, variable: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
    let own = env.iter().find(|(name, _)| name == FOLDER).map(|(_, value)| OsString::from(value));
    own.or_else(|| variable(FOLDER)).filter(|it| !it.is_empty()).map_or_else(|| home.join(".mcp-auth"), PathBuf::from)
}

/// The name that mcp-remote gives to the files of an entry with these arguments: an MD5 of what can
/// make one sign-in another one (`getServerUrlHash`, 0.1.38 and 0.15.1).
pub fn hash(arguments: &[String]) -> String {
    let values = |flag: &str| {
        let pairs = arguments.windows(2).filter(|pair| pair[0] == flag);
        pairs.map(|pair| pair[1].as_str()).collect::<Vec<_>>()
    };
    let mut rest = arguments.iter();
    let mut url = "";
    while let Some(word) = rest.next() {
        match word.as_str() {
            // Taken out before the first one is looked at.
            "--header" | "--header-file" => drop(rest.next()),
            word => {
                url = word;
                break;
            }
        }
    }
    let mut parts = vec![url.to_owned()];
    let resource = values("--resource").first().map(|value| value.trim().to_owned());
    let disabled = arguments.iter().any(|word| word == "--disable-resource-parameter");
    parts.extend(resource.filter(|resource| !resource.is_empty() && !disabled));
    let pair = |text: &&str| text.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.to_owned()));
    parts.extend(object(values("--authorize-param").iter().filter_map(pair).collect()));
    let files = values("--header-file")
        .into_iter()
        .filter_map(|path| String::from_utf8(read_regular(Path::new(path), LARGEST).ok()?).ok());
    let lines: Vec<String> =
        files.flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()).collect();
    let headers = values("--header").into_iter().chain(lines.iter().map(String::as_str)).filter_map(header);
    parts.extend(object(headers.collect()));
    let document = values("--client-metadata-url").first().map(|text| text.trim().to_owned());
    parts
        .extend(document.filter(|text| Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.path() != "/")));
    let endpoint = values("--token-endpoint").first().and_then(|text| Url::parse(text.trim()).ok());
    parts.extend(endpoint.map(String::from));
    Md5::digest(parts.join("|")).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The port that mcp-remote listens on for an entry without one.
pub fn port(hash: &str) -> u16 {
    let prefix = u32::from_str_radix(hash.get(..4).unwrap_or_default(), 16).unwrap_or(0);
    u16::try_from(3335 + prefix % 45_816).unwrap_or(u16::MAX)
}

/// What is kept for the entry with this hash.
pub fn kept(folder: &Path, hash: &str) -> Option<Kept> {
    let folders = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let versions = folders.filter(|path| name(path).starts_with("mcp-remote-") && path.is_dir());
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    let mut all = Vec::new();
    for version in versions {
        let tokens = version.join(format!("{hash}_tokens.json"));
        let Ok(written) = fs::metadata(&tokens).and_then(|file| file.modified()) else { continue };
        let client = version.join(format!("{hash}_client_info.json"));
        all.extend([tokens.clone()].into_iter().chain(client.exists().then_some(client)));
        if newest.as_ref().is_none_or(|(before, _)| written > *before) {
            newest = Some((written, tokens));
        }
    }
    let (written, tokens) = newest?;
    let client = tokens.with_file_name(format!("{hash}_client_info.json"));
    let client = client.exists().then_some(client);
    Some(Kept { tokens, written, client, all })
}

impl Kept {
    /// Where the files go.
    pub fn asides(&self) -> Vec<Aside> {
        let aside =
            |from: &PathBuf| Aside { to: from.with_file_name(format!("{}.{ADOPTED}", name(from))), from: from.clone() };
        self.all.iter().map(aside).collect()
    }
}

/// The process that uses what is kept for an entry, if there is one.
pub fn user(folder: &Path, hash: &str, url: &str) -> Option<u32> {
    let folders = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let notes = folders.flat_map(|version| {
        // Of an instance that waits for the browser, and of one that renews.
        [format!("{hash}_lock.json"), format!("{hash}_refresh_in_progress.json")].map(|file| version.join(file))
    });
    let pid = |path: PathBuf| {
        let note: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        u32::try_from(note["pid"].as_u64()?).ok().filter(|pid| is_alive(*pid))
    };
    notes.filter_map(pid).next().or_else(|| running(url))
}

/// Moves files away, all or none.
///
/// # Errors
/// One of them could not be moved; they are where they were.
pub fn set_aside(asides: &[Aside]) -> Result<(), Failure> {
    for (index, aside) in asides.iter().enumerate() {
        if let Err(error) = fs::rename(&aside.from, &aside.to) {
            if let Err(failure) = bring_back(&asides[..index]) {
                log::warn!("{failure}");
            }
            return Err(trouble(&aside.from, "moved", &error));
        }
    }
    Ok(())
}

/// Moves files back to where they were. One that is there already stays: so this can be tried again.
///
/// # Errors
/// One of them could not be moved.
pub fn bring_back(asides: &[Aside]) -> Result<(), Failure> {
    for aside in asides.iter().filter(|aside| aside.to.exists() && !aside.from.exists()) {
        fs::rename(&aside.to, &aside.from).map_err(|error| trouble(&aside.to, "moved", &error))?;
    }
    Ok(())
}

impl Aside {
    /// Whether mcp-remote has written a new file where this one was.
    pub fn is_outdated(&self) -> bool {
        self.from.exists() && self.to.exists()
    }
}

/// Reads a file of mcp-remote.
///
/// # Errors
/// It cannot be read, or is no JSON.
pub fn read(path: &Path) -> Result<Value, Failure> {
    let bytes = read_regular(path, LARGEST).map_err(|error| trouble(path, "read", &error))?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Failure::new(Kind::Usage, format!("{} is no JSON", short(path))).remedy("sign in again: mcpbridge login URL")
    })
}

/// Writes a file of mcp-remote as it does itself.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(value).unwrap_or_default();
    replace(path, &text).map_err(|error| trouble(path, "written", &error))
}

fn trouble(path: &Path, done: &str, error: &io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("{} cannot be {done}: {error}", short(path))).remedy("mend this, and try again")
}

/// A header as mcp-remote takes it, before variables are put in.
fn header(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(':')?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (!name.is_empty() && name.bytes().all(good)).then(|| (name.to_owned(), value.trim_start().to_owned()))
}

/// As `JSON.stringify` with sorted names; nothing for an empty one.
fn object(members: BTreeMap<String, String>) -> Option<String> {
    (!members.is_empty()).then(|| serde_json::to_string(&members).unwrap_or_default())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A process whose arguments are mcp-remote and this URL.
#[cfg(all(unix, not(target_os = "macos")))]
fn running(url: &str) -> Option<u32> {
    let own = std::process::id();
    let pids = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != own).find(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        let is_it = |word: &&[u8]| String::from_utf8_lossy(word).contains("mcp-remote");
        words.contains(&url.as_bytes()) && words.iter().any(is_it)
    })
}

/// A process whose command line has mcp-remote and this URL in it.
#[cfg(target_os = "macos")]
fn running(url: &str) -> Option<u32> {
    let listed = std::process::Command::new("/bin/ps").args(["-axww", "-o", "pid=,command="]).output().ok()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let it =
        text.lines().find(|line| line.contains("mcp-remote") && line.split_whitespace().any(|word| word == url))?;
    it.split_whitespace().next()?.parse().ok().filter(|pid| *pid != std::process::id())
}

/// Only its notes tell.
#[cfg(windows)]
fn running(_: &str) -> Option<u32> {
    None
}

#[cfg(unix)]
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Its notes go with it, but for a crash.
#[cfg(windows)]
fn is_alive(_: u32) -> bool {
    true
}

/// Bytes. Tokens and a registration are a thousandth of it.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Where mcp-remote keeps its files.
const FOLDER: &str = "MCP_REMOTE_CONFIG_DIR";
/// Behind the name of what was set aside.
const ADOPTED: &str = "adopted-by-mcpbridge";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_files_is_that_of_mcp_remote() {
        let hash = |line: &str| hash(&line.split('|').map(str::to_owned).collect::<Vec<_>>());
        // Made with Node: crypto.createHash("md5").update(…).
        assert_eq!(hash("https://example.com/mcp"), md5("https://example.com/mcp"));
        assert_eq!(
            hash(
                "--header|X-B: ${B}|https://example.com/mcp|3334|--header|A:1|--resource|https://r.example/|--authorize-param|b=2|--authorize-param|a=1"
            ),
            md5(r#"https://example.com/mcp|https://r.example/|{"a":"1","b":"2"}|{"A":"1","X-B":"${B}"}"#)
        );
        assert_eq!(
            hash("https://e.example/|--resource|https://r.example/|--disable-resource-parameter"),
            md5("https://e.example/")
        );
        assert_eq!(port("0000ff"), 3335);
        assert_eq!(port("ffff00"), 3335 + 19_719);
    }

    fn md5(text: &str) -> String {
        Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
