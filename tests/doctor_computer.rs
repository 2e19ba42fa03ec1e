//! `doctor` and this computer: where sign-ins are kept, what a person has set down, and the files of editors; what
//! `--fix` mends, and what a report of a fault holds.
#![cfg(unix)]

mod support;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use support::{Bridge, Findings, Launch, Legacy, Told, World, binary, files};
use tempfile::TempDir;

const URL: &str = "https://mcp.example.com/mcp";

#[test]
fn an_empty_computer_is_well_and_stays_empty() {
    let user = User::new();
    let told = user.command(&[]).told();
    told.expect(0, &[]);
    assert!(told.stdout.contains("all is well"), "{told:?}");
    assert!(files(user.home.path()).is_empty(), "{:?}", files(user.home.path()));
    assert_eq!(user.look(&[]).state("editors"), "skip");
}

#[test]
fn an_entry_whose_program_is_gone_is_named_and_mended_and_nothing_else_changes() {
    let user = User::new();
    let before = concat!(
        "{ // mine\n  \"mcpServers\": {\n    \"a\": {\"command\": \"/gone/mcpbridge\", \"args\": [\"URL\"], \"more\": 1},\n",
        "    \"other\": {\"command\": \"/gone/other\"},\n  },\n}"
    )
    .replace("URL", URL);
    let path = user.write(".cursor/mcp.json", &before);
    let toml = user.write(
        ".codex/config.toml",
        "# mine\n[mcp_servers.b]\ncommand = \"mcpbridge\"\nargs = [\"https://b.example/mcp\"]\n",
    );
    let seen = user.look(&[]);
    seen.fails("cursor", 2, &["a starts /gone/mcpbridge, which is not there", "mcpbridge doctor --fix"]);
    seen.warns("codex", &["b starts mcpbridge without its path", "--fix"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), before, "nothing is mended unasked");
    let seen = user.look(&["--fix"]);
    assert_eq!((seen.code, seen.state("cursor"), seen.state("codex")), (0, "ok", "ok"), "{seen:?}");
    let (text, program) = (fs::read_to_string(&path).unwrap(), binary().display().to_string());
    assert_eq!(text, before.replace("\"/gone/mcpbridge\"", &format!("{program:?}")));
    assert!(fs::read_to_string(toml).unwrap().starts_with("# mine\n"));
    let fixed = seen.step("cursor")["fixed"].as_str().unwrap();
    assert!(fixed.contains("before: "), "{fixed}");
    let backups: Vec<String> = files(&user.state("backups")).into_iter().map(|(_, text)| text).collect();
    assert!(backups.contains(&before), "{backups:?}");
    assert_eq!(user.look(&[]).code, 0);
}

#[test]
fn every_form_of_an_entry_is_mended() {
    for (file, editor, text) in [
        (
            ".config/opencode/opencode.json",
            "opencode",
            r#"{"mcp":{"a":{"type":"local","command":["/gone/mcpbridge","URL","--debug"]}}}"#,
        ),
        (
            ".config/zed/settings.json",
            "zed",
            r#"{"context_servers":{"a":{"source":"custom","command":"/gone/mcpbridge","args":["URL"]}}}"#,
        ),
        (
            ".continue/config.yaml",
            "continue",
            "mcpServers:\n  - name: a\n    command: /gone/mcpbridge\n    args:\n      - URL\n",
        ),
        (".config/goose/config.yaml", "goose", "extensions:\n  a:\n    cmd: /gone/mcpbridge\n    args:\n      - URL\n"),
    ] {
        let user = User::new();
        let text = text.replace("URL", URL);
        let path = user.write(file, &text);
        user.look(&[]).fails(editor, 2, &["which is not there"]);
        let seen = user.look(&["--fix"]);
        assert_eq!(seen.code, 0, "{seen:?}");
        let program = binary().display().to_string();
        assert_eq!(fs::read_to_string(path).unwrap(), text.replace("/gone/mcpbridge", &program), "{editor}");
    }
}

