//! What Cargo.toml and install.sh say of a release is what packaging/targets.json says, which the workflow makes it from.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;

#[test]
fn cargo_binstall_finds_the_archive_of_every_target() {
    let told = binstall();
    let mut expected = BTreeMap::new();
    for target in targets() {
        let (triple, archive) = (text(&target, "target"), text(&target, "archive"));
        let format = if archive.ends_with(".zip") { "zip" } else { "tgz" };
        let url = format!("{{ repo }}/releases/download/v{{ version }}/{archive}");
        // It asks for the system's own C library first, and the static program runs beside every one.
        expected.insert(triple.replace("musl", "gnu"), (url.clone(), format));
        expected.insert(triple, (url, format));
    }
    assert_eq!(told.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (triple, (url, format)) in expected {
        assert_eq!(told[&triple]["pkg-url"], url, "{triple}");
        assert_eq!(told[&triple].get("pkg-fmt").unwrap_or(&"tgz".into()), format, "{triple}");
    }
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("\nbin-dir = \"mcpbridge-{ version }/{ bin }{ binary-ext }\"\npkg-fmt = \"tgz\"\n"));
    assert!(read("packaging/release.py").contains("top = f\"mcpbridge-{VERSION}\""));
}

#[test]
fn install_sh_asks_for_archives_that_there_are() {
    let script = read("install.sh");
    let words = |name: &str| -> Vec<String> {
        let lines = script.lines().filter_map(|line| line.split_once(&format!("{name}=")));
        lines.filter_map(|(_, rest)| rest.strip_suffix(" ;;")).map(str::to_owned).collect()
    };
    let (systems, machines) = (words("system"), words("machine"));
    assert!(script.contains("archive=mcpbridge-$system-$machine.tar.gz"));
    let mut asked: Vec<String> = systems
        .iter()
        .flat_map(|system| machines.iter().map(move |machine| format!("mcpbridge-{system}-{machine}.tar.gz")))
        .collect();
    let archives = targets().into_iter().map(|target| text(&target, "archive"));
    let mut made: Vec<String> = archives.filter(|name| name.ends_with(".tar.gz")).collect();
    asked.sort();
    made.sort();
    assert_eq!(asked, made);
}

#[test]
fn the_licences_are_checked_for_every_target_that_is_released() {
    let deny = read("deny.toml");
    for target in targets() {
        let triple = text(&target, "target");
        assert!(deny.contains(&format!("\"{triple}\"")), "deny.toml does not name {triple}");
    }
}

#[test]
fn the_workflows_build_with_the_version_of_rust_that_is_promised() {
    let manifest = read("Cargo.toml");
    let promised =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap().trim_end_matches('"');
    for workflow in ["ci", "release", "publish"] {
        let path = format!(".github/workflows/{workflow}.yml");
        assert!(read(&path).contains(&format!("\n  RUST: \"{promised}.0\"\n")), "{path}");
    }
}

#[test]
fn the_package_has_the_source_and_its_papers_and_nothing_else() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["package", "--list", "--allow-dirty", "--locked", "--offline"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8(output.stdout).unwrap().replace('\\', "/");
    let (source, other): (Vec<&str>, Vec<&str>) = listed.lines().partition(|file| file.starts_with("src/"));
    assert!(source.contains(&"src/main.rs") && source.iter().all(|file| file.ends_with(".rs")), "{source:?}");
    let completions = ["_mcpbridge", "_mcpbridge.ps1", "mcpbridge.bash", "mcpbridge.elv", "mcpbridge.fish"];
    let mut expected: Vec<String> = completions.map(|file| format!("completions/{file}")).to_vec();
    expected.extend(["CHANGELOG.md", "Cargo.lock", "Cargo.toml", "Cargo.toml.orig"].map(str::to_owned));
    expected.extend(["LICENSE-APACHE", "LICENSE-MIT", "README.md"].map(str::to_owned));
    // Only in a checkout.
    let mut other: Vec<&str> = other.into_iter().filter(|file| *file != ".cargo_vcs_info.json").collect();
    other.sort_unstable();
    expected.sort();
    assert_eq!(other, expected);
}

/// The keys of each `[package.metadata.binstall.overrides.TARGET]`.
fn binstall() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut overrides = BTreeMap::<String, BTreeMap<String, String>>::new();
    let mut current = None;
    for line in read("Cargo.toml").lines() {
        if line.starts_with('[') {
            let name = line.strip_prefix("[package.metadata.binstall.overrides.");
            current = name.and_then(|name| name.strip_suffix(']')).map(str::to_owned);
        } else if let (Some(target), Some((key, value))) = (&current, line.split_once(" = ")) {
            let value = value.trim_matches('"').to_owned();
            overrides.entry(target.clone()).or_default().insert(key.to_owned(), value);
        }
    }
    overrides
}

fn targets() -> Vec<Value> {
    serde_json::from_str(&read("packaging/targets.json")).unwrap()
}

#[track_caller]
fn text(target: &Value, key: &str) -> String {
    target[key].as_str().unwrap_or_else(|| panic!("{target} has no {key}")).to_owned()
}

fn read(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\r\n", "\n")
}
