//! What a person sees: colours, widths, and the sentences about what was typed wrong.

mod support;

use std::fs;

use support::{Bridge, Findings, Launch, Legacy, Told, User, World};

const URL: &str = "https://h.example/mcp";
const NAMED: &str = "[servers.ex]\nurl = 'https://h.example/mcp'\n";

/// Somebody with a server that has a name.
fn person(config: &str) -> User {
    let user = User::bare();
    user.write(".config/mcpbridge/config.toml", &format!("{config}{NAMED}"));
    user
}

#[test]
fn colours_are_those_of_the_flag_then_of_the_variable_then_of_the_file() {
    let (plain, always) = (person(""), person("[defaults]\ncolor = 'always'\n"));
    let run = |user: &User, args: &[&str], variables: &[(&str, &str)]| {
        let launch = variables.iter().fold(user.command(args), |launch, (name, value)| launch.env(name, *value));
        let told = launch.told();
        told.expect(0, &[]);
        told.stdout.contains('\u{1b}')
    };
    for (user, args, variables, coloured) in [
        (&plain, "list", &[][..], false),
        (&plain, "list --color always", &[], true),
        (&plain, "--color always list", &[], true),
        (&plain, "--color=always list", &[], true),
        (&plain, "--color always --help", &[], true),
        (&plain, "list --help --color always", &[], true),
        (&plain, "--color always help list", &[], true),
        (&plain, "--help", &[], false),
        (&plain, "--help", &[("MCPBRIDGE_COLOR", "always")], true),
        (&plain, "list", &[("MCPBRIDGE_COLOR", "always")], true),
        (&plain, "list --color never", &[("MCPBRIDGE_COLOR", "always")], false),
        (&plain, "list --color always", &[("NO_COLOR", "1"), ("CLICOLOR", "0")], true),
        (&plain, "list", &[("CLICOLOR_FORCE", "1")], true),
        (&plain, "list --color never", &[("CLICOLOR_FORCE", "1")], false),
        (&always, "list", &[], true),
        (&always, "list", &[("MCPBRIDGE_COLOR", "never")], false),
        (&always, "list --color auto", &[], false),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        assert_eq!(run(user, &args, variables), coloured, "{args:?} {variables:?}");
    }
    for (args, variable, words) in [
        ("list --color pink", "", "--color"),
        ("--color pink list", "", "always, never"),
        ("list", "pink", "MCPBRIDGE_COLOR"),
        ("status ex", "pink", "MCPBRIDGE_COLOR"),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        plain.command(&args).env("MCPBRIDGE_COLOR", variable).told().expect(2, &["pink", words]);
    }
    // It is for the command itself, and is not kept for the server.
    plain.does(&["add", "other", URL, "--color", "never"]);
    assert!(!plain.read(".config/mcpbridge/config.toml").contains("color"));
}

#[cfg(unix)]
mod screens {
    use support::Tty;

    use super::*;

    /// The texts of a screen that are coloured, each with whether it is bold, and its colour.
    fn coloured(screen: &str) -> Vec<(String, bool, u32)> {
        let (mut found, mut bold, mut colour) = (Vec::new(), false, 0);
        for part in screen.split("\u{1b}[").skip(1) {
            let (codes, text) = part.split_once('m').unwrap_or((part, ""));
            for code in codes.split(';').map(|code| code.parse().unwrap_or(0)) {
                match code {
                    0 => (bold, colour) = (false, 0),
                    1 => bold = true,
                    30.. => colour = code,
                    _ => {}
                }
            }
            if colour != 0 && !text.is_empty() {
                found.push((text.to_owned(), bold, colour));
            }
        }
        found
    }

    #[track_caller]
    fn fits(launch: Launch, columns: u16) -> String {
        let (_, screen) = Tty::start_with(launch, None, columns).end();
        for line in anstream::adapter::strip_str(&screen).to_string().lines() {
            assert!(line.trim_end().chars().count() <= columns.into(), "{line:?} of {screen}");
        }
        screen
    }

    #[test]
    fn colours_are_on_short_bold_marks_alone_and_can_be_read_on_every_ground() {
        let server = Legacy::new().without_session().start();
        let user = person("");
        user.write(
            ".cursor/mcp.json",
            r#"{"mcpServers":{"a":{"command":"/gone/mcpbridge","args":["https://h.example/"]}}}"#,
        );
        user.write(".mcp.json", "{");
        let url = server.url();
        let mut marks = 0;
        for args in [
            &["doctor", &url][..],
            &["status", "ex"],
            &["install"],
            &["install", "cursor", "ex", "--dry-run"],
            &["uninstall", "cursor", "a", "--dry-run"],
            &["tools", &url],
            &["list"],
            &["logs"],
            &[],
        ] {
            // A line of somebody's file is as long as it is.
            let columns = if args.contains(&"--dry-run") { 1000 } else { 80 };
            let screen = fits(user.command(args), columns);
            for (text, bold, colour) in coloured(&screen) {
                // Red, green and magenta.
                assert!(bold && [31, 32, 35].contains(&colour), "{args:?}: {text:?} is {colour}, bold: {bold}");
                assert!(text.trim().chars().count() <= "found here".len(), "{args:?}: {text:?}");
                marks += 1;
            }
        }
        assert!(marks > 10, "there are {marks} marks");
    }

