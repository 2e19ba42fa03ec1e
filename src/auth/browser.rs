//! Opening the person's browser.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use crate::secret;

/// Opens `url`; whether somebody will see it. Only http and https URLs with a host are opened, and no
/// shell is asked: what a server says must not become a command (CVE-2025-6514).
pub fn open(url: &Url) -> bool {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        log::warn!("{}: is nothing for a browser", url.scheme());
        return false;
    }
    match std::env::var("BROWSER") {
        Ok(browsers) if !browsers.trim().is_empty() => browsers.split(separator()).any(|browser| start(browser, url)),
        _ if !has_screen() => false,
        _ => open::commands(url.as_str()).into_iter().any(launch),
    }
}

/// Whether there is anything that could open a page. Whether it does is known when it was tried.
pub fn is_there() -> bool {
    match std::env::var("BROWSER") {
        Ok(browsers) if !browsers.trim().is_empty() => {
            browsers.split(separator()).any(|browser| !is_none(browser.trim()))
        }
        _ => has_screen(),
    }
}

/// Starts one of `$BROWSER`, with the URL in the place of %s or as the last argument.
fn start(browser: &str, url: &Url) -> bool {
    let browser = browser.trim();
    // A path may have spaces in it; otherwise they separate arguments.
    let words: Vec<&str> =
        if Path::new(browser).is_file() { vec![browser] } else { browser.split_whitespace().collect() };
    let Some((program, arguments)) = words.split_first() else { return false };
    if is_none(program) {
        return false;
    }
    let mut command = Command::new(program);
    let filled: Vec<String> = arguments.iter().map(|argument| argument.replace("%s", url.as_str())).collect();
    if !arguments.iter().any(|argument| argument.contains("%s")) {
        command.args(filled).arg(url.as_str());
    } else {
        command.args(filled);
    }
    launch(command)
}

/// Starts a browser, or what finds one; whether it did not end in an error at once.
fn launch(mut command: Command) -> bool {
    // Nothing that a browser prints may reach the editor, and nothing that is secret may reach a browser.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    secret::keep_from(&mut command, &[]);
    // A Ctrl-C at the terminal is for us, and no reason to close a browser.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            log::debug!("{} cannot be started: {error}", command.get_program().display());
            return false;
        }
    };
    let until = Instant::now() + SETTLED;
    while Instant::now() < until {
        match child.try_wait() {
            Ok(None) => thread::sleep(GLANCE),
            Ok(Some(status)) => {
                log::debug!("{} ended with {status}", command.get_program().display());
                // On Windows one that has opened a page may say that it has not.
                return status.success() || cfg!(windows);
            }
            Err(_) => return true,
        }
    }
    // Somebody has to take its exit status.
    let _ = thread::Builder::new().name("browser".into()).spawn(move || child.wait());
    true
}

/// Whether a program of this name stands for no browser.
fn is_none(program: &str) -> bool {
    matches!(program, "" | "none" | "false" | ":")
}

/// Whether there is a screen on which a browser could show something. Without one some launchers
/// start a browser for terminals, which has none here.
fn has_screen() -> bool {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || has("DISPLAY") || has("WAYLAND_DISPLAY") || has("WSL_DISTRO_NAME")
}

/// Between the browsers in `$BROWSER`.
fn separator() -> char {
    if cfg!(windows) { ';' } else { ':' }
}

/// A browser that is still there after this long has not failed to start.
const SETTLED: Duration = Duration::from_millis(250);
/// How often that is looked at.
const GLANCE: Duration = Duration::from_millis(10);