#[test]
fn what_else_is_wrong_with_an_entry_is_named() {
    let user = User::new();
    let program = binary().display().to_string();
    let another = user.write("bin/mcpbridge", "#!/bin/sh\n");
    let entry = |command: &str, args: &str| format!(r#"{{"command":{command:?},"args":[{args}]}}"#);
    let url = format!("{URL:?}");
    user.write(
        ".cursor/mcp.json",
        &format!(
            r#"{{"mcpServers":{{"flag":{},"name":{},"file":{},"old":{},"held":{},"client":{},"query":{},"good":{}}}}}"#,
            entry(&program, r#""https://c.example/mcp","--hedaer","X:1""#),
            entry(&program, r#""nobody""#),
            entry(&another.display().to_string(), r#""https://d.example/mcp""#),
            entry("npx", r#""-y","mcp-remote","https://e.example/mcp""#),
            entry("op", r#""run","--","mcp-remote","https://h.example/mcp""#),
            entry(&program, r#""https://f.example/mcp","--static-oauth-client-info","{\"client_secret\":\"s3cret\"}""#),
            entry(&program, r#""https://g.example/mcp?api_key=s3cret""#),
            entry(&program, &url),
        ),
    );
    let seen = user.look(&[]);
    assert_eq!(seen.code, 2, "{seen:?}");
    let all = seen.all("cursor").join("\n");
    for words in
        ["flag has arguments that are none", "--hedaer", "name is for the server nobody, which has no URL", "chmod +x"]
    {
        assert!(all.contains(words), "{words}: {all}");
    }
    seen.warns("cursor", &["old still runs mcp-remote", "mcpbridge adopt cursor"]);
    seen.warns(
        "cursor",
        &[
            "held still runs a program like it, and adopt leaves it",
            "\"op\"",
            "mcpbridge install cursor https://h.example/mcp",
        ],
    );
    seen.warns("cursor", &["client_secret", "--static-oauth-client-info @FILE"]);
    seen.warns("cursor", &["api_key in the URL", "mcpbridge login https://g.example/mcp --api-key-query api_key"]);
    fs::set_permissions(&another, fs::Permissions::from_mode(0o755)).unwrap();
    let remedy = "mcpbridge install cursor https://d.example/mcp";
    user.look(&[]).warns("cursor", &["file starts another mcpbridge, ~/bin/mcpbridge", remedy]);
    let path = Findings::by(user.command(&[]).env("PATH", user.home.path().join("bin")));
    path.warns("path", &["a shell starts another mcpbridge"]);
}

#[test]
fn one_server_twice_and_a_file_that_cannot_be_read_are_named() {
    let user = User::new();
    let program = binary().display().to_string();
    let ours = |args: &str| format!(r#"{{"command":{program:?},"args":[{args}]}}"#);
    let (one, other) = (ours(&format!("{URL:?}")), ours(&format!("{URL:?},\"--account\",\"work\"")));
    user.write(".cursor/mcp.json", &format!(r#"{{"mcpServers":{{"a":{one},"b":{one},"c":{other}}}}}"#));
    user.write(".codeium/windsurf/mcp_config.json", &format!(r#"{{"mcpServers":{{"a":{one},"c":{other}}}}}"#));
    user.write(".codex/config.toml", "[mcp_servers\n");
    let seen = user.look(&[]);
    seen.warns("cursor", &["a and b are one server", "mcpbridge uninstall cursor b"]);
    assert_eq!(seen.state("windsurf"), "ok", "another account is another thing: {seen:?}");
    seen.fails("codex", 2, &["cannot be read: line 1"]);
}

#[test]
fn a_secret_that_stands_in_an_entry_is_named_and_not_shown() {
    let user = User::new();
    let program = binary().display().to_string();
    let secrets = [
        format!(r#"{{"command":{program:?},"args":[{URL:?},"--header","Authorization:Bearer s3cret-1"]}}"#),
        format!(r#"{{"command":{program:?},"args":["{URL}?api_key=s3cret-2"]}}"#),
        format!(
            r#"{{"command":{program:?},"args":["https://h.example/"],"env":{{"MCPBRIDGE_HEADER":"X-Key:s3cret-3"}}}}"#
        ),
        format!(r#"{{"command":{program:?},"args":["https://i.example/"],"env":{{"WORK_TOKEN":"s3cret-4"}}}}"#),
        r#"{"url":"https://j.example/mcp","headers":{"X-Api-Key":"s3cret-5"}}"#.to_owned(),
    ];
    for secret in &secrets {
        user.write(".cursor/mcp.json", &format!(r#"{{"mcpServers":{{"a":{secret}}}}}"#));
        let seen = user.look(&[]);
        seen.warns("cursor", &["a has a secret in plain", "keychain"]);
        assert!(!seen.text.contains("s3cret"), "{seen:?}");
    }
    // As an editor has it that splits at spaces.
    let split = format!(r#"{{"command":{program:?},"args":[{URL:?},"--header","Authorization:","s3cret-6"]}}"#);
    user.write(".cursor/mcp.json", &format!(r#"{{"mcpServers":{{"a":{split}}}}}"#));
    let seen = user.look(&[]);
    seen.fails("cursor", 2, &["a has arguments that are none"]);
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
    for fine in [
        format!(
            r#"{{"command":{program:?},"args":[{URL:?},"--header","Authorization:Bearer ${{TOKEN}}"],"env":{{"TOKEN":"${{HOME}}"}}}}"#
        ),
        format!(r#"{{"command":{program:?},"args":[{URL:?}],"env":{{"MCPBRIDGE_CREDENTIAL_STORE":"file"}}}}"#),
        r#"{"url":"https://j.example/mcp","headers":{"X-Api-Key":"${env:KEY}"}}"#.to_owned(),
        r#"{"command":"/bin/sh","env":{"ITS_TOKEN":"${env:ITS_TOKEN}","TOKEN_LIMIT":"100000"}}"#.to_owned(),
    ] {
        user.write(".cursor/mcp.json", &format!(r#"{{"mcpServers":{{"a":{fine}}}}}"#));
        let seen = user.look(&[]);
        assert_eq!((seen.code, seen.state("cursor")), (0, "ok"), "{fine}: {seen:?}");
    }
}

#[test]
fn a_local_server_of_somebody_else_is_warned_of_if_it_is_gone_or_holds_a_secret() {
    let user = User::new();
    user.write("bin/there", "#!/bin/sh\n");
    fs::set_permissions(user.home.path().join("bin/there"), fs::Permissions::from_mode(0o755)).unwrap();
    let file = user.write(
        ".cursor/mcp.json",
        r#"{"mcpServers":{
            "gone":{"command":"/gone/server"}, "bare":{"command":"no-such-program"},
            "off":{"command":"/gone/server","disabled":true}, "open":{"command":"${HOME}/server"},
            "fine":{"command":"there","args":["--verbose"],"env":{"LEVEL":"debug","KEY":"${env:KEY}","API_KEY":""}},
            "env":{"command":"there","env":{"API_KEY":"sk-s3cret-env"}},
            "flag":{"command":"there","args":["--api-key","s3cret-flag"]},
            "docker":{"command":"there","args":["run","-e","GITHUB_TOKEN=ghp_s3cret0123456"]}}}"#,
    );
    user.write(
        ".config/zed/settings.json",
        r#"{"context_servers":{"z":{"source":"custom","command":"/bin/sh","args":[],"env":{"TOKEN":"s3cret-zed"}}}}"#,
    );
    user.write(
        ".codex/config.toml",
        "[mcp_servers.g]\ncommand = 'npx'\nargs = ['supergateway', '--streamableHttp', 'https://g.example/', '--oauth2Bearer', 's3cret-flag']\n\
         [mcp_servers.l]\ncommand = 'sh'\nargs = ['-c', 'npx mcp-remote https://l.example/ --header \"X-A: $B\" sk-s3cret-line']\n",
    );
    let seen = Findings::by(user.command(&[]).env("PATH", user.home.path().join("bin")));
    assert_eq!(seen.code, 0, "{seen:?}");
    seen.warns("cursor", &["gone starts /gone/server, which is not there", "take gone out of ~/.cursor/mcp.json"]);
    seen.warns("cursor", &["bare starts no-such-program, which is not on the PATH", "whole path"]);
    seen.warns("cursor", &["env has a secret in plain: the variable API_KEY", "${env:API_KEY}"]);
    seen.warns("cursor", &["flag has a secret in plain: the value of --api-key"]);
    seen.warns("cursor", &["docker has a secret in plain: the value of GITHUB_TOKEN"]);
    seen.warns("zed", &["z has a secret in plain: the variable TOKEN", "chmod 600"]);
    seen.warns("codex", &["g has a secret in plain: the value of --oauth2Bearer", "mcpbridge adopt codex"]);
    seen.warns("codex", &["l has a secret in plain: an argument", "env_vars"]);
    assert_eq!(seen.all("cursor").len(), 5, "{seen:?}");
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
    assert!(fs::read_to_string(file).unwrap().contains("sk-s3cret-env"));
}

#[test]
fn a_secret_or_a_variable_that_an_entry_needs_and_nobody_has_is_named() {
    let user = User::new();
    let program = binary().display().to_string();
    user.write(
        "mcpbridge/config.toml",
        "[servers.named]\nurl = 'https://n.example/mcp'\nheader-from = 'X=keychain:behind'\n",
    );
    user.write(
        ".cursor/mcp.json",
        &format!(
            r#"{{"mcpServers":{{
                "a":{{"command":{program:?},"args":["https://a.example/mcp","--header-from","Authorization=Bearer keychain:mine"]}},
                "b":{{"command":{program:?},"args":["https://b.example/mcp"],"env":{{"MCPBRIDGE_HEADER":"X-A:${{ABSENT_B}}"}}}},
                "c":{{"command":{program:?},"args":["https://c.example/mcp","--header","X-A:${{OWN}}"],"env":{{"OWN":"1"}}}},
                "d":{{"command":{program:?},"args":["https://d.example/mcp","--header-from","X-A=env:ABSENT_D"]}},
                "n":{{"command":{program:?},"args":["named"]}},
                "s":{{"command":{program:?},"args":["https://s.example/mcp"],"env":{{"MCPBRIDGE_HEADER_FROM":"X-S=keychain:two words\nX-T=keychain:three"}}}}
            }}}}"#
        ),
    );
    let seen = user.look(&[]);
    seen.fails("cursor", 2, &["a needs the secret mine", "not in the credential store", "mcpbridge secret set mine"]);
    let all = seen.all("cursor").join("\n");
    assert!(all.contains("fail: n needs the secret behind"), "{all}");
    for what in ["s needs the secret two words", "mcpbridge secret set 'two words'", "s needs the secret three"] {
        assert!(all.contains(what), "{what}: {all}");
    }
    seen.warns("cursor", &["b needs the variable ABSENT_B, which is not set here", "where Cursor starts"]);
    seen.warns("cursor", &["d needs the variable ABSENT_D"]);
    assert_eq!(seen.all("cursor").len(), 6, "{seen:?}");
    for name in ["mine", "behind", "two words", "three"] {
        let mut shell = Bridge::bare().args(["secret", "set", name]).home(user.home.path()).at_shell();
        shell.type_bytes(b"s3cret-value");
        shell.told().expect(0, &[]);
    }
    let launch = user.command(&[]).env("ABSENT_B", "1").env("ABSENT_D", "s3cret-value");
    let seen = Findings::by(launch);
    assert_eq!((seen.code, seen.state("cursor")), (0, "ok"), "{seen:?}");
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
}

#[test]
fn a_folder_that_others_can_use_is_named_and_mended() {
    let world = World::new();
    world.sign_in();
    let user = User { home: world.home };
    let (state, kept) = (user.state(""), user.state("credentials"));
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let is = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    mode(&kept, 0o755);
    user.look(&[]).warns("state", &["others can read credentials"]);
    // With the files of before, and the secrets in them.
    let adoptions = user.state("adoptions");
    fs::create_dir(&adoptions).unwrap();
    mode(&adoptions, 0o755);
    user.look(&[]).warns("state", &["others can read adoptions and 1 more"]);
    mode(&state, 0o777);
    user.look(&[]).fails("state", 8, &["can be written to by others (mode 777)"]);
    assert_eq!(user.look(&[]).state("store"), "skip");
    let seen = user.look(&["--fix"]);
    assert_eq!((seen.code, is(&state)), (0, 0o700), "{seen:?}");
    let seen = user.look(&["--fix"]);
    assert_eq!((seen.code, is(&kept)), (0, 0o700), "{seen:?}");
    assert_eq!(is(&adoptions), 0o700);
    assert_eq!(user.look(&[]).state("state"), "ok");
    // Below it, too, nobody else may write.
    let locks = user.state("locks");
    mode(&locks, 0o777);
    user.look(&[]).fails("state", 8, &["locks can be written to by others (mode 777)", "chmod go-w"]);
    assert_eq!((user.look(&["--fix"]).code, is(&locks)), (0, 0o700));
}

#[test]
fn the_store_is_tried_and_one_that_is_not_there_is_told() {
    let user = User::new();
    let with = |store: &str| Findings::by(user.command(&[]).env("MCPBRIDGE_CREDENTIAL_STORE", store));
    // There is no bus in this environment, so there is no keychain.
    with("keychain").fails("store", 8, &["MCPBRIDGE_CREDENTIAL_STORE=file"]);
    assert!(with("auto").detail("store").contains("no keychain service"));
    assert!(with("file").detail("store").contains("files in "));
    with("memory").warns("store", &["memory"]);
    with("nowhere").fails("store", 2, &["MCPBRIDGE_CREDENTIAL_STORE=nowhere"]);
}

#[test]
fn sign_ins_that_have_ended_or_were_left_behind_are_told_and_the_rest_is_mended() {
    let world = World::new();
    world.sign_in();
    let user = User { home: world.home };
    assert_eq!(user.look(&[]).detail("sign-ins"), "1 is in order");
    let (entry, good) = files(&user.state("grants")).pop().unwrap();
    fs::write(&entry, "{").unwrap();
    user.look(&[]).fails("sign-ins", 8, &["is damaged"]);
    let seen = user.look(&["--fix"]);
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.text.contains("written anew from the credential store"), "{seen:?}");
    assert_eq!(user.look(&[]).detail("sign-ins"), "1 is in order");
    fs::write(&entry, good.replacen('{', r#"{"ended":{"at":1,"why":"the server said so"},"#, 1)).unwrap();
    user.look(&[]).warns("sign-ins", &["has ended", "the server said so", "mcpbridge login"]);
    let note = user.write(
        &format!("mcpbridge/signin/{}.json", "0".repeat(64)),
        r#"{"pid":1,"url":"https://as.example/","redirect_uri":"","opened":true,"since":1}"#,
    );
    user.look(&[]).warns("sign-ins", &["was broken off"]);
    assert!(note.exists());
    user.look(&["--fix"]);
    assert!(!note.exists());
}

#[test]
fn the_configuration_is_read_and_what_is_wrong_with_it_is_named() {
    let server = Legacy::new().without_session().start();
    let user = User::new();
    let path =
        user.write("mcpbridge/config.toml", "[servers.a]\nurl = 'https://h.example/mcp'\nheader = 'X-Key: s3cret'\n");
    let seen = user.look(&[]);
    assert!(seen.detail("config").contains("1 server has a name"), "{seen:?}");
    seen.warns("config", &["line 3 of", "header X-Key", "keychain"]);
    assert!(!seen.text.contains("s3cret"), "{seen:?}");
    fs::write(&path, "[server.a]\n").unwrap();
    user.look(&[]).fails("config", 2, &["line 1 of", "did you mean [servers]?"]);
    let seen = user.look(&[&server.url()]);
    assert_eq!(seen.state("tools"), "ok", "a URL can be looked at all the same: {seen:?}");
    fs::write(&path, "").unwrap();
    let project = TempDir::new().unwrap();
    let at = |text: &str| {
        fs::write(project.path().join(".mcpbridge.toml"), text).unwrap();
        let mut command = user.command(&["--json"]).command(user.home.path());
        let output = command.current_dir(project.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Findings::of(&Told { code, stdout: text(output.stdout), stderr: text(output.stderr) })
    };
    at("[servers.a]\naccount = 'work'\n").warns("project", &["not trusted", "mcpbridge trust"]);
    assert_eq!(at("[servers.a]\nallow-tool = 'x'\n").state("project"), "ok");
    at("[servers.a]\nurl = 'x'\n").fails("project", 2, &["line 2 of"]);
}

#[test]
fn a_bundle_has_what_was_found_and_no_secret() {
    let world = World::new();
    world.sign_in();
    let user = User { home: world.home };
    let words = ["s3cret-header", "s3cret-query", "s3cret-value", "s3cret-proxy", "s3cret-command", "s3cret-editor"];
    let url = world.server.url();
    user.write(
        "mcpbridge/config.toml",
        &format!(
            "[defaults]\nproxy = 'http://me:s3cret-proxy@127.0.0.1:9'\nheader = ['X-Odd: s3cret-header']\nconnect-timeout = 9\n\
             [servers.named]\nurl = '{url}?x=s3cret-query'\ntoken-command = 'echo s3cret-command'\nallow-tool = 'read_*'\n\
             authorize-param = 'a=s3cret-value'\n"
        ),
    );
    let program = binary().display().to_string();
    let entry =
        format!(r#"{{"command":{program:?},"args":["https://h.example/mcp","--header","X-Key:s3cret-editor"]}}"#);
    user.write(".cursor/mcp.json", &format!(r#"{{"mcpServers":{{"mine":{entry}}}}}"#));
    let bundle = user.home.path().join("report.json");
    let file = bundle.display().to_string();
    let told = user.command(&[&url, "--bundle", &file]).told();
    assert!(told.stdout.contains("written for a report"), "{told:?}");
    let text = fs::read_to_string(&bundle).unwrap();
    for word in words {
        assert!(!text.contains(word) && !told.stdout.contains(word), "{word}: {text}");
    }
    for secret in world.authorization.ledger.secrets() {
        assert!(!text.contains(&secret), "{secret}");
    }
    let json = support::json(&text);
    for part in ["version", "system", "doctor", "config", "sign_ins", "editors", "variables"] {
        assert!(!json[part].is_null(), "{part}: {text}");
    }
    assert_eq!(json["config"]["servers"][0]["settings"]["allow-tool"][0], "read_*");
    assert_eq!(json["config"]["defaults"]["header"][0], "(hidden)");
    assert_eq!(json["sign_ins"][0]["server"], url);
    assert_eq!(fs::metadata(&bundle).unwrap().permissions().mode() & 0o777, 0o600);
    user.command(&["--bundle", &file]).told().expect(2, &["is there already"]);
    assert_eq!(fs::read_to_string(&bundle).unwrap(), text);
    fs::write(user.home.path().join("mcpbridge/config.toml"), "x = 's3cret-value'\n[").unwrap();
    let other = user.home.path().join("other.json");
    user.command(&["--bundle", &other.display().to_string()]).told();
    assert!(!fs::read_to_string(other).unwrap().contains("s3cret"), "a file that cannot be read is left out");
}

#[test]
fn a_person_at_a_terminal_sees_colours_and_lines_that_fit() {
    let server = Legacy::new().without_session().start();
    let user = User::new();
    user.write(
        ".cursor/mcp.json",
        r#"{"mcpServers":{"a":{"command":"/gone/mcpbridge","args":["https://h.example/"]}}}"#,
    );
    for columns in [80, 120] {
        let launch = user.command(&[&server.url()]);
        let (code, screen) = support::Tty::start_with(launch, None, columns).end();
        assert_eq!(code, 2, "{screen}");
        assert!(screen.contains('\u{1b}'), "{screen:?}");
        for line in anstream::adapter::strip_str(&screen).to_string().lines() {
            assert!(line.trim_end().chars().count() <= columns.into(), "{line:?}");
        }
    }
}

/// A user with editors.
struct User {
    home: TempDir,
}

impl User {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Launch {
        let nothing = self.home.path().join("nothing");
        Bridge::bare().arg("doctor").args(args.to_vec()).home(self.home.path()).env("PATH", nothing)
    }

    #[track_caller]
    fn look(&self, args: &[&str]) -> Findings {
        Findings::by(self.command(args))
    }

    fn state(&self, name: &str) -> PathBuf {
        self.home.path().join("mcpbridge").join(name)
    }

    fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}
