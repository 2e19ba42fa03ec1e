//! How an entry starts one of the programs that are taken over: by its name or its path, through a program
//! that runs packages, through `env`, or by a line for a shell.

use std::path::Path;

use super::line::{self, Shell};
use super::peers::Tool;
use crate::editors::is_program;

/// A program that an entry starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Which one.
    pub tool: Tool,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables that are set for it on the way.
    pub env: Vec<(String, String)>,
    /// What is different without the way, for the person.
    pub notes: Vec<String>,
}

/// What `words` start. `None` if it is none of these programs; an error if it is started by something
/// that has a meaning of its own.
pub fn started(words: &[String]) -> Option<Result<Started, String>> {
    match unwrapped(words) {
        Ok(inner) => plain(inner).or_else(|| mentioned(words).then(|| Err("its command is a line for a shell".into()))),
        Err(why) => mentioned(words).then_some(Err(why)),
    }
}

/// The URL in `words`, also within a line, for which one of these programs may be started.
pub fn url_in(words: &[String]) -> Option<&str> {
    pieces(words).find(|piece| is_url(piece))
}

/// Words, and what led to them.
#[derive(Default)]
struct Unwrapped {
    words: Vec<String>,
    env: Vec<(String, String)>,
    notes: Vec<String>,
}

/// The words behind `env` and shells, which only start what follows.
fn unwrapped(words: &[String]) -> Result<Unwrapped, String> {
    let mut inner = Unwrapped { words: split_first(words)?, ..Unwrapped::default() };
    loop {
        let Some(first) = inner.words.first().cloned() else { return Ok(inner) };
        match program(&first).as_str() {
            "env" => {
                inner.words.remove(0);
                if inner.words.first().is_some_and(|word| word.starts_with('-')) {
                    return Err("it is started by env with options of its own".into());
                }
            }
            _ if assignment(&first).is_some() => {
                let Some((name, value)) = assignment(&first) else { return Ok(inner) };
                inner.env.retain(|(own, _)| *own != name);
                inner.env.push((name, value));
                inner.words.remove(0);
            }
            shell @ ("sh" | "bash" | "dash" | "zsh" | "ash" | "ksh") => {
                let (options, line) = match &inner.words[1..] {
                    [option, line] => (vec![option.as_str()], line),
                    [one, other, line] => (vec![one.as_str(), other.as_str()], line),
                    _ => return Ok(inner),
                };
                let letters = options.iter().filter_map(|option| match *option {
                    "--login" => Some("l"),
                    option => option.strip_prefix('-').filter(|it| it.chars().all(|letter| "licea".contains(letter))),
                });
                let letters: Vec<&str> = letters.collect();
                if letters.len() < options.len() || !letters.last().is_some_and(|last| last.ends_with('c')) {
                    return Err(format!("it is started by {shell} with more than one line"));
                }
                let words = within(line, Shell::Posix, shell)?;
                if letters.concat().contains(['l', 'i']) {
                    if words.iter().any(|word| word.contains("${")) {
                        return Err(format!("{shell} may set the variables of its line when it starts"));
                    }
                    inner.notes.push(format!("the variables that {shell} sets when it starts are not set any more"));
                }
                inner.words = words;
            }
            "cmd" => {
                let at = inner.words.iter().position(|word| word.eq_ignore_ascii_case("/c"));
                // Several words are no line, but are started as they are.
                let Some([line]) = at.map(|at| &inner.words[at + 1..]).filter(|rest| has_gap(rest)) else {
                    return Ok(inner);
                };
                inner.words = within(line, Shell::Cmd, "cmd")?;
            }
            _ => return Ok(inner),
        }
    }
}

fn has_gap(rest: &[String]) -> bool {
    rest.first().is_some_and(|word| word.contains(char::is_whitespace))
}

fn within(text: &str, shell: Shell, name: &str) -> Result<Vec<String>, String> {
    line::words(text, shell).map_err(|what| format!("its line for {name} has {what}"))
}

/// `words`, of which the first may be a whole line: some editors give it to a shell.
fn split_first(words: &[String]) -> Result<Vec<String>, String> {
    let Some((first, rest)) = words.split_first() else { return Ok(Vec::new()) };
    // A path with a space in it is one word.
    if !first.contains(char::is_whitespace) || is_program(Path::new(first)) {
        return Ok(words.to_vec());
    }
    let first = std::slice::from_ref(first);
    match line::words(&first[0], Shell::Posix) {
        Ok(pieces) if begins(&pieces) || mentioned(first) => Ok([&pieces, rest].concat()),
        Err(what) if mentioned(first) => Err(format!("its command is a line with {what}")),
        _ => Ok(words.to_vec()),
    }
}

