//! install.sh, run as people run it: beside a program, alone with a release to download, and in a
//! checkout without the tools.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mcpbridge");

/// What an installation puts under its prefix.
const INSTALLED: [&str; 5] = [
    "bin/mcpbridge",
    "share/bash-completion/completions/mcpbridge",
    "share/zsh/site-functions/_mcpbridge",
    "share/fish/vendor_completions.d/mcpbridge.fish",
    "share/man/man1/mcpbridge.1",
];

#[test]
fn an_archive_is_installed_and_removed_without_a_trace() {
    let place = Place::archive();
    let prefix = place.path("a prefix/with spaces");
    let told = place.done(&["--prefix", prefix.to_str().unwrap()]);
    assert!(told.contains(concat!("mcpbridge ", env!("CARGO_PKG_VERSION"))), "{told}");

    for file in INSTALLED {
        assert!(prefix.join(file).is_file(), "{file} is missing");
    }
    let installed = Command::new(prefix.join("bin/mcpbridge")).arg("--version").output().unwrap();
    assert_eq!(text(&installed.stdout).trim(), concat!("mcpbridge ", env!("CARGO_PKG_VERSION")));
    for (shell, file) in [("bash", INSTALLED[1]), ("zsh", INSTALLED[2]), ("fish", INSTALLED[3])] {
        let printed = Command::new(PROGRAM).args(["completions", shell]).output().unwrap().stdout;
        assert_eq!(text(&fs::read(prefix.join(file)).unwrap()), text(&printed), "{file}");
    }
    assert!(fs::read_to_string(prefix.join(INSTALLED[4])).unwrap().contains(".TH mcpbridge 1"));

    let before = tree(&place.folder);
    place.done(&["--prefix", prefix.to_str().unwrap()]);
    assert_eq!(tree(&place.folder), before, "a second installation changes nothing");

    place.done(&["--uninstall", "--prefix", prefix.to_str().unwrap()]);
    assert!(!prefix.exists(), "{:?} is left", tree(&prefix));
    let told = place.done(&["--uninstall", "--prefix", prefix.to_str().unwrap()]);
    assert!(told.contains("not installed"), "{told}");
}

#[test]
fn what_was_there_before_stays() {
    let place = Place::archive();
    let prefix = place.path("prefix");
    let theirs = prefix.join("share/man/man1/other.1");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::create_dir_all(prefix.join("bin")).unwrap();
    fs::write(&theirs, "theirs").unwrap();
    let before = tree(&prefix);
    for _ in 0..2 {
        place.done(&["--prefix", prefix.to_str().unwrap()]);
    }
    let later = prefix.join("share/fish/later");
    fs::write(&later, "theirs too").unwrap();
    place.done(&["--uninstall", "--prefix", prefix.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&later).unwrap(), "theirs too");
    fs::remove_file(&later).unwrap();
    fs::remove_dir(later.parent().unwrap()).unwrap();
    assert_eq!(tree(&prefix), before);
}

#[test]
fn the_default_is_dot_local_and_path_is_talked_about_only_where_it_lacks_the_folder() {
    let place = Place::archive();
    let bin = place.home().join(".local/bin");
    let told = place.done(&[]);
    assert!(bin.join("mcpbridge").is_file());
    assert!(told.contains(&format!("{} is not in your PATH", bin.display())), "{told}");

    let path = format!("{}:{}", std::env::var("PATH").unwrap(), bin.display());
    let output = place.script(&[]).env("PATH", path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!text(&output.stdout).contains("not in your PATH"), "{output:?}");
}

#[test]
fn the_demo_follows_the_installation() {
    let place = Place::archive();
    let told = place.done(&["--demo"]);
    assert!(told.contains("installed mcpbridge") && told.contains("Hello, Ada!"), "{told}");
    // The snippet for the editor names the program that was installed, not the one in the archive.
    assert!(told.contains(place.home().join(".local/bin/mcpbridge").to_str().unwrap()), "{told}");
}

#[test]
fn a_download_is_installed_only_with_the_published_checksum() {
    let place = Place::alone();
    let release = Release::new(&place);
    let sums = fs::read_to_string(release.folder.join("SHA256SUMS")).unwrap();

    let wrong = "0".repeat(64) + &sums[64..];
    let other = sums.replace("mcpbridge-", "another-");
    for (sums, reason) in
        [(wrong.as_str(), "checksum"), (other.as_str(), "SHA256SUMS does not name"), ("", "SHA256SUMS")]
    {
        fs::write(release.folder.join("SHA256SUMS"), sums).unwrap();
        let told = place.refused(&[], 1, Some(&release));
        assert!(told.contains(reason) && told.contains("nothing was installed"), "{told}");
        assert!(!place.home().join(".local").exists(), "{reason}: something was installed");
    }
    fs::remove_file(release.folder.join("SHA256SUMS")).unwrap();
    place.refused(&[], 1, Some(&release));
    assert!(!place.home().join(".local").exists(), "something was installed without a checksum");

    fs::write(release.folder.join("SHA256SUMS"), &sums).unwrap();
    let output = place.script(&[]).env("MCPBRIDGE_RELEASE", release.url()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(place.home().join(".local/bin/mcpbridge").is_file());
}

#[test]
fn a_download_needs_a_release_and_an_origin_that_nobody_can_change_on_the_way() {
    let place = Place::alone();
    let told = place.refused(&[], 1, None);
    assert!(told.contains("MCPBRIDGE_RELEASE"), "{told}");
    let output = place.script(&[]).env("MCPBRIDGE_RELEASE", "http://127.0.0.1:9/release").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("https://"), "{output:?}");
}