    #[test]
    fn the_list_of_editors_fits_and_shows_the_names_of_their_files() {
        let user = User::bare();
        user.write(".cursor/mcp.json", "{}");
        for (columns, title) in [(80, false), (120, true)] {
            let screen = fits(user.command(&["install"]), columns);
            assert!(screen.contains("found here") && screen.contains("run: mcpbridge install"), "{screen}");
            assert_eq!(screen.contains("VS Code Insiders"), title, "{screen}");
            for file in ["claude_desktop_config.json", "/cline_mcp_settings.json", "/config.yaml"] {
                assert!(screen.contains(file), "{file}: {screen}");
            }
        }
    }

    #[test]
    fn the_list_of_servers_fits_and_is_a_line_for_each_server_in_a_pipe() {
        let flags = "keep-alive = true\nconnect-timeout = 5\nallow-tool = 'a'\nignore-tool = 'b'\naccount = 'work'\n\
                     max-message-size = '5M'\n[servers.long.accounts.work]\n[servers.long.accounts.home]\n";
        let user = person(&format!("[servers.long]\nurl = 'https://mcp.example.com/mcp'\n{flags}"));
        let screen = fits(user.command(&["list"]), 60);
        for word in ["long", "https://mcp.example.com/mcp", "keep-alive", "account home"] {
            assert!(screen.contains(word), "{word}: {screen}");
        }
        let piped = user.command(&["list"]).told().expect(0, &[]).stdout.clone();
        assert_eq!(piped.lines().count(), 3, "{piped}");
        assert!(piped.lines().next().unwrap().contains("mcp  keep-alive, connect-timeout"), "{piped}");
        let screen = fits(user.command(&["remove", "long"]), 60);
        assert!(screen.contains("its flags are gone with it"), "{screen}");
    }

    #[test]
    fn a_folder_that_was_removed_stops_only_what_needs_it() {
        let user = person("");
        let run = |args: &str| {
            let program = support::binary().display().to_string();
            let script = format!("/bin/mkdir gone && cd gone && /bin/rmdir ../gone && exec '{program}' {args}");
            let scratch = tempfile::tempdir().unwrap();
            let mut command = std::process::Command::new("/bin/sh");
            support::same_environment(&user.command(&[]).command(scratch.path()), &mut command);
            let output = command.args(["-c", &script]).current_dir(scratch.path()).output().unwrap();
            (output.status.code(), format!("{output:?}"))
        };
        for args in ["doctor", "install", "install cursor ex", "uninstall cursor ex", "list", "status"] {
            let (code, told) = run(args);
            assert!(code == Some(0), "{args}: {told}");
        }
        for args in ["install cursor ex --project", "uninstall cursor ex --project", "trust"] {
            let (code, told) = run(args);
            assert!(code == Some(2) && told.contains("is not there any more; go to"), "{args}: {told}");
        }
    }
}

#[test]
fn what_is_typed_wrong_is_told_in_one_sentence_with_what_helps() {
    let user = person("");
    for (args, fact, remedy) in [
        ("install cursor ex --bogus", "unexpected argument '--bogus'", "see: mcpbridge install --help"),
        ("install cursor ex --headr x", "unexpected argument '--headr'", "'--header'"),
        ("uninstall cursor ex --bogus", "unexpected argument '--bogus'", "see: mcpbridge uninstall --help"),
        ("status --exit-zeroo", "unexpected argument '--exit-zeroo'", "'--exit-zero'"),
        ("https://h.example/mcp --bogus", "unexpected argument '--bogus'", "see: mcpbridge --help"),
        ("demo --port abc", "for '--port <PORT>': a number from 0 to 65535 is expected", "see: mcpbridge demo --help"),
        (
            "completions zhs",
            "invalid value 'zhs'",
            "did you mean zsh? bash, elvish, fish, powershell, zsh are expected",
        ),
        ("completions tcsh", "invalid value 'tcsh'", "; bash, elvish, fish, powershell, zsh are expected"),
        ("call u", "were not provided: <TOOL>", "see: mcpbridge call --help"),
        ("secret set", "were not provided: <NAME>", "see: mcpbridge secret set --help"),
        ("logs --last none", "for '--last <NUMBER>': a number, 1 or more, is expected", "see: mcpbridge logs --help"),
    ] {
        let told = user.command(&args.split(' ').collect::<Vec<_>>()).told();
        assert_eq!(told.stderr.lines().count(), 1, "{args}: {told:?}");
        assert!(told.stderr.starts_with("mcpbridge: ") && !told.stderr.contains("error:"), "{args}: {told:?}");
        told.expect(2, &[fact, remedy]);
    }
    assert!(user.command(&["secret"]).told().stderr.contains("Usage: mcpbridge secret"));
}