/// Whether it begins as what starts one of these programs does.
fn begins(words: &[String]) -> bool {
    words.first().is_some_and(|first| {
        launches(first, None) || tool(first).is_some() || program(first) == "env" || assignment(first).is_some()
    })
}

/// `NAME=VALUE`.
fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_name = name.bytes().all(good) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    is_name.then(|| (name.to_owned(), value.to_owned()))
}

/// The program that plain words start.
fn plain(inner: Unwrapped) -> Option<Result<Started, String>> {
    let Unwrapped { words, env, notes } = inner;
    let (at, tool) = words.iter().enumerate().find_map(|(at, word)| Some((at, tool(word)?)))?;
    let before = &words[..at];
    let unknown = before.iter().enumerate().find(|(at, word)| !launches(word, at.checked_sub(1).map(|at| &before[at])));
    let mut rest = words[at + 1..].to_vec();
    // `npm exec --package=mcp-remote -- mcp-remote URL` names it twice.
    while let Some(again) = rest.iter().take(2).position(|word| self::tool(word) == Some(tool)) {
        rest.drain(..=again);
    }
    if rest.first().is_some_and(|word| word == "--") {
        rest.remove(0);
    }
    Some(match unknown {
        Some((_, word)) => {
            // A value may be a secret.
            let word = word.split('=').next().unwrap_or_default();
            Err(format!("it is started by {word:?}, which may do more than start it"))
        }
        None => Ok(Started { tool, arguments: rest, env, notes }),
    })
}

/// Whether a line among `words` may start one of these programs for a URL.
fn mentioned(words: &[String]) -> bool {
    let lines: Vec<String> = words.iter().filter(|word| word.contains(char::is_whitespace)).cloned().collect();
    pieces(&lines).any(|piece| tool(piece).is_some()) && pieces(words).any(is_url)
}

fn pieces(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().flat_map(|word| word.split(|it: char| it.is_whitespace() || "\"'`;|()<>".contains(it)))
}

fn is_url(piece: &str) -> bool {
    piece.starts_with("https://") || piece.starts_with("http://")
}

/// The name of a program, without its folders and endings.
fn program(word: &str) -> String {
    let word = word.replace('\\', "/").to_ascii_lowercase();
    let name = word.rsplit('/').next().unwrap_or_default();
    name.trim_end_matches(".exe").trim_end_matches(".cmd").to_owned()
}

/// `mcp-remote`, `mcp-remote@latest`, `npm:mcp-remote@0.1`, `/…/mcp-remote/dist/proxy.js`, `….cmd`.
fn tool(word: &str) -> Option<Tool> {
    let word = word.replace('\\', "/");
    let word = word.strip_prefix("--package=").or(word.strip_prefix("npm:")).unwrap_or(&word);
    let parts: Vec<&str> = word.split('/').collect();
    let known = |part: &str| {
        let bare = part.trim_end_matches(".cmd").trim_end_matches(".exe");
        let bare = bare.split(['@', '=']).next().unwrap_or_default();
        [Tool::McpRemote, Tool::Supergateway, Tool::McpStdio, Tool::HyperMcpRemote]
            .into_iter()
            .find(|tool| tool.name() == bare)
    };
    match parts.as_slice() {
        // A URL may have such a name in it.
        [scheme, "", ..] if scheme.ends_with(':') => None,
        [.., last] if known(last).is_some() => known(last),
        [.., package, "dist", file] if file.ends_with(".js") && !file.starts_with("client") => known(package),
        _ => None,
    }
}

