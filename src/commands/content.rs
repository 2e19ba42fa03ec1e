//! What a server gives: text, and files of other kinds.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::iter;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::client::{harmless, one_line};
use crate::failure::{Failure, Kind};
use crate::message::{member, plain_string};

/// One part of a result.
pub enum Piece {
    /// Something to read.
    Text(String),
    /// Something else.
    File {
        /// Its media type.
        media: String,
        /// Its name, where it has one.
        name: Option<String>,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Something that is at the server.
    Link {
        /// Where.
        uri: String,
        /// What it is.
        about: String,
    },
}

impl Piece {
    /// A content block of a tool or a prompt. A kind that is not known here is shown as its JSON.
    pub fn of_block(block: &str) -> Self {
        let text = |name| word(block, name);
        match text("type").as_deref() {
            Some("text") => Piece::Text(text("text").unwrap_or_default()),
            Some("image" | "audio") => {
                Piece::file(member(block, "data"), text("mimeType"), None).unwrap_or_else(|| Piece::Text(block.into()))
            }
            Some("resource") => Piece::of_resource(member(block, "resource").unwrap_or("{}")),
            Some("resource_link") => {
                let about = [text("title").or_else(|| text("name")), text("mimeType"), text("description")];
                let about = about.into_iter().flatten().collect::<Vec<_>>().join(", ");
                Piece::Link { uri: text("uri").unwrap_or_default(), about }
            }
            _ => Piece::Text(block.to_owned()),
        }
    }

    /// The contents of a resource.
    pub fn of_resource(contents: &str) -> Self {
        let name = word(contents, "uri").and_then(|uri| last_name(&uri));
        match word(contents, "text") {
            Some(text) => Piece::Text(text),
            None => Piece::file(member(contents, "blob"), word(contents, "mimeType"), name)
                .unwrap_or_else(|| Piece::Text(contents.to_owned())),
        }
    }

    fn file(data: Option<&str>, media: Option<String>, name: Option<String>) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(&*plain_string(data?)?).ok()?;
        Some(Piece::File { media: media.unwrap_or_else(|| "application/octet-stream".to_owned()), name, bytes })
    }
}

/// The pieces as they are printed, each from the beginning of a line: for a person, with nothing in it
/// that a terminal would obey; for a pipe, as they are. `remedy` says how a file is had that cannot be shown.
pub fn shown(pieces: &[Piece], remedy: &str) -> Vec<u8> {
    let terminal = io::stdout().is_terminal();
    // What one file is piped for is the file.
    if let ([Piece::File { bytes, .. }], false) = (pieces, terminal) {
        return bytes.clone();
    }
    let mut out = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) if terminal => out.extend(harmless(text).bytes()),
            Piece::Text(text) => out.extend(text.bytes()),
            Piece::Link { uri, about } if terminal => {
                out.extend(format!("{} ({})", one_line(uri), one_line(about)).bytes())
            }
            Piece::Link { uri, .. } => out.extend(uri.bytes()),
            Piece::File { media, bytes, .. } => {
                let line = format!("[{}, {}; {remedy}]", one_line(media), size(bytes.len()));
                if !terminal {
                    eprintln!("mcpbridge: {line}");
                    continue;
                }
                out.extend(line.bytes());
            }
        }
        if out.last().is_some_and(|last| *last != b'\n') {
            out.push(b'\n');
        }
    }
    out
}

/// As [`shown`], but what is only text is a file too: in a pipe not even the end of a line is added.
pub fn exactly(pieces: &[Piece], remedy: &str) -> Vec<u8> {
    let texts: Option<Vec<&[u8]>> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(text.as_bytes()),
            _ => None,
        })
        .collect();
    match texts {
        Some(texts) if !io::stdout().is_terminal() => texts.concat(),
        _ => shown(pieces, remedy),
    }
}

