//! The marks in front of what is shown. They alone are coloured, so that all else is as readable as the person
//! has chosen it to be.

use anstyle::{AnsiColor, Style};

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be, or new.
    Well,
    /// To be looked at, or not yet over.
    Look,
    /// Wrong, or taken away.
    Wrong,
    /// Nothing to be looked at.
    Idle,
}

impl Mark {
    /// How it is printed: bold, in a colour that can be read on white, on black and on the grounds of Solarized.
    /// Yellow and cyan cannot be read on white, nor blue on black; the bright colours of Solarized are its greys.
    pub fn style(self) -> Style {
        let color = match self {
            Mark::Well => AnsiColor::Green,
            Mark::Look => AnsiColor::Magenta,
            Mark::Wrong => AnsiColor::Red,
            Mark::Idle => return Style::new().dimmed(),
        };
        Style::new().bold().fg_color(Some(color.into()))
    }
}
