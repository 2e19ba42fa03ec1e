//! A command with a person at its terminal: stdin and stderr are one, and stdout where the test wants it.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use tempfile::TempDir;

use super::{
    bridge::Launch,
    sync::{Gate, PATIENCE, lock},
};

pub struct Tty {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    closed: Gate,
    _scratch: TempDir,
}

impl Tty {
    /// With everything on the screen.
    pub fn start(launch: Launch) -> Self {
        Self::start_with(launch, None, 80)
    }

    /// With stdout in this file instead, on a screen of so many columns.
    pub fn start_with(launch: Launch, stdout: Option<File>, columns: u16) -> Self {
        let scratch = TempDir::new().unwrap();
        Self::run(launch.command(scratch.path()), scratch, stdout, columns)
    }

    /// Any program, with everything on the screen.
    pub fn of(command: Command, scratch: TempDir) -> Self {
        Self::run(command, scratch, None, 120)
    }

    fn run(mut command: Command, scratch: TempDir, stdout: Option<File>, columns: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let end = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command.stdin(end()).stderr(end()).stdout(stdout.map_or_else(end, Stdio::from));
        let child = command.spawn().unwrap();
        // The command has the other ends, and this process must not keep the terminal open.
        drop(command);
        let keyboard = File::from(terminal);
        let screen = Arc::<Mutex<String>>::default();
        let closed = Gate::new();
        let (mut shown, mut pane) = (keyboard.try_clone().unwrap(), [0; 4096]);
        thread::spawn({
            let (screen, closed) = (screen.clone(), closed.clone());
            move || {
                while let Ok(read @ 1..) = shown.read(&mut pane) {
                    lock(&screen).push_str(&String::from_utf8_lossy(&pane[..read]));
                }
                closed.open();
            }
        });
        Self { child, keyboard, screen, closed, _scratch: scratch }
    }

    pub fn screen(&self) -> String {
        lock(&self.screen).clone()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn wait(&self, part: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if screen.contains(part) {
                return screen;
            }
            assert!(Instant::now() < deadline, "{part:?} is not on the screen: {screen:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types a line, or with `\u{4}` Ctrl-D.
    pub fn type_keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until what is typed is shown, or is not.
    #[track_caller]
    pub fn wait_echo(&self, shown: bool) {
        let deadline = Instant::now() + PATIENCE;
        while tcgetattr(&self.keyboard).unwrap().local_modes.contains(LocalModes::ECHO) != shown {
            assert!(Instant::now() < deadline, "the echo is not {shown}: {:?}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id().cast_signed()).unwrap(), signal).unwrap();
    }

    /// Waits for the end: the exit code, and all that was on the screen.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What was said last may still be on its way.
                assert!(self.closed.wait_for(PATIENCE), "something still holds the terminal");
                return (status.code().unwrap_or(-1), self.screen());
            }
            assert!(Instant::now() < deadline, "still running: {:?}", self.screen());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
