//! Lines that are only ever added to, by any number of processes at once, and of which old ones go.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::lock;
use super::surplus::oldest;
use crate::config::Home;
use crate::private;
use crate::secret::public;

/// Files of lines in a folder of the user, readable for their owner alone. Nothing that matters when
/// it is lost.
#[derive(Clone, Debug)]
pub(super) struct Journal {
    home: Home,
    folder: &'static str,
}

/// Up to where lines were read.
#[derive(Debug, Default)]
pub(super) struct Mark {
    /// Bytes.
    read: usize,
    /// The first line of the file in which that is.
    first: Vec<u8>,
}

impl Journal {
    /// The one in this folder of the state folder, which is made with the first line.
    pub fn new(home: Home, folder: &'static str) -> Journal {
        Journal { home, folder }
    }

    /// Adds a line to the file for `name`. One write, so that lines of several processes do not mix.
    ///
    /// # Errors
    /// It is not there, or only a part of it; readers leave that out.
    pub fn add(&self, name: &str, line: &str) -> io::Result<()> {
        self.home.folder(self.folder).map_err(io::Error::other)?;
        let path = self.path(name, "");
        let mut file = open(&path)?;
        let size = file.metadata()?.len();
        if size == 0 {
            self.forget_old();
        }
        if size + line.len() as u64 > ROTATE_AT {
            self.set_aside(name, line.len());
            file = open(&path)?;
        }
        // While another writes, it may seem to be cut: an empty line, then.
        let before = if is_cut(&mut file)? { "\n" } else { "" };
        file.write_all(format!("{before}{line}\n").as_bytes())
    }

