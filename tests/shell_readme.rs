//! The examples of the README's "From the shell" do what it says that they do.
#![cfg(unix)]

mod support;

use std::process::Command;

use support::*;

#[test]
fn the_examples_in_the_readme_print_what_it_says() {
    let readme = include_str!("../README.md");
    let (_, section) = readme.split_once("## From the shell").expect("the section");
    let (_, block) = section.split_once("```console\n").expect("the examples");
    let (block, _) = block.split_once("```").unwrap();

    let port = unused_port();
    let mut demo = Bridge::bare().args(["demo", "--serve", "--port", &port.to_string()]).at_shell();
    demo.wait_stdout("listens at");
    let scratch = tempfile::tempdir().unwrap();
    let folder = binary().parent().unwrap().to_owned();
    let path =
        std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())));
    let has_jq = Command::new("jq").arg("--version").output().is_ok_and(|output| output.status.success());
    let mut run = 0;
    for example in block.split("$ ").skip(1) {
        let (line, wanted) = example.split_once('\n').unwrap();
        if line.contains("jq") && !has_jq {
            continue;
        }
        let bare = Bridge::bare().command(scratch.path());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("({line}) 2>&1").replace("7832", &port.to_string())]);
        support::same_environment(&bare, &mut shell);
        let output = shell.env("PATH", path.as_ref().unwrap()).output().unwrap();
        // The README shows a terminal; a pipe gets a resource as it is, without an end of the line.
        let wanted = if line.starts_with("mcpbridge read") { wanted.trim_end_matches('\n') } else { wanted };
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted, "{line}");
        run += 1;
    }
    assert!(run >= 5, "the examples were not found");
    demo.kill();
}
