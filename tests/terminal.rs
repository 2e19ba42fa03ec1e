//! What a person sees: colours, widths, and the sentences about what was typed wrong.

mod support;

use support::{Bridge, Legacy, User};

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

#[test]
fn what_is_typed_wrong_is_told_in_one_sentence_with_what_helps() {
    let user = person("");
    for (args, fact, remedy) in [
        ("install cursor ex --bogus", "unexpected argument '--bogus'", "see: mcpbridge install --help"),
        ("install cursor ex --headr x", "unexpected argument '--headr'", "'--header'"),
        ("uninstall cursor ex --bogus", "unexpected argument '--bogus'", "see: mcpbridge uninstall --help"),
        ("status --exit-zeroo", "unexpected argument '--exit-zeroo'", "'--exit-zero'"),
        ("https://h.example/mcp --bogus", "unexpected argument '--bogus'", "see: mcpbridge --help"),
        ("call u", "were not provided: <TOOL>", "see: mcpbridge call --help"),
        ("secret set", "were not provided: <NAME>", "see: mcpbridge secret set --help"),
        ("logs --last none", "invalid value 'none' for '--last <NUMBER>'", "see: mcpbridge logs --help"),
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
