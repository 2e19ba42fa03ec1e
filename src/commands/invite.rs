//! Where a person signs in, as a terminal shows it.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use qrcodegen::{QrCode, QrCodeEcc};

/// Where a person signs in.
pub enum Invite<'a> {
    /// In a browser that comes back here.
    Address {
        /// The address.
        url: &'a str,
        /// Whether a browser was opened at it.
        opened: bool,
        /// The port that the browser comes back to.
        port: Option<u16>,
    },
    /// On any device, with a code.
    Code {
        /// The address.
        url: &'a str,
        /// What is entered there.
        code: &'a str,
    },
}

impl Invite<'_> {
    /// Says it on stderr. `types` is whether somebody could paste something.
    pub fn show(&self, types: bool) {
        match *self {
            Invite::Address { url, opened, port } => {
                say(match opened {
                    true => "a browser window was opened; sign in there. If it does not show, open this address:",
                    false => "open this address in a browser, and sign in:",
                });
                say(&format!("\n  {url}\n"));
                if let Some(port) = port.filter(|_| is_remote()) {
                    say(
                        "you are on another machine by SSH. So that the browser finds its way back, run this on yours \
                         first:",
                    );
                    say(&format!("\n  ssh -L {port}:127.0.0.1:{port} HOST\n"));
                }
                if !opened && types {
                    say("if the browser cannot come back here, paste the address that it ends at, and press Enter");
                }
            }
            Invite::Code { url, code } => {
                say("open this address on any device that has a browser, and sign in:");
                say(&format!("\n  {url}\n"));
                if let Some(picture) = picture(url) {
                    say(&picture);
                }
                say(&format!("the code that is asked for there, or shown:\n\n  {code}\n"));
            }
        }
    }
}

fn say(text: &str) {
    // Somebody who does not read it has the same in the answer of `mcpbridge status`.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Whether the person sits at another machine.
fn is_remote() -> bool {
    std::env::var_os("SSH_CONNECTION").is_some_and(|connection| !connection.is_empty())
}

/// `url` as a QR code, where there is a terminal that has room for it.
fn picture(url: &str) -> Option<String> {
    let stderr = io::stderr();
    let width = terminal_size::terminal_size_of(&stderr).map(|(width, _)| usize::from(width.0))?;
    let code = QrCode::encode_text(url, QrCodeEcc::Low).ok().filter(|_| stderr.is_terminal())?;
    let colours = AutoStream::choice(&stderr) != ColorChoice::Never;
    Some(drawn(&code, colours)).filter(|_| columns(&code) <= width)
}

/// Two modules in one character. With colours it is black on white, as it is printed; without them the
/// light modules are drawn, which is right on a dark screen.
fn drawn(code: &QrCode, colours: bool) -> String {
    let paper = match colours {
        true => Style::new().fg_color(Some(AnsiColor::Black.into())).bg_color(Some(AnsiColor::BrightWhite.into())),
        false => Style::new(),
    };
    let inked = |x: i32, y: i32| code.get_module(x, y) == colours;
    let mut text = String::new();
    for y in (-MARGIN..code.size() + MARGIN).step_by(2) {
        let line = (-MARGIN..code.size() + MARGIN).map(|x| match (inked(x, y), inked(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        text += &format!("{paper}{}{paper:#}\n", line.collect::<String>());
    }
    text
}

fn columns(code: &QrCode) -> usize {
    usize::try_from(code.size() + 2 * MARGIN).unwrap_or(usize::MAX)
}

/// Light modules around it, by which a camera finds it. Four are asked for; two do, on a terminal, and fit.
const MARGIN: i32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_every_module_of_the_code_and_a_margin() {
        let code = QrCode::encode_text("https://as.example/device?user_code=WDJB-MJHT", QrCodeEcc::Low).unwrap();
        for colours in [true, false] {
            let drawn = anstream::adapter::strip_str(&drawn(&code, colours)).to_string();
            let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
            assert!(lines.iter().all(|line| line.len() == columns(&code)), "{drawn}");
            for y in -MARGIN..code.size() + MARGIN {
                for x in -MARGIN..code.size() + MARGIN {
                    let (row, half) = ((y + MARGIN) as usize / 2, (y + MARGIN) % 2);
                    let inked = match lines[row][(x + MARGIN) as usize] {
                        '█' => true,
                        '▀' => half == 0,
                        '▄' => half == 1,
                        _ => false,
                    };
                    assert_eq!(inked == colours, code.get_module(x, y), "{x} {y}\n{drawn}");
                }
            }
        }
    }
}