#[test]
fn a_switch_in_a_variable_is_true_or_false_and_nothing_else() {
    let user = person("");
    for (name, args) in [
        ("MCPBRIDGE_NON_INTERACTIVE", &["login", "ex"][..]),
        ("MCPBRIDGE_DEBUG", &["run", URL]),
        ("MCPBRIDGE_KEEP_ALIVE", &[URL]),
        ("MCPBRIDGE_ALLOW_HTTP", &["doctor", "ex"]),
    ] {
        let told = user.command(args).env(name, "s3cret").told();
        told.expect(2, &[name, "neither true nor false", &format!("{name}=true")]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
    let server = Legacy::new().start();
    for (value, said) in [("yes", true), ("On", true), ("0", false), ("off", false), ("", false)] {
        let told = Bridge::bare().args(["tools", &server.url()]).env("MCPBRIDGE_DEBUG", value).told();
        told.expect(0, &[]);
        assert_eq!(told.stderr.contains("tools/list"), said, "{value}: {told:?}");
    }
}

#[test]
fn where_a_token_is_kept_is_told_without_the_number_that_is_the_name_of_its_file() {
    let world = World::new();
    let signed_in = |told: &Told| {
        let is_number = |word: &str| word.len() >= 64 && word.chars().all(|c| c.is_ascii_hexdigit());
        assert!(told.stdout.contains("a file in ") && told.stdout.contains("credentials"), "{told:?}");
        assert!(!told.stdout.split(['/', '.', ' ']).any(is_number), "{told:?}");
    };
    let human = support::Human::prompt();
    signed_in(world.command("login").human(&human).told().expect(0, &[]));
    signed_in(world.command("status").told().expect(0, &[]));
    let told = world.command("status").arg("--json").told();
    let kept = told.json()["accounts"][0]["kept_in"].as_str().unwrap().to_owned();
    assert!(fs::exists(kept.trim_start_matches("file ")).unwrap() || kept.contains("~/"), "{kept}");
    assert!(kept.ends_with(".json"), "{kept}");
}

#[test]
fn a_server_that_has_a_name_is_called_by_it_in_what_is_to_be_typed() {
    let user = person("[servers.ex.accounts.work]\nno-browser = true\n");
    let login = |args: &[&str]| {
        let told = user.command(args).told();
        let run = told.stdout.lines().find_map(|line| line.trim().strip_prefix("run: ")).map(str::to_owned);
        run.unwrap_or_else(|| panic!("{told:?}"))
    };
    assert_eq!(login(&["status", URL]), "mcpbridge login ex");
    assert_eq!(login(&["status", URL, "--account", "work"]), "mcpbridge login ex --account work");
    assert_eq!(login(&["status", URL, "--account", "home"]), "mcpbridge login ex --account home");
    assert_eq!(login(&["status", "https://other.example/mcp"]), "mcpbridge login https://other.example/mcp");
    assert_eq!(login(&["status"]), "mcpbridge login ex");
}

#[test]
fn doctor_looks_at_a_server_and_at_the_computer_although_the_configuration_is_broken() {
    let server = Legacy::new().without_session().start();
    let user = User::bare();
    user.write(".config/mcpbridge/config.toml", "[server.ex]\n");
    let seen = Findings::by(user.command(&["doctor", "ex"]));
    assert_eq!(seen.code, 2, "{seen:?}");
    seen.fails("url", 2, &["line 1 of", "did you mean [servers]?"]);
    assert!(seen.all("config")[0].starts_with("fail: line 1 of"), "{seen:?}");
    assert_eq!((seen.state("tools"), seen.state("path")), ("skip", "ok"), "{seen:?}");
    let seen = Findings::by(user.command(&["doctor", &server.url()]));
    seen.fails("config", 2, &["line 1 of"]);
    assert_eq!((seen.state("tools"), seen.state("url")), ("ok", "ok"), "{seen:?}");
}

#[test]
fn doctor_ends_with_a_whole_sentence_where_there_are_warnings_alone() {
    let user = person("");
    user.write(".config/mcpbridge/config.toml", &format!("{NAMED}header = 'X-Key: s3cret'\n"));
    let told = user.command(&["doctor"]).told();
    told.expect(0, &[]);
    assert!(told.stdout.contains("\n1 warning; nothing is broken\n"), "{told:?}");
}