#[test]
fn mistakes_exit_2_and_install_nothing() {
    let place = Place::archive();
    for args in [&["--nope"][..], &["prefix"], &["--prefix"], &["--uninstall", "--demo"]] {
        let told = place.refused(args, 2, None);
        assert!(told.contains("--help"), "{args:?}: {told}");
    }
    assert!(place.done(&["--help"]).contains("--uninstall"));
    assert!(!place.home().join(".local").exists());
}

#[test]
fn a_folder_that_cannot_be_made_and_a_program_that_does_not_run_are_named() {
    let place = Place::archive();
    fs::write(place.path("file"), "").unwrap();
    let inside = place.path("file/inside");
    let told = place.refused(&["--prefix", inside.to_str().unwrap()], 1, None);
    assert!(told.contains("--prefix"), "{told}");

    fs::write(place.path("mcpbridge"), "not a program for this machine").unwrap();
    let told = place.refused(&[], 1, None);
    assert!(told.contains("does not run on this machine"), "{told}");
    assert!(!place.home().join(".local").exists());
}

#[test]
fn a_checkout_without_cargo_or_a_compiler_says_how_to_get_them() {
    let place = Place::alone();
    fs::write(place.path("Cargo.toml"), "").unwrap();
    fs::create_dir(place.path("src")).unwrap();
    let tools = place.path("tools");
    fs::create_dir(&tools).unwrap();
    for tool in ["sh", "dirname", "mktemp", "rm", "uname"] {
        symlink(which(tool), tools.join(tool)).unwrap();
    }
    let run = || place.script(&[]).env("PATH", &tools).output().unwrap();

    let output = run();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("rustup"), "{output:?}");

    symlink("/bin/false", tools.join("cargo")).unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stderr).contains("a C compiler is missing"), "{output:?}");
}

/// A folder with install.sh in it, and a home of its own.
struct Place {
    folder: PathBuf,
    _scratch: TempDir,
}

impl Place {
    /// The script beside nothing.
    fn alone() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        // The real path: on macOS the one of a temporary folder goes through a link.
        let place = Place { folder: scratch.path().canonicalize().unwrap(), _scratch: scratch };
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh"), place.path("install.sh")).unwrap();
        fs::create_dir(place.home()).unwrap();
        place
    }

    /// An unpacked release archive.
    fn archive() -> Self {
        let place = Place::alone();
        fs::copy(PROGRAM, place.path("mcpbridge")).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    fn script(&self, args: &[&str]) -> Command {
        let mut script = Command::new(self.path("install.sh"));
        script.args(args).env("HOME", self.home()).env_remove("MCPBRIDGE_RELEASE").current_dir(&self.folder);
        script
    }

    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let output = self.script(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        text(&output.stdout)
    }

    /// What it says on stderr; on stdout it says nothing.
    #[track_caller]
    fn refused(&self, args: &[&str], code: i32, release: Option<&Release>) -> String {
        let mut script = self.script(args);
        if let Some(release) = release {
            script.env("MCPBRIDGE_RELEASE", release.url());
        }
        let output: Output = script.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        text(&output.stderr)
    }
}

/// A folder as it is published: one archive a system, and the checksums.
struct Release {
    folder: PathBuf,
}

impl Release {
    fn new(place: &Place) -> Self {
        let folder = place.path("release");
        let packed = folder.join("mcpbridge-0.0.0");
        fs::create_dir_all(&packed).unwrap();
        fs::copy(PROGRAM, packed.join("mcpbridge")).unwrap();
        fs::set_permissions(packed.join("mcpbridge"), fs::Permissions::from_mode(0o755)).unwrap();
        let system = if cfg!(target_os = "macos") { "macos" } else { "linux" };
        let archive = format!("mcpbridge-{system}-{}.tar.gz", std::env::consts::ARCH);
        run(&folder, "tar", &["-czf", &archive, "mcpbridge-0.0.0"]);
        let sums = if cfg!(target_os = "macos") {
            run(&folder, "shasum", &["-a", "256", &archive])
        } else {
            run(&folder, "sha256sum", &[&archive])
        };
        fs::write(folder.join("SHA256SUMS"), sums).unwrap();
        Release { folder }
    }

    fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }
}

#[track_caller]
fn run(folder: &Path, program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    output.stdout
}

fn which(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{tool} is not in PATH"))
}

/// Every path below a folder, with the size of files, so that a change of either shows.
fn tree(folder: &Path) -> Vec<String> {
    let (mut folders, mut tree) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let size = fs::symlink_metadata(&path).unwrap();
            tree.push(format!("{} {}", path.display(), if size.is_file() { size.len() } else { 0 }));
            if size.is_dir() {
                folders.push(path);
            }
        }
    }
    tree.sort();
    tree
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
