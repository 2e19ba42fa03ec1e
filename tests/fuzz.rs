//! What the fuzz targets begin with (fuzz/corpus) and what they have found (fuzz/findings), each played
//! through its target. `tests/run` lets them search for more.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[path = "../fuzz/src/lib.rs"]
mod targets;

#[test]
fn every_input_that_was_ever_found_is_harmless() {
    let (mut inputs, mut wrong) = (0, Vec::new());
    for (name, target) in targets::TARGETS {
        let mut seeds = 0;
        for kind in ["corpus", "findings"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind).join(name);
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                let data = fs::read(&path).unwrap();
                (inputs, seeds) = (inputs + 1, seeds + usize::from(kind == "corpus"));
                if catch_unwind(|| target(&data)).is_err() {
                    wrong.push(path.display().to_string());
                }
            }
        }
        assert!(seeds > 1, "the target {name} has nothing to begin with");
    }
    assert!(wrong.is_empty(), "of {inputs} inputs:\n{}", wrong.join("\n"));
}

/// One under a misspelled name would never be played.
#[test]
fn every_folder_of_inputs_belongs_to_a_target() {
    for kind in ["corpus", "findings"] {
        for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(kind)).unwrap() {
            let name = folder.unwrap().file_name().into_string().unwrap();
            assert!(targets::TARGETS.iter().any(|(target, _)| *target == name), "fuzz/{kind}/{name}");
        }
    }
}

#[test]
fn the_seeds_of_era_play_every_pair_and_the_same_each_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/era");
    let inputs = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let mut pairs = Vec::new();
    for input in inputs {
        let (spoken, told) = targets::played(&input);
        // A finding that cannot be played again is worth little.
        assert_eq!(told, targets::played(&input).1);
        pairs.extend(spoken);
    }
    pairs.sort_by_key(|pair| (pair.modern_editor, pair.modern_server));
    pairs.dedup();
    assert_eq!(pairs.len(), 4, "{pairs:?}");
}

#[test]
fn every_target_is_built_and_has_an_entry() {
    let manifest = include_str!("../fuzz/Cargo.toml");
    for (name, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is not in fuzz/Cargo.toml");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets::TARGETS.len());
}