/// Writes `files` to `place`: one file under that very name, or several into the folder, with names of
/// their own. What was written is said on stderr.
///
/// # Errors
/// There is nothing to write, or it cannot be written.
pub fn save(files: &[Piece], place: &Path) -> Result<Vec<PathBuf>, Failure> {
    if files.is_empty() {
        let fact = "the result has no file in it that could be saved";
        return Err(Failure::new(Kind::Usage, fact).remedy("leave --output out: what is not a file is printed"));
    }
    let ends_with_slash = place.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]);
    let folder = files.len() > 1 || place.is_dir() || ends_with_slash;
    if folder {
        fs::create_dir_all(place).map_err(|error| unwritable(place, &error))?;
    }
    let mut saved = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let (media, name, bytes) = match file {
            Piece::File { media, name, bytes } => (media.as_str(), name.as_deref(), bytes.as_slice()),
            Piece::Text(text) => ("text/plain", None, text.as_bytes()),
            Piece::Link { .. } => continue,
        };
        let own = || format!("{}.{}", index + 1, extension(media));
        let path = match folder {
            false => fs::write(place, bytes).map(|()| place.to_owned()),
            true => write_new(place, &name.map_or_else(own, str::to_owned), bytes),
        };
        let path = path.map_err(|error| unwritable(place, &error))?;
        eprintln!("saved {} ({}, {})", path.display(), one_line(media), size(bytes.len()));
        saved.push(path);
    }
    Ok(saved)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("{} cannot be written: {error}", path.display()))
        .remedy("name another with --output")
}

/// Writes to a path in `folder` that is nobody's yet: a server gives the names, and must not overwrite
/// with them, nor write to where a link of that name leads.
fn write_new(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(stem, end)| (stem, format!(".{end}")));
    let others = (2..=MOST_NAMESAKES).map(|number| format!("{stem}-{number}{end}"));
    for name in iter::once(name.to_owned()).chain(others) {
        let path = folder.join(name);
        match File::create_new(&path) {
            Ok(mut file) => return file.write_all(bytes).map(|()| path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// The last part of a URI, if it is fit for the name of a file.
fn last_name(uri: &str) -> Option<String> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let fit = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
    let is_fit = !name.is_empty() && !name.starts_with('.') && name.len() <= LONGEST_NAME && name.chars().all(fit);
    is_fit.then(|| name.to_owned())
}

fn extension(media: &str) -> &str {
    let kind = media.split(';').next().unwrap_or_default().trim();
    match kind {
        "image/jpeg" => "jpg",
        "image/svg+xml" => "svg",
        "audio/mpeg" => "mp3",
        "text/plain" => "txt",
        "application/octet-stream" => "bin",
        other => match other.rsplit('/').next() {
            Some(end) if !end.is_empty() && end.chars().all(|c| c.is_ascii_alphanumeric()) => end,
            _ => "bin",
        },
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{:.1} kB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

fn word(text: &str, name: &str) -> Option<String> {
    member(text, name).and_then(plain_string).map(|text| text.into_owned())
}

/// Files of one name, with numbers, before no further one is written.
const MOST_NAMESAKES: u32 = 100_000;
/// Bytes of a name of a file; some systems have no more than 255.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_server_stays_in_its_folder() {
        assert_eq!(last_name("file:///a/b.png?x=1").as_deref(), Some("b.png"));
        for uri in ["x:/..", "x:/.ssh", "x:/a%2fb", "x:/", "x:/..\\..", "x:/a\nb"] {
            assert_eq!(last_name(uri), None, "{uri}");
        }
        assert_eq!((extension("image/png"), extension("a/../b"), extension("x/y+z")), ("png", "b", "bin"));
    }

    #[test]
    fn blocks_are_read_and_what_is_unknown_is_shown_as_it_came() {
        assert!(
            matches!(Piece::of_block(r#"{"type":"text","text":"a\u001b"}"#), Piece::Text(text) if text == "a\u{1b}")
        );
        let image = Piece::of_block(r#"{"type":"image","data":"AAEC","mimeType":"image/png"}"#);
        assert!(matches!(image, Piece::File { media, bytes, .. } if media == "image/png" && bytes == [0, 1, 2]));
        for block in [r#"{"type":"new","x":1.0}"#, r#"{"type":"image","data":"?"}"#] {
            assert!(matches!(Piece::of_block(block), Piece::Text(text) if text == block));
        }
    }
}
