//! Servers by name: `add`, `remove`, `list`, what `config.toml` sets and what wins over it, and that a person's file
//! stays as they wrote it.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use support::{
    Bridge, Human, INITIALIZED, Launch, Legacy, PATIENCE, Server, Told, World, binary, call, initialize, refusal,
    request,
};
use tempfile::TempDir;

const URL: &str = "https://mcp.example.com/mcp";

/// Somebody with a folder, and perhaps a `config.toml` in it.
struct Person(TempDir);

impl Person {
    fn new() -> Self {
        let home = TempDir::new().unwrap();
        fs::create_dir(home.path().join("mcpbridge")).unwrap();
        Person(home)
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let person = Self::new();
        fs::write(person.file(), text).unwrap();
        person
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.home().join("mcpbridge/config.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn runs<A: Into<std::ffi::OsString>>(&self, args: impl IntoIterator<Item = A>) -> Launch {
        Bridge::bare().args(args).home(self.home())
    }

    fn told(&self, args: &[&str]) -> Told {
        self.runs(args).told()
    }
}

/// The headers of the first request that such a run sends.
#[track_caller]
fn first(server: &Server, launch: Launch, header: &str) -> Option<String> {
    let seen = server.requests().len();
    let mut bridge = launch.spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    server.requests()[seen].header(header).map(str::to_owned)
}

#[test]
fn a_server_that_was_added_is_relayed_by_its_name_with_its_flags() {
    let server = Legacy::new().start();
    let person = Person::new();
    let told = person.told(&[
        "add",
        "files",
        &server.url(),
        "--ignore-tool",
        "echo",
        "--connect-timeout",
        "5",
        "--keep-alive",
    ]);
    assert!(told.expect(0, &[]).stdout.contains("mcpbridge login files"), "{told:?}");
    let written = format!(
        "[servers.files]\nurl = \"{}\"\nconnect-timeout = 5\nignore-tool = [\"echo\"]\nkeep-alive = true\n",
        server.url()
    );
    assert_eq!(person.text(), written);
    for args in [vec!["files"], vec!["run", "files"]] {
        let mut bridge = person.runs(args).ready();
        bridge.send(request(1, "tools/list"));
        assert_eq!(bridge.expect_result("1")["tools"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn each_level_wins_over_those_below_it() {
    let server = Legacy::new().start();
    let levels = [
        "[defaults]\nheader = 'X-Level: defaults'\n",
        "[organizations.acme]\nheader = 'X-Level: organization'\n",
        "header = ['X-Level: server']\n",
        "[servers.a.accounts.work]\nheader = 'X-Level: account'\n",
    ];
    let person = Person::new();
    let level = |number: usize, launch: Launch| {
        let has = |at: usize| if number > at { levels[at] } else { "" };
        let organization = if number > 1 { levels[1] } else { "[organizations.acme]\n" };
        let section = format!("[servers.a]\nurl = '{}'\norganization = 'acme'\naccount = 'work'\n", server.url());
        fs::write(person.file(), [has(0), organization, &section, has(2), has(3)].concat()).unwrap();
        first(&server, launch, "x-level")
    };
    let by_name = || person.runs(["a"]);
    assert_eq!(level(0, by_name()), None);
    for (number, word) in [(1, "defaults"), (2, "organization"), (3, "server"), (4, "account")] {
        assert_eq!(level(number, by_name()).as_deref(), Some(word));
    }
    // Of another account that section does not count.
    assert_eq!(level(4, by_name().args(["--account", "home"])).as_deref(), Some("server"));
    assert_eq!(level(4, by_name().env("MCPBRIDGE_ACCOUNT", "home")).as_deref(), Some("server"));
    let with_variable = || by_name().env("MCPBRIDGE_HEADER", "X-Level: variable");
    assert_eq!(level(4, with_variable()).as_deref(), Some("variable"));
    assert_eq!(level(4, with_variable().args(["--header", "X-Level: flag"])).as_deref(), Some("flag"));
}

#[test]
fn a_url_takes_the_defaults_and_not_the_section_of_a_name() {
    let server = Legacy::new().start();
    let person = Person::with(format!(
        "[defaults]\nheader = 'X-Level: defaults'\n[servers.a]\nurl = '{0}'\nheader = 'X-Level: server'\n",
        server.url()
    ));
    assert_eq!(first(&server, person.runs([server.url()]), "x-level").as_deref(), Some("defaults"));
    assert_eq!(first(&server, person.runs(["a"]), "x-level").as_deref(), Some("server"));
}

#[test]
fn false_at_a_higher_level_is_an_answer() {
    let server = Legacy::new().start();
    let person =
        Person::with(format!("[defaults]\ndebug = true\n[servers.a]\nurl = '{}'\ndebug = false\n", server.url()));
    let input = || [initialize(0, "2025-06-18"), INITIALIZED.to_owned()].join("\n");
    let said = |launch: Launch| !launch.run(input()).stderr.is_empty();
    assert!(!said(person.runs(["a"])));
    assert!(said(person.runs([server.url()])));
    assert!(!said(person.runs([server.url()]).env("MCPBRIDGE_DEBUG", "0")));
    assert!(said(person.runs(["a"]).env("MCPBRIDGE_DEBUG", "1")));
}

#[test]
fn of_two_flags_that_exclude_each_other_the_higher_level_counts() {
    let world = World::new();
    let config = world.home.path().join("mcpbridge/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let server = format!("[servers.a]\nurl = '{}'\n", world.server.url());
    let resource = "https://elsewhere.example/";
    let human = Human::at_ease();
    let asked = |text: String, flags: &[&str]| {
        fs::write(&config, text).unwrap();
        let login = Bridge::bare().args(["login", "a"]).args(flags).home(world.home.path()).human(&human).at_shell();
        let visit = human.visit();
        visit.decline();
        login.finish().expect(4, &["login a"]);
        visit.query("resource")
    };
    assert_eq!(asked(format!("{server}resource = '{resource}'\n"), &[]).as_deref(), Some(resource));
    assert_eq!(asked(format!("{server}resource = '{resource}'\n"), &["--disable-resource-parameter"]), None);
    let both = format!("[defaults]\ndisable-resource-parameter = true\n{server}resource = '{resource}'\n");
    assert_eq!(asked(both, &[]).as_deref(), Some(resource));
    // Of one level neither is higher.
    fs::write(&config, format!("{server}resource = '{resource}'\ndisable-resource-parameter = true\n")).unwrap();
    let told = Bridge::launch("a").home(world.home.path()).told();
    told.expect(2, &["exclude each other", "line 3 of", "line 4 of", "config.toml"]);
}

#[test]
fn what_the_file_cannot_say_stops_every_start_and_names_the_line() {
    for (text, words) in [
        (
            "[defaults]\nheaders = 'X: 1'\n",
            &["line 2 of", "config.toml", "`headers` is not a key", "did you mean `header`?"][..],
        ),
        ("[defaults]\n\nkeep-alive = 'yes'\n", &["line 3 of", "true or false"]),
        ("[defaults]\ntransport = 'pigeon'\n", &["line 2 of", "pigeon", "http-first"]),
        ("[defaults]\nconnect-timeout = 'soon'\n", &["line 2 of", "soon", "seconds"]),
        ("[defaults]\nconnect-timeout = \"5\"\n", &["line 2 of", "is the text \"5\"", "without quotes"]),
        ("[defaults]\nconnect-timeout = -5\n", &["line 2 of", "`connect-timeout` cannot be -5", "0 or more"]),
        ("[defaults]\nsign-in-timeout = inf\n", &["line 2 of", "cannot be inf", "0 or more"]),
        ("[defaults]\nmax-message-size = 5\n", &["line 2 of", "cannot be 5", "at least 1024 bytes"]),
        ("[defaults]\nmax-message-size = 'much'\n", &["line 2 of", "cannot be much", "64M"]),
        ("[defaults]\nprotocol = 2\n", &["line 2 of", "wrong kind", "a string"]),
        ("[defaults\n", &["line 1 of"]),
    ] {
        let person = Person::with(text);
        let told = person.told(&[URL]);
        told.expect(2, words);
        assert_eq!(told.stdout, "");
        person.told(&["list"]).expect(2, words);
    }
    let person = Person::with("[defaults]\nheaders = 'X: 1'\n");
    let told = person.told(&["list", "--json"]);
    told.expect(2, &[]);
    let error = support::json(&told.stderr);
    assert_eq!(
        (error["error"]["code"].as_str(), error["error"]["hint"].as_str()),
        (Some("usage"), Some("did you mean `header`?"))
    );
    assert_eq!(told.stderr.lines().count(), 1);
    // Nor is it written to.
    person.told(&["add", "a", URL]).expect(2, &["line 2 of"]);
    assert_eq!(person.text(), "[defaults]\nheaders = 'X: 1'\n");
    // What does not concern a server is not stopped.
    person.told(&["status"]).expect(0, &[]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_not_no_file() {
    let person = Person::with([0x5b, 0xff, 0xfe]);
    person.told(&["list"]).expect(2, &["config.toml", "utf-8"]);
    let person = Person::new();
    fs::create_dir(person.file()).unwrap();
    person.told(&[URL]).expect(2, &["config.toml", "cannot be read"]);
}

const WRITTEN: &str = "# My servers. Do not sort!\n\n[defaults]   # for all\nconnect-timeout   = 3 # s\n\n\
                       # first\n[servers.one]\nurl='https://one.example/mcp'\n\theader = [ 'X: 1' , # why\n  'Y: 2', ]\n\n\
                       [servers.two]\nurl = \"https://two.example/mcp\"\n# the end\n";

#[test]
fn add_and_remove_leave_every_other_byte_alone() {
    let crlf = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    for (text, section) in [
        (WRITTEN.to_owned(), "\n[servers.new]\nurl = \"https://mcp.example.com/mcp\"\n".to_owned()),
        (crlf(WRITTEN), "\r\n[servers.new]\r\nurl = \"https://mcp.example.com/mcp\"\r\n".to_owned()),
        (WRITTEN.trim_end().to_owned(), "\n\n[servers.new]\nurl = \"https://mcp.example.com/mcp\"\n".to_owned()),
    ] {
        let person = Person::with(&text);
        person.told(&["add", "new", URL]).expect(0, &[]);
        assert_eq!(person.text(), format!("{text}{section}"));
        assert_eq!(fs::read_to_string(person.file().with_extension("toml.bak")).unwrap(), text, "the file as it was");
        person.told(&["remove", "new"]).expect(0, &[]);
        assert_eq!(person.text().trim_end(), text.trim_end());
        person.told(&["remove", "one"]).expect(0, &[]);
        let cut = text.find("# first").unwrap()..text.find("[servers.two]").unwrap();
        assert_eq!(person.text().trim_end(), format!("{}{}", &text[..cut.start], &text[cut.end..]).trim_end());
    }
}

#[test]
fn a_file_that_cannot_be_added_to_is_left_alone_and_the_lines_are_said() {
    let text = "servers = { a = { url = 'https://a.example/' }, b = { url = 'https://b.example/' } }\n";
    let person = Person::with(text);
    person.told(&["add", "c", URL]).expect(2, &["by hand", "[servers.c]", URL]);
    person.told(&["remove", "a"]).expect(2, &["by hand", "line 1"]);
    assert_eq!(person.text(), text);
    assert!(person.told(&["list"]).expect(0, &[]).stdout.contains("https://b.example/"));
}

#[test]
fn a_zero_with_a_sign_is_a_zero() {
    let person = Person::new();
    person.told(&["add", "a", URL, "--connect-timeout=-0"]).expect(0, &[]);
    assert!(person.text().ends_with("connect-timeout = 0\n"), "{}", person.text());
}

#[test]
fn to_add_the_same_again_changes_nothing_and_another_is_refused() {
    let person = Person::new();
    person.told(&["add", "a", URL, "--keep-alive"]).expect(0, &[]);
    let told = person.told(&["add", "a", URL, "--keep-alive", "--json"]);
    assert_eq!(told.expect(0, &[]).json()["added"], false);
    for other in [&["add", "a", URL][..], &["add", "a", "https://other.example/", "--keep-alive"]] {
        person.told(other).expect(2, &["named a already", "line 1 of", "mcpbridge remove a"]);
    }
    person.told(&["add", "b", URL, "--connect-timeout", "5s", "--max-message-size", "2M"]).expect(0, &[]);
    assert!(person.text().contains("connect-timeout = 5\nmax-message-size = \"2M\"\n"), "{}", person.text());
    let again = ["add", "b", URL, "--connect-timeout", "5", "--max-message-size", "2M", "--json"];
    assert_eq!(person.told(&again).expect(0, &[]).json()["added"], false);
    let told = person.told(&["remove", "a", "--json"]);
    assert_eq!((told.json()["removed"].clone(), told.json()["schema_version"].clone()), (true.into(), 1.into()));
}

#[test]
fn many_who_add_at_once_lose_nothing() {
    let person = Person::with(WRITTEN);
    let shells: Vec<_> =
        (0..12).map(|n| person.runs(["add".to_owned(), format!("n{n}"), URL.to_owned()]).at_shell()).collect();
    for shell in shells {
        shell.told().expect(0, &[]);
    }
    let listed = person.told(&["list", "--json"]).json();
    let names: Vec<&str> = listed["servers"].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names.len(), 14, "{names:?}");
    assert!(person.text().starts_with(WRITTEN));
}

#[test]
fn a_name_is_small_is_no_command_and_is_no_url() {
    let person = Person::new();
    for name in ["Linear", "a.b", "a_b", "-", "ä", ""] {
        person.told(&["add", "--", name, URL]).expect(2, &["cannot be the name of a server"]);
    }
    for name in ["login", "list", "helper", "help", "doctor", "run"] {
        person.told(&["add", name, URL]).expect(2, &["is a command"]);
    }
    person.told(&["add", "a", "mcp.example.com"]).expect(2, &["https://mcp.example.com"]);
    person.told(&["add", "a", "http://mcp.example.com/"]).expect(2, &["--allow-http"]);
    assert!(!person.file().exists());
}

#[test]
fn a_slip_of_the_finger_is_told_what_it_may_have_meant() {
    let person = Person::with(format!("[servers.linear]\nurl = '{URL}'\n[servers.stats]\nurl = '{URL}'\n"));
    for (typed, words) in [
        (&["linaer"][..], "did you mean linear?"),
        (&["login", "linaer"], "did you mean linear?"),
        (&["remove", "LINEAR"], "did you mean linear?"),
        (&["logn"], "did you mean `mcpbridge login`?"),
        (&["logn", URL], "did you mean `mcpbridge login`?"),
        (&["statu"], "did you mean the server stats, or `mcpbridge status`?"),
        (&["nothing-like-it"], "mcpbridge add nothing-like-it URL"),
        (&["run", "tools"], "no server is named \"tools\"; a command comes first: mcpbridge tools URL"),
        (&["status", "doctor"], "a command comes first: mcpbridge doctor URL"),
        (&["?"], "write its URL, with https:// in front; a name has small letters, digits and hyphens"),
        (&["Foo"], "a name has small letters"),
        (&["frobnicate", URL], "there is no command \"frobnicate\""),
    ] {
        person.told(typed).expect(2, &[words]);
    }
}

#[test]
fn a_secret_in_plain_is_refused_by_add_and_the_remedy_works() {
    let person = Person::new();
    let told = person.told(&["add", "a", URL, "--header", "X-API-Key: s3cr3t-value"]);
    told.expect(2, &["header X-API-Key", "mcpbridge login a --api-key-header X-API-Key", "'X-API-Key:${VARIABLE}'"]);
    assert!(!told.stderr.contains("s3cr3t-value"), "{told:?}");
    let told = person.told(&["add", "a", "https://mcp.example.com/mcp?api_key=s3cr3t-value"]);
    let works = "mcpbridge add a https://mcp.example.com/mcp && mcpbridge login a --api-key-query api_key";
    told.expect(2, &["api_key in the URL", works]);
    assert!(!told.stderr.contains("s3cr3t-value") && !person.file().exists(), "{told:?}");
    let told = person.told(&["add", "a", "https://me:s3cr3t-value@mcp.example.com/mcp"]);
    told.expect(2, &["the password in the URL", "mcpbridge add a 'https://me:${VARIABLE}@mcp.example.com/mcp'"]);
    assert!(!told.stderr.contains("s3cr3t-value") && !person.file().exists(), "{told:?}");
    let told = person.told(&["add", "a", "https://mcp.example.com/mcp?tenant=5&api_key=s3cr3t-value"]);
    told.expect(2, &["api_key in the URL", "--api-key-query api_key"]);
    let told = person.told(&["add", "a", "https://mcp.example.com/", "--proxy", "http://u:s3cr3t-value@p.example:1"]);
    told.expect(2, &["the password of the proxy", "--proxy 'http://USER:${VARIABLE}@HOST'"]);
    assert!(!told.stderr.contains("s3cr3t-value") && !person.file().exists(), "{told:?}");

    let server = Legacy::new().start();
    person.told(&["add", "a", &server.url(), "--header", "X-API-Key:${KEY}"]).expect(0, &[]);
    assert_eq!(first(&server, person.runs(["a"]).env("KEY", "one"), "x-api-key").as_deref(), Some("one"));
    person.told(&["add", "b", &server.url()]).expect(0, &[]);
    let mut login = person.runs(["login", "b", "--api-key-header", "X-API-Key"]).at_shell();
    login.type_line("two");
    login.told().expect(0, &[]);
    assert_eq!(first(&server, person.runs(["b"]), "x-api-key").as_deref(), Some("two"));
}

#[test]
fn a_path_that_was_typed_stays_the_same_file_wherever_an_editor_starts() {
    let person = Person::new();
    let folder = TempDir::new().unwrap();
    let mut add =
        person.runs(["add", "a", URL, "--ca-cert", "ca.pem", "--header-from", "X-Key=file:key"]).command(folder.path());
    assert!(add.current_dir(folder.path()).output().unwrap().status.success());
    let here = folder.path().canonicalize().unwrap();
    let text = person.text();
    assert!(text.contains(here.join("ca.pem").to_str().unwrap()), "{text}");
    assert!(text.contains(&format!("X-Key=file:{}", here.join("key").display())), "{text}");
}

#[test]
fn a_secret_in_plain_in_the_file_is_used_with_a_warning_and_shown_nowhere() {
    let server = Legacy::new().start();
    let text = format!(
        "[servers.a]\nurl = '{}'\nheader = 'Authorization: Bearer s3cr3t-value'\nproxy = 'http://u:s3cr3t-value@p.example:1'\n",
        server.url()
    );
    let person = Person::with(text);
    let mut bridge = person.runs(["a"]).ready();
    let said = bridge.wait_stderr("written in plain");
    assert!(said.contains("line 3 of") && said.contains("header Authorization"), "{said}");
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.wait(1, "tools/call").header("authorization"), Some("Bearer s3cr3t-value"));
    for args in [&["list"][..], &["list", "--json"]] {
        let told = person.told(args);
        told.expect(0, &["line 3 of", "written in plain"]);
        assert!(!(told.stdout + &told.stderr).contains("s3cr3t-value"));
    }
    assert!(person.runs(["a", "--silent"]).run(initialize(0, "2025-06-18")).stderr.is_empty());
}

#[test]
fn variables_in_the_url_of_a_name_are_replaced_and_stay_hidden() {
    let server = Legacy::new().start();
    let url = server.url().replace("http://", "http://me:${PASSWORD}@");
    let person = Person::with(format!("[servers.a]\n\nurl = '{url}?tenant=1&api_key=${{KEY}}'\n"));
    let set = |launch: Launch| launch.env("PASSWORD", "s3cret@x/y").env("KEY", "k3y&a=1+1");
    let mut bridge = set(person.runs(["a", "--debug"])).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_result("0");
    let asked = &server.requests()[0];
    assert!(asked.path.ends_with("?tenant=1&api_key=k3y%26a%3D1%2B1"), "{}", asked.path);
    // me:s3cret@x/y
    assert_eq!(asked.header("authorization"), Some("Basic bWU6czNjcmV0QHgveQ=="));
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(!outcome.stderr.contains("s3cret") && !outcome.stderr.contains("k3y"), "{}", outcome.stderr);
    let logs = set(person.runs(["logs", "a"])).told();
    assert!(!logs.expect(0, &[]).stdout.contains("k3y") && logs.stdout.contains("a"), "{logs:?}");
    set(person.runs(["tools", "a"])).told().expect(0, &[]);

    let seen = server.requests().len();
    for args in [&["a"][..], &["tools", "a"], &["status", "a"]] {
        let told = person.runs(args).env("PASSWORD", "s3cret").told();
        told.expect(2, &["${KEY} in `url` (line 3 of", "config.toml) is not set"]);
        assert!(!told.stderr.contains("s3cret"), "{told:?}");
    }
    assert_eq!(server.requests().len(), seen);
    // What is typed is not, and what cannot be meant is not sent either.
    person.told(&[&format!("{}?api_key=${{KEY}}", server.url())]).expect(2, &["${KEY}", "mcpbridge add NAME"]);
    assert_eq!(server.requests().len(), seen);
}

#[test]
fn what_is_wrong_with_a_value_of_the_file_is_told_with_its_line_and_not_with_a_flag() {
    for (line, words) in [
        ("header = 'X-Key: ${NOTSET}'", &["${NOTSET} in the header x-key (line 3 of", "is not set"][..]),
        ("header = ['X-Key: 1', 's3cret']", &["line 3 of", "is not a header", "write NAME:VALUE"]),
        ("header = 'Content-Length: 5'", &["the header content-length (line 3 of", "part of the transport"]),
        ("proxy = 'http://u:${NOTSET}@p.example:1'", &["${NOTSET} in line 3 of", "is not set"]),
        ("static-oauth-client-info = '{\"client_id\":\"${NOTSET}\"}'", &["${NOTSET} in line 3 of", "is not set"]),
    ] {
        let person = Person::with(format!("[servers.a]\nurl = '{URL}'\n{line}\n"));
        for args in [&["a"][..], &["tools", "a"], &["login", "a"]] {
            let told = person.told(args);
            told.expect(2, words).expect(2, &["config.toml"]);
            assert!(!told.stderr.contains("--") && !told.stderr.contains("s3cret"), "{told:?}");
        }
        let by_flag = person.told(&["a", "--header", "X-Key: ${OTHER}"]);
        by_flag.expect(2, &["${OTHER} in the header x-key (--header) is not set"]);
    }
}

#[test]
fn a_sign_in_to_a_url_with_a_variable_is_that_of_its_name() {
    let world = World::new();
    let config = world.home.path().join("mcpbridge/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(&config, format!("[servers.a]\nurl = '{}?tenant=${{TENANT}}'\n", world.server.url())).unwrap();
    let human = Human::prompt();
    let mcpbridge = |args: &[&str]| Bridge::bare().args(args).home(world.home.path()).env("TENANT", "7").human(&human);
    mcpbridge(&["login", "a"]).told().expect(0, &[]);
    let status = mcpbridge(&["status", "--json"]).told();
    let accounts = status.expect(0, &[]).json()["accounts"].clone();
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
    assert_eq!(accounts[0]["name"], "a", "{accounts}");
    mcpbridge(&["logout", "a"]).told().expect(0, &[]);
}

#[test]
fn a_secret_in_plain_is_warned_of_with_its_own_line_and_what_helps_there() {
    let person = Person::with(
        "[servers.a]\n\nurl = 'https://me:s3cret@h.example/mcp'\ntoken-endpoint = 'https://me:s3cret@h.example/token'\n",
    );
    let told = person.told(&["list"]);
    told.expect(0, &["line 3 of", "the password in the URL is written in plain; write ${VAR} in its place"]);
    told.expect(
        0,
        &["line 4 of", "the password in token-endpoint is written in plain; leave it out of token-endpoint"],
    );
    assert!(!told.stderr.contains("s3cret") && !told.stdout.contains("s3cret"), "{told:?}");
}

#[test]
fn the_commands_that_are_printed_have_the_name_and_work() {
    let world = World::new();
    let add = Bridge::bare().args(["add", "work", &world.server.url()]).home(world.home.path());
    add.told().expect(0, &[]);
    let mcpbridge = |args: &[&str]| Bridge::bare().args(args).home(world.home.path());
    mcpbridge(&["status", "work"]).told().expect(3, &[]);
    let unwilling = Human::unwilling();
    let mut relay = mcpbridge(&["work"]).human(&unwilling).spawn();
    relay.send(initialize(0, "2025-06-18"));
    let told = refusal(&mut relay, &["mcpbridge login work"]);
    assert!(!told.contains("mcpbridge login http"), "{told}");
    drop(relay);
    let human = Human::prompt();
    mcpbridge(&["login", "work"]).human(&human).told().expect(0, &[]);
    let status = mcpbridge(&["status", "--json"]).told();
    assert_eq!(status.expect(0, &[]).json()["accounts"][0]["name"], "work");
    let told = mcpbridge(&["remove", "work"]).told();
    assert!(told.expect(0, &[]).stdout.contains(&format!("mcpbridge logout {}", world.server.url())), "{told:?}");
    world.needs_no_window();
    mcpbridge(&["add", "work", &world.server.url()]).told().expect(0, &[]);
    let told = mcpbridge(&["logout", "work"]).told();
    assert!(told.expect(0, &[]).stdout.contains("signed out of"), "{told:?}");
}

#[test]
fn the_account_of_a_name_is_the_one_that_is_signed_in_and_out() {
    let world = World::new();
    let config = world.home.path().join("mcpbridge/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let text = format!(
        "[servers.a]\nurl = '{}'\naccount = 'work'\n[servers.a.accounts.home]\nno-browser = true\n",
        world.server.url()
    );
    fs::write(&config, text).unwrap();
    let human = Human::prompt();
    let mcpbridge = |args: &[&str]| Bridge::bare().args(args).home(world.home.path()).human(&human);
    assert_eq!(mcpbridge(&["login", "a", "--json"]).told().expect(0, &[]).json()["account"], "work");
    let status = mcpbridge(&["status", "a"]).told();
    assert!(status.expect(0, &[]).stdout.contains("work"), "{status:?}");
    let status = mcpbridge(&["status", "a", "--account", "home"]).told();
    assert!(status.expect(3, &[]).stdout.contains("mcpbridge login a --account home"), "{status:?}");
    let out = mcpbridge(&["logout", "a", "--json"]).told();
    assert_eq!(out.expect(0, &[]).json()["accounts"][0]["signed_out"], true);
    mcpbridge(&["status", "a"]).told().expect(3, &[]);
}

#[test]
fn who_removes_a_name_is_told_of_every_sign_in_that_is_left() {
    let world = World::new();
    let config = world.home.path().join("mcpbridge/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let url = world.server.url();
    let text = format!(
        "[defaults]\naccount = 'work'\n[servers.a]\nurl = '{url}'\n[servers.a.accounts.home]\nno-browser = false\n\
         [servers.b]\nurl = '{url}'\n[servers.b.accounts.home]\nno-browser = false\n"
    );
    fs::write(&config, text).unwrap();
    let human = Human::prompt();
    let mcpbridge = |args: &[&str]| Bridge::bare().args(args).home(world.home.path()).human(&human);
    mcpbridge(&["login", "a"]).told().expect(0, &[]);
    mcpbridge(&["login", "a", "--account", "home"]).told().expect(0, &[]);
    let told = mcpbridge(&["remove", "a"]).told();
    assert!(!told.expect(0, &[]).stdout.contains("logout"), "b is used with both: {told:?}");
    let hint = mcpbridge(&["remove", "b", "--json"]).told().expect(0, &[]).json()["hint"].clone();
    let commands = format!("mcpbridge logout {url} --account work && mcpbridge logout {url} --account home");
    assert_eq!(hint, commands);
}

#[test]
fn a_name_can_be_put_into_an_editor() {
    let person = Person::with(format!("[servers.files]\nurl = '{URL}?tenant=1'\nheader = 'X-Key:${{KEY}}'\n"));
    let told = person.told(&["install", "cursor", "files", "--print", "--keep-alive"]);
    let entry = told.expect(0, &[]).stdout.split_whitespace().collect::<String>();
    assert!(entry.contains(r#""files":{"#) && entry.contains(r#""args":["files","--keep-alive"]"#), "{entry}");
    assert!(!entry.contains("mcp.example.com"), "{entry}");
    person.told(&["install", "cursor", "flies", "--print"]).expect(2, &["did you mean files?"]);
}

#[test]
fn alone_and_off_a_terminal_it_says_how_it_is_used() {
    let told = Person::new().told(&[]);
    told.expect(2, &["usage: mcpbridge", "mcpbridge demo"]);
    assert_eq!(told.stdout, "");
}

#[test]
fn a_start_with_a_url_leaves_no_trace_of_names() {
    let server = Legacy::new().start();
    let home = TempDir::new().unwrap();
    assert_eq!(first(&server, Bridge::launch(server.url()).arg("--no-history").home(home.path()), "x-level"), None);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn the_example_in_the_readme_runs() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap().replace("\r\n", "\n");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let example = blocks.iter().find(|block| block.contains("[defaults]")).expect("an example of config.toml");
    let project = blocks.iter().find(|block| block.contains("mcpbridge trust")).expect("an example of .mcpbridge.toml");
    let server = Legacy::new().start();
    let person = Person::with(example.replace(URL, &server.url()));
    let listed = person.told(&["list", "--json"]).json();
    assert_eq!(listed["servers"].as_array().unwrap().len(), 2, "{listed}");
    assert_eq!(first(&server, person.runs(["example"]).env("WORK_KEY", "w"), "x-api-key").as_deref(), Some("w"));
    let by_another = person.runs(["example", "--account", "home"]).env("EXAMPLE_KEY", "e");
    assert_eq!(first(&server, by_another, "x-api-key").as_deref(), Some("e"));
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".mcpbridge.toml"), project).unwrap();
    let trust = person.runs(["trust"]).arg(folder.path());
    assert!(trust.told().expect(0, &[]).stdout.contains("example is used with the account work"));
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_that_is_a_link_stays_one_and_who_could_read_it_still_can() {
        let person = Person::new();
        let real = person.home().join("dotfiles.toml");
        fs::write(&real, WRITTEN).unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, person.file()).unwrap();
        person.told(&["add", "new", URL]).expect(0, &[]);
        assert!(fs::symlink_metadata(person.file()).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("[servers.new]"));
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        // A link to nothing was meant to be something.
        fs::remove_file(&real).unwrap();
        person.told(&["list"]).expect(2, &["link to a file that is not there"]);
        person.told(&["add", "b", URL]).expect(2, &["link to a file that is not there"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_result_that_cannot_be_written_is_an_error_that_says_where() {
        let person = Person::with(WRITTEN);
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = person.runs(["list"]).command(person.home()).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("the result cannot be written to stdout: ") && stderr.contains("is there room?"),
            "{stderr}"
        );
    }

    #[test]
    fn a_file_that_is_read_only_is_not_written() {
        let person = Person::with(WRITTEN);
        fs::set_permissions(person.file(), fs::Permissions::from_mode(0o444)).unwrap();
        person.told(&["add", "new", URL]).expect(2, &["read-only", "writable"]);
        assert_eq!(person.text(), WRITTEN);
        assert!(!person.file().with_extension("toml.bak").exists());
    }

    #[test]
    fn alone_at_a_terminal_it_shows_the_servers_and_what_to_do_next() {
        let person = Person::new();
        let seen = at_a_terminal(&person);
        assert!(seen.contains("mcpbridge add NAME URL") && seen.contains("mcpbridge demo"), "{seen}");
        person.told(&["add", "linear", URL]).expect(0, &[]);
        let seen = at_a_terminal(&person);
        assert!(
            seen.contains("linear") && seen.contains(URL) && seen.contains("mcpbridge install EDITOR linear"),
            "{seen}"
        );
    }

    /// What `mcpbridge` alone shows there.
    fn at_a_terminal(person: &Person) -> String {
        use std::io::Read;
        use std::process::Stdio;
        let controller =
            rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR | rustix::pty::OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&controller).unwrap();
        rustix::pty::unlockpt(&controller).unwrap();
        let name = rustix::pty::ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let user = fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
        let mut command = Bridge::bare().home(person.home()).command(person.home());
        command.stdin(Stdio::from(user.try_clone().unwrap())).stdout(Stdio::from(user)).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Its ends of the terminal are closed with it.
        drop(command);
        let reader = thread::spawn(move || {
            let (mut seen, mut controller) = (Vec::new(), fs::File::from(controller));
            let mut buffer = [0; 4096];
            // The end of a terminal is an error.
            while let Ok(read @ 1..) = controller.read(&mut buffer) {
                seen.extend_from_slice(&buffer[..read]);
            }
            String::from_utf8_lossy(&seen).into_owned()
        });
        let end = std::time::Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            assert!(std::time::Instant::now() < end, "{} hangs", binary().display());
            thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(child.wait().unwrap().success());
        reader.join().unwrap()
    }
}