    /// The lines for `name`, oldest first. What cannot be read is not there.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let read = |end| fs::read(self.path(name, end)).unwrap_or_default();
        [read(OLD), read("")].iter().flat_map(|bytes| whole(bytes)).collect()
    }

    /// The end of what is there for `name` now.
    pub fn end(&self, name: &str) -> Mark {
        let bytes = fs::read(self.path(name, "")).unwrap_or_default();
        Mark { read: bytes.len(), first: first_line(&bytes) }
    }

    /// The lines for `name` behind `mark`, which is set behind them. A line that is half there waits for its other
    /// half.
    pub fn lines_behind(&self, name: &str, mark: &mut Mark) -> Vec<String> {
        let path = self.path(name, "");
        if fs::metadata(&path).map_or(0, |there| there.len()) == mark.read as u64 {
            return Vec::new();
        }
        let (new, mut lines) = (fs::read(path).unwrap_or_default(), Vec::new());
        if !new.starts_with(&mark.first) || new.len() < mark.read {
            // It was set aside meanwhile, and may be longer already than what was read of the old one.
            let old = fs::read(self.path(name, OLD)).unwrap_or_default();
            let read = match old.starts_with(&mark.first) {
                true => mark.read,
                // Set aside twice; or it was removed, and the old one has nothing new.
                false if new.is_empty() => old.len(),
                false => 0,
            };
            lines = whole(old.get(read..).unwrap_or_default());
            *mark = Mark::default();
        }
        if mark.first.is_empty() {
            mark.first = first_line(&new);
        }
        let new = new.get(mark.read..).unwrap_or_default();
        let end = new.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        mark.read += end;
        lines.extend(whole(&new[..end]));
        lines
    }

    /// The names that have lines, in no order.
    pub fn names(&self) -> Vec<String> {
        if !self.home.is_there().is_ok_and(|there| there) {
            return Vec::new();
        }
        let files = fs::read_dir(self.home.state().join(self.folder)).into_iter().flatten().flatten();
        let names = files.filter_map(|file| file.file_name().into_string().ok());
        names
            .filter_map(|name| name.strip_suffix(".jsonl").filter(|name| !name.contains('.')).map(str::to_owned))
            .collect()
    }

    /// Under a lock, and after another look: the file that a slower process has open was set aside already. The lock
    /// is not that of the file itself, which on Windows nobody else could then read or add to.
    fn set_aside(&self, name: &str, more: usize) {
        let path = self.path(name, "");
        let Ok(lock) = lock::file(&self.home, self.folder) else { return };
        if lock.try_lock().is_ok() {
            if fs::metadata(&path).is_ok_and(|there| there.len() + more as u64 > ROTATE_AT) {
                let _ = fs::rename(&path, self.path(name, OLD));
            }
            let _ = lock.unlock();
        }
    }

    /// A URL may have a part that is another one each time, so that nobody asks for its lines again.
    fn forget_old(&self) {
        for name in oldest(self.names(), MOST, |name| Some(self.path(name, ""))) {
            for end in ["", OLD] {
                let _ = fs::remove_file(self.path(&name, end));
            }
        }
    }

    fn path(&self, name: &str, end: &str) -> PathBuf {
        self.home.state().join(self.folder).join(format!("{name}{end}.jsonl"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    private::open(OpenOptions::new().create(true).append(true).read(true), path)
}

/// The lines of a file. One may be empty: see [`Journal::add`].
fn whole(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Whether the last line has no end, because the disk was full or its writer was killed.
fn is_cut(file: &mut File) -> io::Result<bool> {
    let Some(last) = file.metadata()?.len().checked_sub(1) else { return Ok(false) };
    let mut byte = [b'\n'];
    file.seek(SeekFrom::Start(last))?;
    file.read_exact(&mut byte)?;
    Ok(byte != [b'\n'])
}

/// The first line of a file, which no other has: a time and a process are in it.
fn first_line(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes[..end].to_vec()
}

/// A sentence as it is kept: without what may be a secret in it, and not long.
pub(super) fn words(text: &str) -> String {
    let mut kept = public(text);
    if let Some((at, _)) = kept.char_indices().nth(LONGEST) {
        kept.truncate(at);
        kept.push('…');
    }
    kept
}

/// Bytes after which a file is set aside, and the one that was set aside before it goes.
const ROTATE_AT: u64 = 64 * 1024;
/// Names that are kept.
const MOST: usize = 200;
/// Characters of a sentence that are kept.
const LONGEST: usize = 400;
/// In the name of a file that was set aside.
const OLD: &str = ".1";

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_the_newest_lines_stay() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        for number in 0..3000 {
            journal.add("a", &format!("{number} {}", "x".repeat(90))).unwrap();
        }
        let lines = journal.lines("a");
        let numbers: Vec<usize> = lines.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(*numbers.last().unwrap(), 2999);
        assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
        let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
        assert!((ROTATE_AT..=2 * ROTATE_AT).contains(&(bytes as u64)), "{bytes}");
        assert_eq!(journal.names(), ["a"]);
    }

    #[test]
    fn lines_of_many_writers_stay_whole_and_none_is_lost_at_a_change_of_the_file() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        let writers = 8;
        std::thread::scope(|scope| {
            for writer in 0..writers {
                let journal = &journal;
                // In all more than one file holds, and less than two.
                scope.spawn(move || {
                    for line in 0..100 {
                        journal.add("a", &format!("{writer} {line} {}", "x".repeat(110))).unwrap();
                    }
                });
            }
        });
        let lines = journal.lines("a");
        assert_eq!(lines.len(), writers * 100);
        for writer in 0..writers {
            let own = lines.iter().filter(|line| line.starts_with(&format!("{writer} ")));
            assert!(
                own.enumerate().all(|(at, line)| line.starts_with(&format!("{writer} {at} ")) && line.ends_with('x'))
            );
        }
    }

    #[test]
    fn only_so_many_names_are_kept() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        for number in 0..MOST + 20 {
            journal.add(&format!("n{number}"), "a line").unwrap();
        }
        assert_eq!(journal.names().len(), MOST);
    }

    #[test]
    fn a_sentence_is_kept_without_what_a_url_carries_and_not_at_any_length() {
        let said = "sign in at https://as.example/authorize?state=abc&x=1 or run: mcpbridge login https://h.example/#f";
        let kept = "sign in at https://as.example/authorize?state=…&x=… or run: mcpbridge login https://h.example/#…";
        assert_eq!(words(said), kept);
        assert_eq!(words("at https://u:p@h.example/: Bearer abc"), "at https://…@h.example/: Bearer (hidden)");
        assert_eq!(words(&"ä".repeat(1000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn lines_that_are_followed_come_once_and_whole_also_when_the_file_is_set_aside() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        let (mut read, mut seen) = (Mark::default(), Vec::new());
        for number in 0..1000 {
            journal.add("a", &format!("{number} {}", "x".repeat(90))).unwrap();
            if number % 7 == 0 {
                seen.extend(journal.lines_behind("a", &mut read));
            }
        }
        let half = |text: &str| open(&journal.path("a", "")).unwrap().write_all(text.as_bytes()).unwrap();
        half("1000 h");
        seen.extend(journal.lines_behind("a", &mut read));
        half("alf\n");
        seen.extend(journal.lines_behind("a", &mut read));
        let numbers: Vec<usize> = seen.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (0..=1000).collect::<Vec<_>>());
    }

    #[test]
    fn lines_are_followed_across_a_file_that_is_longer_than_what_was_read_of_the_one_before() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        let add = |numbers: std::ops::Range<usize>| {
            numbers.for_each(|number| journal.add("a", &format!("{number} {}", "x".repeat(90))).unwrap());
        };
        add(0..10);
        let mut mark = journal.end("a");
        // One file takes some 690 of these.
        add(10..800);
        let lines = journal.lines_behind("a", &mut mark);
        let numbers: Vec<usize> = lines.iter().map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(numbers, (10..800).collect::<Vec<_>>());
        assert!(journal.lines_behind("a", &mut mark).is_empty());
    }

    #[test]
    fn a_line_that_was_cut_takes_no_other_with_it() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        journal.add("a", "one").unwrap();
        open(&journal.path("a", "")).unwrap().write_all(b"tw").unwrap();
        journal.add("a", "three").unwrap();
        assert_eq!(journal.lines("a"), ["one", "tw", "three"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        journal.add("b", "a line").unwrap();
        let own = folder.path().join("own");
        fs::write(&own, "data").unwrap();
        std::os::unix::fs::symlink(&own, journal.path("a", "")).unwrap();
        assert!(journal.add("a", "a line").unwrap_err().to_string().contains("symbolic link"));
        assert_eq!(fs::read_to_string(own).unwrap(), "data");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempdir().unwrap();
        let journal = Journal::new(Home::at(folder.path().join("state")), "runs");
        journal.add("a", "a line").unwrap();
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(journal.path("a", "")), 0o600);
        assert_eq!(mode(folder.path().join("state/runs")), 0o700);
    }
}