/// Whether a word only starts what follows.
fn launches(word: &str, before: Option<&String>) -> bool {
    let name = program(word);
    let after_option =
        before.is_some_and(|it| ["-p", "--package", "--from", "--with", "--python"].contains(&it.as_str()));
    after_option
        || word.starts_with("--package=")
        || [
            "npx",
            "bunx",
            "bun",
            "x",
            "pnpm",
            "pnpx",
            "dlx",
            "npm",
            "exec",
            "yarn",
            "node",
            "nodejs",
            "deno",
            "run",
            "cmd",
            "c",
            "d",
            "s",
            "uvx",
            "uv",
            "tool",
            "pipx",
            "python",
            "python3",
            "-m",
            "-y",
            "--yes",
            "-q",
            "--quiet",
            "--prefer-offline",
            "--prefer-online",
            "--no-install",
            "-p",
            "--package",
            "--from",
            "--with",
            "--python",
            "--",
            "-a",
            "--allow-all",
            "--bun",
            "--silent",
            "--no-warnings",
        ]
        .contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn it_is_found_however_it_is_started() {
        for line in [
            "npx mcp-remote U",
            "npx -y mcp-remote@latest U",
            "/usr/bin/npx --yes mcp-remote@0.1.38 U",
            "bunx mcp-remote U",
            "bun x mcp-remote U",
            "pnpm dlx mcp-remote U",
            "npm exec mcp-remote -- U",
            "npm exec --package=mcp-remote -- mcp-remote U",
            "npx -p mcp-remote mcp-remote U",
            "cmd /c npx -y mcp-remote U",
            "C:\\Windows\\System32\\cmd.exe /c npx.cmd mcp-remote U",
            "node /home/x/.npm/lib/node_modules/mcp-remote/dist/proxy.js U",
            "deno run -A npm:mcp-remote U",
            "/home/x/bin/mcp-remote U",
        ] {
            let found = started(&words(line)).unwrap_or_else(|| panic!("{line}")).unwrap();
            assert_eq!((found.tool, found.arguments), (Tool::McpRemote, vec!["U".to_owned()]), "{line}");
        }
        assert_eq!(started(&words("uvx mcp-stdio U")).unwrap().unwrap().tool, Tool::McpStdio);
        assert_eq!(started(&words("hyper-mcp-remote U")).unwrap().unwrap().tool, Tool::HyperMcpRemote);
        assert!(started(&words("npx -y other https://x.example/mcp-remote")).is_none());
        assert!(started(&words("node /x/mcp-remote/dist/client.js U")).is_none());
        assert!(started(&words("op run -- npx mcp-remote U")).unwrap().is_err());
        assert!(started(&words("docker run -i mcp-remote U")).unwrap().is_err());
    }

    fn of(words: &[&str]) -> Option<Result<Started, String>> {
        started(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    const URL: &str = "https://a.example/mcp";

    #[test]
    fn a_line_for_a_shell_is_read_where_it_is_plain_words() {
        for words in [
            &["npx -y mcp-remote https://a.example/mcp --debug"][..],
            &["npx -y mcp-remote", URL, "--debug"],
            &["sh", "-c", "npx mcp-remote https://a.example/mcp --debug"],
            &["/bin/bash", "-ec", "exec npx 'mcp-remote' \"https://a.example/mcp\" --debug"],
            &["cmd", "/c", "npx mcp-remote https://a.example/mcp --debug"],
            &["C:\\Windows\\System32\\cmd.exe", "/d", "/C", "npx mcp-remote https://a.example/mcp --debug"],
            &["env", "npx", "mcp-remote", URL, "--debug"],
        ] {
            let found = of(words).unwrap_or_else(|| panic!("{words:?}")).unwrap();
            assert_eq!((found.tool, found.arguments), (Tool::McpRemote, vec![URL.to_owned(), "--debug".into()]));
            assert!(found.env.is_empty() && found.notes.is_empty(), "{words:?}");
        }
        let login = of(&["bash", "-lc", "npx mcp-remote https://a.example/mcp"]).unwrap().unwrap();
        assert!(login.notes[0].contains("bash"), "{login:?}");
        let set = of(&["/usr/bin/env", "A=1", "sh", "-c", "A=2 B='3 4' npx mcp-remote https://a.example/mcp"]);
        assert_eq!(set.unwrap().unwrap().env, [("A".into(), "2".into()), ("B".into(), "3 4".to_owned())]);
    }

    #[test]
    fn what_only_a_shell_knows_is_an_error_and_another_program_is_none() {
        for words in [
            &["npx -y mcp-remote $URL https://a.example/mcp"][..],
            &["sh", "-c", "cd /x && npx mcp-remote https://a.example/mcp"],
            &["sh", "-c", "npx mcp-remote https://a.example/mcp --header \"A: $B\""],
            &["bash", "-lc", "npx mcp-remote https://a.example/mcp --header 'A: ${B}'"],
            &["sh", "-c", "npx mcp-remote https://a.example/mcp", "s3cret"],
            &["cmd", "/c", "set A=s3cret&& npx mcp-remote https://a.example/mcp"],
            &["env", "-i", "A=s3cret", "sh", "-c", "npx mcp-remote https://a.example/mcp"],
            &["powershell", "-Command", "npx mcp-remote https://a.example/mcp"],
            &["op run -- npx mcp-remote https://a.example/mcp"],
            &["op", "--token=s3cret", "npx", "mcp-remote", URL],
        ] {
            let why = of(words).unwrap_or_else(|| panic!("{words:?}")).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
        for words in [
            &["/opt/my tools/server", "--doc", URL][..],
            &["sh", "-c", "exec server $A"],
            &["server", "--about", "how mcp-remote is used"],
            &["cmd", "/c", "npx -y other https://a.example/mcp-remote"],
        ] {
            assert_eq!(of(words), None, "{words:?}");
        }
        let found = of(&["C:\\Program Files\\nodejs\\npx.cmd", "mcp-remote", URL]).unwrap().unwrap();
        assert_eq!(found.arguments, [URL]);
    }
}
