//! `adopt`: entries of other programs become ours with the same meaning, their sign-ins come along, and all of it goes back.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use support::{ExpiresIn, Human, Launch, Legacy, User, World, binary, call, end_well, files, unused_port};

const CURSOR: &str = ".cursor/mcp.json";

/// What an entry of Cursor runs, as Cursor runs it.
fn run(user: &User, name: &str, human: &Human) -> Launch {
    let entry = user.json(CURSOR)["mcpServers"][name].clone();
    assert_eq!(Path::new(entry["command"].as_str().unwrap()), binary());
    let args: Vec<String> = serde_json::from_value(entry["args"].clone()).unwrap();
    let mut launch = user.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).human(human);
    for (name, value) in entry["env"].as_object().into_iter().flatten() {
        launch = launch.env(name, value.as_str().unwrap());
    }
    launch
}

/// Files with entries of other programs, and what each entry is to run.
const RUNNING: [(&str, &str, &str); 5] = [
    (
        CURSOR,
        "{\n\t// mine\n\t\"mcpServers\": {\n\t\t\"a\": {\n\t\t\t\"command\": \"npx\", // through npx\n\t\t\t\"args\": [\n\t\t\t\t\"-y\",\n\t\t\t\t\"mcp-remote@latest\",\n\t\t\t\t\"https://a.example/mcp\",\n\t\t\t\t\"--header\",\n\t\t\t\t\"X-A: ${A}\"\n\t\t\t],\n\t\t\t\"env\": { /* a */ \"A\": \"1\" },\n\t\t\t\"disabled\": false,\n\t\t},\n\t\t\"local\": { \"command\": \"npx\", \"args\": [\"-y\", \"other\"] },\n\t},\n}\n",
        "https://a.example/mcp --header X-A:${A}",
    ),
    (
        ".config/Claude/claude_desktop_config.json",
        "{\"mcpServers\":{\"a\":{\"command\":\"cmd\",\"args\":[\"/c\",\"npx\",\"mcp-remote\",\"https://a.example/sse\",\"3334\",\"--transport\",\"sse-only\",\"--debug\"]}}}",
        "https://a.example/sse 3334 --transport sse-only --debug",
    ),
    (
        ".codex/config.toml",
        "model = \"m\"\r\n\r\n[mcp_servers.a] # mine\r\ncommand = 'bunx'\r\nargs = [\"mcp-remote\", \"https://a.example/mcp\"] # here\r\ntool_timeout_sec = 5\r\n\r\n[mcp_servers.b]\r\ncommand = 'b'\r\n",
        "https://a.example/mcp",
    ),
    (
        ".continue/config.yaml",
        "name: x\nmcpServers:\n  - name: a # mine\n    command: uvx\n    args:\n      - mcp-stdio\n      - https://a.example/mcp\n      - --protocol-era\n      - auto\n  - name: b\n    command: b\n",
        "https://a.example/mcp --protocol auto",
    ),
    (
        ".config/opencode/opencode.jsonc",
        "{\n  \"mcp\": {\n    \"a\": {\n      \"type\": \"local\",\n      \"command\": [\"npx\", \"-y\", \"supergateway\", \"--streamableHttp\", \"https://a.example/mcp\"],\n      \"enabled\": false\n    }\n  }\n}\n",
        "https://a.example/mcp",
    ),
];

#[test]
fn entries_become_ours_and_go_back_byte_for_byte() {
    let user = User::new();
    for (path, text, _) in RUNNING {
        user.write(path, text);
    }
    let shown = user.does(&["adopt", "--dry-run"]).stdout;
    assert!(shown.contains("a: mcp-remote becomes mcpbridge, for https://a.example/mcp"), "{shown}");
    assert!(
        shown.contains("-\t\t\t\"command\": \"npx\", // through npx") && shown.contains("nothing was changed"),
        "{shown}"
    );
    for (path, text, _) in RUNNING {
        assert_eq!(user.read(path), text);
    }
    let said = user.does(&["adopt", "--json"]).json();
    assert_eq!(said["adopted"].as_array().unwrap().len(), RUNNING.len(), "{said}");
    let program = binary().to_str().unwrap().to_owned();
    for (path, text, args) in RUNNING {
        let now = user.read(path);
        assert!(now.contains(&program) && !now.contains("mcp-remote") && !now.contains("mcp-stdio"), "{path}: {now}");
        for word in args.split(' ') {
            assert!(now.contains(word), "{path} lacks {word}: {now}");
        }
        assert_eq!(now.contains("// mine"), text.contains("// mine"));
        assert_eq!(now.contains("# mine"), text.contains("# mine"));
        assert_eq!(now.contains("\r\n"), text.contains("\r\n"));
    }
    let cursor = user.read(CURSOR);
    assert!(cursor.contains("// through npx") && cursor.contains("\"env\": { /* a */ \"A\": \"1\""), "{cursor}");
    assert!(user.read(".config/opencode/opencode.jsonc").contains("\"enabled\": false"));
    assert!(user.does(&["adopt"]).stdout.contains("nothing to take over"));
    user.does(&["adopt", "--undo"]);
    for (path, text, _) in RUNNING {
        assert_eq!(user.read(path), text, "{path}");
    }
    user.command(&["adopt", "--undo"]).told().expect(2, &["nothing was taken over"]);
}

/// Files of the other editors as they and people leave them, each with one entry of mcp-remote.
const FILES: [(&str, &str); 12] = [
    (
        ".config/Code/User/mcp.json",
        "\u{feff}{\r\n\t\"inputs\": [],\r\n\t\"servers\": {\r\n\t\t\"a\": {\r\n\t\t\t\"type\": \"stdio\",\r\n\t\t\t\"command\": \"npx\", // mine\r\n\t\t\t\"args\": [\r\n\t\t\t\t\"mcp-remote\",\r\n\t\t\t\t\"https://a.example/mcp\"\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}\r\n",
    ),
    (
        ".config/Code - Insiders/User/mcp.json",
        "{\n\t\"servers\": { \"a\": { \"command\": \"npx\", \"args\": [\"mcp-remote\", \"https://a.example/mcp\",], }, },\n}\n",
    ),
    (
        ".codeium/windsurf/mcp_config.json",
        "{\"mcpServers\":{\"a\":{\"args\":[\"mcp-remote\",\"https://a.example/mcp\"],\"command\":\"npx\"}}}",
    ),
    (
        ".config/zed/settings.json",
        "// Zed\n{\n  \"theme\": \"One Dark\", // dark\n  \"context_servers\": {\n    \"a\": {\n      \"source\": \"custom\",\n      \"command\": { /* old */ \"path\": \"npx\", \"args\": [\"mcp-remote\", \"https://a.example/mcp\"], },\n    },\n    // \"b\": {},\n  },\n}\n",
    ),
    (
        ".claude.json",
        "{\n  \"numStartups\": 3,\n  \"mcpServers\": {},\n  \"projects\": {\n    \"/home/x\": {\n      \"big\": 12345678901234567890,\n      \"mcpServers\": {\n        \"a\": {\n          \"type\": \"stdio\",\n          \"command\": \"npx\",\n          \"args\": [\n            \"mcp-remote\",\n            \"https://a.example/mcp\"\n          ],\n          \"env\": {}\n        }\n      }\n    }\n  }\n}",
    ),
    (
        ".gemini/settings.json",
        "{\n  // mine\n  \"mcpServers\": {\n    \"a\": {\n      \"timeout\": 5000,\n      \"command\": \"npx\",\n      \"args\": [\"mcp-remote\", \"https://a.example/mcp\"]\n    }\n  }\n}\n",
    ),
    (
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        "{\n  \"mcpServers\": {\n    \"a\": {\n      \"autoApprove\": [],\n      \"disabled\": false,\n      \"timeout\": 60,\n      \"command\": \"npx\",\n      \"args\": [\n        \"mcp-remote\",\n        \"https://a.example/mcp\"\n      ]\n    }\n  }\n}",
    ),
    (
        ".config/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
        "{\r\n\t\"mcpServers\": {\r\n\t\t\"a\": {\r\n\t\t\t\"command\": \"npx\",\r\n\t\t\t\"args\": [\"mcp-remote\", \"https://a.example/mcp\"],\r\n\t\t\t\"alwaysAllow\": [\"one\"]\r\n\t\t}\r\n\t}\r\n}\r\n",
    ),
    (
        ".lmstudio/mcp.json",
        "{\n  \"mcpServers\": {\n    \"a\": {\n      \"command\": \"npx mcp-remote https://a.example/mcp\"\n    }\n  }\n}",
    ),
    (
        ".junie/mcp/mcp.json",
        "{ \"mcpServers\" : { \"a\" : { \"command\" : \"npx\" , \"args\" : [ \"mcp-remote\" , \"https://a.example/mcp\" ] } } }",
    ),
    (
        ".config/goose/config.yaml",
        "# mine\r\nextensions:\r\n  a:\r\n    enabled: true # on\r\n    type: stdio\r\n    cmd: npx\r\n    args:\r\n    - mcp-remote\r\n    - 'https://a.example/mcp'\r\n    timeout: 300\r\nGOOSE_MODE: auto\r\n",
    ),
    (
        ".kiro/settings/mcp.json",
        "{\n    \"mcpServers\": {\n        \"a\": {\n            \"command\": \"sh\",\n            \"args\": [\"-c\", \"npx mcp-remote https://a.example/mcp\"],\n            \"disabled\": true\n        }\n    }\n}\n",
    ),
];

#[test]
fn the_files_of_all_editors_are_changed_in_these_entries_alone_and_go_back_byte_for_byte() {
    let user = User::new();
    for (path, text) in FILES {
        user.write(path, text);
    }
    let said = user.does(&["adopt", "--json"]).json();
    assert_eq!(said["adopted"].as_array().unwrap().len(), FILES.len(), "{said}");
    for (path, text) in FILES {
        let now = user.read(path);
        assert!(now.contains(binary().to_str().unwrap()) && !now.contains("mcp-remote"), "{path}: {now}");
        assert_eq!(now.starts_with('\u{feff}'), text.starts_with('\u{feff}'), "{path}");
        assert_eq!(now.contains("\r\n"), text.contains("\r\n"), "{path}");
        for kept in ["// mine", "// dark", "// \"b\"", "# mine", "# on", "12345678901234567890", "\"timeout\": 60"] {
            assert_eq!(now.contains(kept), text.contains(kept), "{path} {kept}: {now}");
        }
    }
    user.does(&["adopt", "--undo"]);
    for (path, text) in FILES {
        assert_eq!(user.read(path), text, "{path}");
    }
}

#[test]
fn a_file_that_is_gone_since_then_stays_gone_when_it_is_undone() {
    let user = User::new();
    let file = user.write(CURSOR, &entry("https://a.example/mcp"));
    user.does(&["adopt"]);
    fs::remove_file(&file).unwrap();
    assert!(user.does(&["adopt", "--undo"]).stdout.contains("is gone, and stays so"));
    assert!(!file.exists());
}

#[test]
fn what_the_person_changed_since_then_stays_when_it_is_undone() {
    let user = User::new();
    let (path, text, _) = RUNNING[0];
    let file = user.write(path, text);
    user.does(&["adopt", "cursor"]);
    fs::write(&file, user.read(path).replacen('{', "{\n\t\"new\": 1,", 1)).unwrap();
    user.does(&["adopt", "--undo"]);
    let now = user.read(path);
    assert!(now.contains("\"new\": 1") && now.contains("// mine") && !now.contains("mcpbridge"), "{now}");
    assert!(now.contains("\"mcp-remote@latest\"") && now.contains("\"X-A: ${A}\""), "{now}");
}

/// The files that mcp-remote keeps for `url`, with a sign-in of somebody at `world`.
fn signed_in(world: &World, user: &User, url: &str) -> PathBuf {
    world.sign_in();
    let stored = files(&world.home.path().join("mcpbridge/credentials"));
    let grant = stored.iter().find_map(|(_, text)| {
        let item: Value = serde_json::from_str(text).ok()?;
        item["grant"]["credential"]["o_auth"].as_object().cloned()
    });
    let grant = Value::Object(grant.expect("a grant in the store of files"));
    let client = &grant["client"];
    let name = md5(url);
    let tokens = json!({
        "access_token": grant["access_token"], "refresh_token": grant["refresh_token"], "token_type": "Bearer",
        "expires_in": 3600, "scope": "mcp", "expires_at": grant["expires_at"].as_u64().map(|end| end * 1000),
        "requested_scope": "mcp",
    });
    let info = json!({
        "client_id": client["id"], "redirect_uris": [client["redirect_uri"]], "token_endpoint_auth_method": "none",
    });
    user.write(&format!(".mcp-auth/mcp-remote-v1/{name}_client_info.json"), &info.to_string());
    user.write(&format!(".mcp-auth/mcp-remote-v1/{name}_tokens.json"), &tokens.to_string())
}

/// As the entry of mcp-remote for a server.
fn entry(url: &str) -> String {
    json!({ "mcpServers": { "a": { "command": "npx", "args": ["-y", "mcp-remote", url] } } }).to_string()
}

#[test]
fn a_sign_in_comes_along_is_renewed_and_goes_back_as_it_is_then() {
    let world = World::with(|it| it.tokens.expires_in = ExpiresIn::Absent, |_| ());
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    let text = entry(&url);
    user.write(CURSOR, &text);
    let told = user.does(&["adopt"]);
    assert!(told.stdout.contains("its sign-in was taken over"), "{told:?}");
    assert!(!tokens.exists(), "mcp-remote must not spend the refresh token any more");
    world.assert_kept_secret(&[&told.stdout, &told.stderr]);
    let human = Human::at_ease();
    // Renewed at once, so the refresh token is another one from now on.
    world.authorization.ledger.drop_access_tokens();
    let mut bridge = run(&user, "a", &human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    assert_eq!(human.windows(), 0, "nobody signs in again");
    let before: Value =
        serde_json::from_str(&fs::read_to_string(tokens.with_extension("json.adopted-by-mcpbridge")).unwrap()).unwrap();
    let told = user.does(&["adopt", "--undo"]);
    assert!(told.stdout.contains("is with mcp-remote again"), "{told:?}");
    assert_eq!(user.read(CURSOR), text);
    let after: Value = serde_json::from_str(&fs::read_to_string(&tokens).unwrap()).unwrap();
    assert_ne!(before["refresh_token"], after["refresh_token"], "those of today");
    assert_eq!((&after["requested_scope"], &after["token_type"]), (&json!("mcp"), &json!("Bearer")), "{after}");
    assert!(user.command(&["status", &url]).told().code == 3, "nobody is signed in here any more");
    // And back again: what was given back can be taken once more.
    user.does(&["adopt"]);
    let mut bridge = run(&user, "a", &human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_newer_sign_in_of_the_other_program_stays_when_it_is_undone() {
    let world = World::with(|it| it.tokens.expires_in = ExpiresIn::Absent, |_| ());
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    let text = entry(&url);
    user.write(CURSOR, &text);
    user.does(&["adopt"]);
    world.authorization.ledger.drop_access_tokens();
    let human = Human::at_ease();
    let mut bridge = run(&user, "a", &human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    // As it writes them after a sign-in of its own.
    let newer = json!({ "access_token": "newer-access", "refresh_token": "newer-refresh" }).to_string();
    let client = tokens.with_file_name(format!("{}_client_info.json", md5(&url)));
    fs::write(&tokens, &newer).unwrap();
    fs::write(&client, "{\"client_id\":\"newer\"}").unwrap();
    let told = user.does(&["adopt", "--undo"]);
    assert!(
        told.stderr.contains("has files of its own") && !told.stdout.contains("is with mcp-remote again"),
        "{told:?}"
    );
    assert_eq!(fs::read_to_string(&tokens).unwrap(), newer);
    assert_eq!(fs::read_to_string(&client).unwrap(), "{\"client_id\":\"newer\"}");
    assert_eq!(user.read(CURSOR), text);
    user.command(&["status", &url]).told().expect(0, &[]);
}

#[test]
fn a_sign_in_that_cannot_be_given_back_is_not_forgotten() {
    let world = World::new();
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    user.write(CURSOR, &entry(&url));
    user.does(&["adopt"]);
    // As if the folder of one of its files were gone.
    let (record, text) = files(&user.at("state/mcpbridge/adoptions")).remove(0);
    let client = format!("{}_client_info.json\"", md5(&url));
    fs::write(&record, text.replace(&client, &format!("gone/{client}"))).unwrap();
    user.command(&["adopt", "--undo"]).told().expect(2, &["cannot be moved", "then run: mcpbridge adopt --undo"]);
    user.command(&["status", &url]).told().expect(0, &[]);
    fs::write(&record, text).unwrap();
    assert!(user.does(&["adopt", "--undo"]).stdout.contains("is with mcp-remote again"));
    assert!(tokens.exists() && user.command(&["status", &url]).told().code == 3);
}

#[test]
fn an_undoing_that_one_file_was_in_the_way_of_is_complete_the_second_time() {
    let user = User::new();
    for (path, text, _) in &RUNNING[..3] {
        user.write(path, text);
    }
    user.does(&["adopt"]);
    let now: Vec<String> = RUNNING[..3].iter().map(|(path, ..)| user.read(path)).collect();
    let codex = RUNNING[2].0;
    user.write(codex, &format!("{}\n[broken", now[2]));
    user.command(&["adopt", "--undo"]).told().expect(2, &["config.toml", "then run: mcpbridge adopt --undo"]);
    assert_eq!((user.read(CURSOR), user.read(RUNNING[1].0)), (now[0].clone(), now[1].clone()), "all or nothing");
    // The first one was brought back by hand, and the other one is mended.
    user.write(CURSOR, RUNNING[0].1);
    user.write(codex, &format!("# new\n{}", now[2]));
    let told = user.does(&["adopt", "--undo"]);
    assert_eq!((user.read(CURSOR).as_str(), user.read(RUNNING[1].0).as_str()), (RUNNING[0].1, RUNNING[1].1));
    let toml = user.read(codex);
    assert!(toml.starts_with("# new\n") && toml.contains("mcp-remote") && !toml.contains("mcpbridge"), "{toml}");
    let line = |name: &str| told.stdout.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("mcp.json").ends_with("is as it was"), "{told:?}");
    assert!(line("config.toml").contains("has its entries of before again"), "{told:?}");
}

#[test]
fn nothing_of_the_secrets_of_before_is_kept_after_it_is_undone() {
    let user = User::new();
    let text = with_key("s3cret-value");
    user.write(CURSOR, &text);
    user.does(&["adopt"]);
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), text);
    let state = files(&user.at("state"));
    assert!(state.iter().all(|(_, text)| !text.contains("s3cret")), "{state:?}");
}

#[test]
fn what_an_adoption_that_was_killed_was_about_to_write_goes_with_the_next_or_with_an_undo() {
    let user = User::new();
    user.write(CURSOR, &with_key("s3cret-value"));
    user.does(&["adopt"]);
    user.does(&["adopt", "--undo"]);
    for (next, code) in [("adopt", 0), ("adopt --undo", 0), ("adopt --undo", 2)] {
        let left = ["adoptions/.1.json-a.mcpbridge", "backups/.1-cursor-mcp.json-a.mcpbridge"].map(|path| {
            let path = user.at("state/mcpbridge").join(path);
            fs::write(&path, "s3cret-unfinished").unwrap();
            path
        });
        user.command(&next.split(' ').collect::<Vec<_>>()).told().expect(code, &[]);
        assert!(left.iter().all(|path| !path.exists()), "{next}: {left:?}");
    }
}

#[test]
fn a_sign_in_in_use_is_not_taken() {
    let world = World::new();
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    let text = entry(&url);
    user.write(CURSOR, &text);
    let lock = tokens.with_file_name(format!("{}_lock.json", md5(&url)));
    fs::write(&lock, json!({ "pid": std::process::id(), "port": 1, "timestamp": 1 }).to_string()).unwrap();
    user.command(&["adopt"]).told().expect(2, &["mcp-remote (process", "close the editor"]);
    assert!(tokens.exists() && user.read(CURSOR) == text);
    // Of a process that is gone.
    fs::write(&lock, json!({ "pid": 0x3fff_fff0, "port": 1, "timestamp": 1 }).to_string()).unwrap();
    user.does(&["adopt"]);
    assert!(!tokens.exists());
}

#[test]
fn an_entry_whose_sign_in_cannot_be_taken_stays_as_it_is() {
    let world = World::new();
    let user = User::new();
    let url = format!("http://127.0.0.1:{}/mcp", unused_port());
    let tokens = signed_in(&world, &user, &url);
    let other = "https://b.example/mcp";
    let entries = json!({ "mcpServers": {
        "a": { "command": "npx", "args": ["mcp-remote", url] }, "b": { "command": "npx", "args": ["mcp-remote", other] },
    } });
    user.write(CURSOR, &entries.to_string());
    user.command(&["adopt"]).told().expect(5, &["a of Cursor stays as it is"]);
    let now = user.json(CURSOR);
    assert_eq!((&now["mcpServers"]["a"]["command"], &now["mcpServers"]["b"]["args"]), (&json!("npx"), &json!([other])));
    assert!(tokens.exists());
}

#[test]
fn credentials_in_plain_are_kept_under_a_name_and_the_server_still_gets_them() {
    let server = Legacy::new().start();
    let user = User::new();
    let args = ["mcp-remote", &server.url(), "--header", "Authorization: Bearer s3cret-value"];
    let text = json!({ "mcpServers": { "a": { "command": "npx", "args": args } } }).to_string();
    user.write(CURSOR, &text);
    let told = user.does(&["adopt"]);
    assert!(told.stdout.contains("kept as keychain:a-authorization"), "{told:?}");
    assert!(!user.read(CURSOR).contains("s3cret") && !told.stdout.contains("s3cret"), "{told:?}");
    let mut bridge = run(&user, "a", &Human::at_ease()).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    end_well(bridge);
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer s3cret-value"));
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), text);
}

#[test]
fn what_is_shown_has_no_secrets_and_those_that_stay_in_plain_are_named() {
    let user = User::new();
    let client = "{\"client_id\":\"public\",\"client_secret\":\"s3cret-client\"}";
    let text = json!({ "mcpServers": {
        "a": { "command": "npx", "args": ["mcp-remote", "https://a.example/mcp", "--header", "X-Api-Key: s3cret-key"] },
        "b": { "command": "npx", "args": ["mcp-remote", "https://b.example/mcp", "--static-oauth-client-info", client] },
        "c": { "command": "npx", "args": ["mcp-remote", "https://c.example/mcp?api_key=s3cret-query"] },
        "d": { "command": "npx", "args": ["mcp-remote", "https://d.example/mcp", "--header", "X-Key: ${MINE}"],
               "env": { "MINE": "s3cret-variable" } },
        "other": { "command": "other", "args": ["--api-key", "s3cret-other"], "env": { "API_KEY": "s3cret-env" } },
    } });
    let text = serde_json::to_string_pretty(&text).unwrap();
    user.write(CURSOR, &text);
    for args in [&["adopt", "--dry-run"][..], &["install", "cursor", "https://e.example/mcp", "--dry-run"]] {
        let told = user.does(args);
        assert!(!format!("{told:?}").contains("s3cret"), "{told:?}");
    }
    let told = user.does(&["adopt"]);
    assert!(!format!("{told:?}").contains("s3cret"), "{told:?}");
    for note in [
        "the client_secret stays in plain in the file of the editor; name a variable",
        "api_key in the URL stays in plain",
        "mcpbridge login https://c.example/mcp --api-key-query api_key",
        "the variable MINE stays in plain",
        "mcpbridge secret set x-key",
    ] {
        assert!(told.stdout.contains(note), "{note}: {}", told.stdout);
    }
}

#[test]
fn entries_with_a_url_are_taken_when_asked_for() {
    let user = User::new();
    let cursor = "{\"mcpServers\": {\"a\": {\"url\": \"https://a.example/mcp\", \"headers\": {\"X-Api-Key\": \"s3cret-value\", \"X-T\": \"${env:T}\"}}}}";
    let vscode = "{\n  \"servers\": {\n    \"a\": {\n      \"type\": \"http\",\n      \"url\": \"https://a.example/mcp\"\n    },\n    \"b\": { \"type\": \"http\", \"url\": \"https://b.example/\", \"headers\": { \"X\": \"${input:key}\" } }\n  }\n}\n";
    let codex = "[mcp_servers.a]\nurl = \"https://a.example/mcp\"\nbearer_token_env_var = \"T\"\n";
    user.write(CURSOR, cursor);
    user.write(".config/Code/User/mcp.json", vscode);
    user.write(".codex/config.toml", codex);
    assert!(user.does(&["adopt"]).stdout.contains("nothing to take over"));
    let told = user.does(&["adopt", "--remote"]);
    assert!(told.stdout.contains("left as it is: b of VS Code") && !told.stdout.contains("s3cret"), "{told:?}");
    let entry = &user.json(CURSOR)["mcpServers"]["a"];
    let args =
        json!(["https://a.example/mcp", "--header-from", "X-Api-Key=keychain:a-x-api-key", "--header", "X-T:${T}"]);
    assert!(entry["args"] == args && entry.get("url").is_none() && entry.get("headers").is_none(), "{entry}");
    let code = &user.json(".config/Code/User/mcp.json")["servers"];
    assert!(code["a"]["type"] == "stdio" && code["a"].get("url").is_none() && code["b"]["type"] == "http", "{code}");
    let toml = user.read(".codex/config.toml");
    assert!(!toml.contains("bearer_token_env_var") && toml.contains("Authorization=Bearer env:T"), "{toml}");
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), cursor);
    assert_eq!(user.read(".config/Code/User/mcp.json"), vscode);
    assert_eq!(user.read(".codex/config.toml"), codex);
}

#[test]
fn a_variable_in_a_url_is_left_to_the_editor() {
    let user = User::new();
    let text = json!({ "mcpServers": {
        "a": { "url": "https://a.example/mcp?key=${env:T}" }, "b": { "url": "https://${HOST}/mcp" },
    } })
    .to_string();
    user.write(CURSOR, &text);
    let told = user.does(&["adopt", "--remote"]);
    assert_eq!(told.stdout.matches("has a variable in it").count(), 2, "{told:?}");
    assert_eq!(user.read(CURSOR), text);
}

#[test]
fn variables_of_an_entry_stay_also_in_the_old_form_of_zed_and_as_numbers() {
    let user = User::new();
    let zed = ".config/zed/settings.json";
    let old = "{\"context_servers\": {\"a\": {\"command\": {\"path\": \"npx\", \"args\": [\"mcp-remote\", \"https://a.example/mcp\"], \"env\": {\"A\": \"1\", \"PORT\": 3000}}}}}";
    user.write(zed, old);
    let args = ["mcp-remote", "https://a.example/mcp", "--header", "X-A: 1 2"];
    let cursor =
        json!({ "mcpServers": { "a": { "command": "npx", "args": args, "env": { "PORT": 3000, "ON": true } } } });
    user.write(CURSOR, &cursor.to_string());
    // Without a variable that would be written into each entry.
    user.command(&["adopt"]).env("MCPBRIDGE_CREDENTIAL_STORE", "").told().expect(0, &[]);
    let entry = &user.json(zed)["context_servers"]["a"];
    assert_eq!(entry["env"], json!({ "A": "1", "PORT": "3000" }), "{entry}");
    assert_eq!(entry["args"], json!(["https://a.example/mcp"]));
    let env = &user.json(CURSOR)["mcpServers"]["a"]["env"];
    assert_eq!(
        (&env["PORT"], &env["ON"], &env["MCPBRIDGE_HEADER"]),
        (&json!("3000"), &json!("true"), &json!("X-A:1 2"))
    );
    user.does(&["adopt", "--undo"]);
    assert_eq!((user.read(zed), user.read(CURSOR)), (old.to_owned(), cursor.to_string()));
}

#[cfg(unix)]
#[test]
fn a_file_that_two_editors_share_by_a_link_is_changed_once() {
    let user = User::new();
    let text = entry("https://a.example/mcp");
    let real = user.write(CURSOR, &text);
    fs::create_dir_all(user.home.path().join(".codeium/windsurf")).unwrap();
    std::os::unix::fs::symlink(&real, user.home.path().join(".codeium/windsurf/mcp_config.json")).unwrap();
    let said = user.does(&["adopt", "--json"]).json();
    assert_eq!(said["adopted"].as_array().unwrap().len(), 1, "{said}");
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), text);
}

#[test]
fn what_has_a_meaning_of_its_own_is_left_with_a_sentence() {
    let user = User::new();
    let text = json!({ "mcpServers": {
        "a": { "command": "op", "args": ["run", "--", "npx", "mcp-remote", "https://a.example/mcp"] },
        "b": { "command": "npx", "args": ["supergateway", "--stdio", "server"] },
    } })
    .to_string();
    user.write(CURSOR, &text);
    user.write(".gemini/settings.json", "{ broken");
    let told = user.does(&["adopt"]);
    assert!(
        told.stdout.contains("it is started by \"op\"") && told.stdout.contains("--stdio of supergateway"),
        "{told:?}"
    );
    assert!(told.stderr.contains("settings.json cannot be read: line 1"), "{told:?}");
    assert!(told.stdout.contains("by hand: mcpbridge install cursor https://a.example/mcp"), "{told:?}");
    assert_eq!(told.stdout.matches("by hand").count(), 1, "there is no URL for the other one: {told:?}");
    assert_eq!(user.read(CURSOR), text);
}

/// Entries whose command is a line, or stands behind a program that starts it, and what each is to run.
const LINES: [(&str, &str, &str); 7] = [
    (
        "one",
        r#"{"command":"npx -y mcp-remote https://a.example/mcp --debug"}"#,
        r#"["https://a.example/mcp","--debug"]"#,
    ),
    (
        "half",
        r#"{"command":"npx -y mcp-remote@latest","args":["https://b.example/mcp"]}"#,
        r#"["https://b.example/mcp"]"#,
    ),
    (
        "sh",
        r#"{"command":"/bin/sh","args":["-c","exec npx mcp-remote 'https://c.example/mcp?a=1&b=2' --header \"X-A:1\""]}"#,
        r#"["https://c.example/mcp?a=1&b=2","--header","X-A:1"]"#,
    ),
    (
        "login",
        r#"{"command":"bash","args":["-lc","npx mcp-remote https://d.example/mcp"]}"#,
        r#"["https://d.example/mcp"]"#,
    ),
    (
        "cmd",
        r#"{"command":"cmd.exe","args":["/C","npx -y mcp-remote https://e.example/mcp"]}"#,
        r#"["https://e.example/mcp"]"#,
    ),
    (
        "env",
        r#"{"command":"env","args":["A=1","npx","mcp-remote","https://f.example/mcp","--header","X-A:${A}"],"env":{"B":"2"}}"#,
        r#"["https://f.example/mcp","--header","X-A:${A}"]"#,
    ),
    (
        "set",
        r#"{"command":"sh","args":["-c","A=1 npx mcp-remote https://g.example/mcp"],"env":{"A":"0"}}"#,
        r#"["https://g.example/mcp"]"#,
    ),
];

#[test]
fn a_line_for_a_shell_is_taken_over_where_it_is_plain_words() {
    let user = User::new();
    let entries: Vec<String> = LINES.iter().map(|(name, entry, _)| format!("    {name:?}: {entry}")).collect();
    let text = format!("{{\n  \"mcpServers\": {{\n{}\n  }}\n}}\n", entries.join(",\n"));
    user.write(CURSOR, &text);
    // Without a variable that would be written into each entry.
    let told = user.command(&["adopt"]).env("MCPBRIDGE_CREDENTIAL_STORE", "").told();
    told.expect(0, &[]);
    assert!(told.stdout.contains("the variables that bash sets when it starts"), "{told:?}");
    let now = user.json(CURSOR)["mcpServers"].clone();
    for (name, _, args) in LINES {
        let args: Value = serde_json::from_str(args).unwrap();
        assert_eq!((&now[name]["command"], &now[name]["args"]), (&json!(binary()), &args), "{name}");
    }
    assert_eq!((&now["env"]["env"], &now["set"]["env"]), (&json!({ "A": "1", "B": "2" }), &json!({ "A": "1" })));
    assert!(now["one"].get("env").is_none(), "{now}");
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), text);
}

#[test]
fn a_line_that_only_a_shell_can_read_is_left_with_what_to_do_by_hand() {
    let user = User::new();
    let text = json!({ "mcpServers": {
        "a": { "command": "sh", "args": ["-c", "cd /x && npx mcp-remote https://a.example/mcp"] },
        "b": { "command": "npx mcp-remote https://b.example/mcp --header X-A:$TOKEN" },
        "c": { "command": "cmd", "args": ["/c", "set K=s3cret& npx mcp-remote https://c.example/mcp?key=s3cret"] },
        "d": { "command": "bash", "args": ["-lc", "npx mcp-remote https://d.example/mcp --header 'X-A:${A}'"] },
        "other": { "command": "sh", "args": ["-c", "exec \"$SERVER\" --about https://e.example/"] },
    } })
    .to_string();
    user.write(CURSOR, &text);
    let told = user.does(&["adopt"]);
    for words in [
        "left as it is: a of Cursor: its line for sh has '&', which means something to a shell",
        "by hand: mcpbridge install cursor https://a.example/mcp, and take a out of ~/.cursor/mcp.json",
        "left as it is: b of Cursor: its command is a line with '$'",
        "left as it is: c of Cursor: its line for cmd has '&'",
        "by hand: mcpbridge install cursor URL, and take c out of",
        "left as it is: d of Cursor: bash may set the variables of its line",
    ] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    assert!(!format!("{told:?}").contains("s3cret") && !told.stdout.contains("other of"), "{told:?}");
    assert_eq!(user.read(CURSOR), text);
    let said = user.does(&["adopt", "--json"]).json();
    assert!(said["left"][0]["remedy"].as_str().unwrap().starts_with("by hand: "), "{said}");
}

/// Keeps a secret under a name.
fn keep(user: &User, name: &str, secret: &str) {
    let mut shell = user.command(&["secret", "set", name]).at_shell();
    shell.type_bytes(secret.as_bytes());
    shell.told().expect(0, &[]);
}

/// As the entry of mcp-remote with a key in plain.
fn with_key(key: &str) -> String {
    let args = ["mcp-remote", "https://a.example/mcp", "--header", &format!("Authorization: Bearer {key}")];
    json!({ "mcpServers": { "a": { "command": "npx", "args": args } } }).to_string()
}

/// What the server gets as the secret of this name.
fn kept(user: &User, name: &str) -> Option<String> {
    let server = Legacy::new().start().may_be_unused();
    let from = format!("X-Key=keychain:{name}");
    drop(user.command(&[&server.url(), "--header-from", &from]).run(support::initialize(1, "2025-06-18") + "\n"));
    server.requests().first().and_then(|request| request.header("x-key").map(str::to_owned))
}

#[test]
fn a_secret_of_the_same_name_is_neither_overwritten_nor_removed() {
    let user = User::new();
    keep(&user, "a-authorization", "of somebody else");
    let text = with_key("s3cret-value");
    user.write(CURSOR, &text);
    let told = user.command(&["adopt"]).told();
    told.expect(2, &["a of Cursor stays as it is", "a-authorization", "another"]);
    assert!(user.read(CURSOR) == text && !told.stderr.contains("s3cret"), "{told:?}");
    assert_eq!(kept(&user, "a-authorization").as_deref(), Some("of somebody else"));
    user.command(&["adopt", "--undo"]).told().expect(2, &["nothing was taken over"]);
    // The same one is used, and was not put there by us.
    keep(&user, "a-authorization", "s3cret-value");
    user.does(&["adopt"]);
    assert!(user.read(CURSOR).contains("keychain:a-authorization"));
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(CURSOR), text);
    assert_eq!(kept(&user, "a-authorization").as_deref(), Some("s3cret-value"));
}

#[test]
fn an_entry_that_cannot_be_changed_stays_and_the_others_are_taken_over() {
    let world = World::new();
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    // In one line, which the editor of YAML leaves alone.
    let flow = format!("mcpServers: [{{name: a, command: npx, args: [mcp-remote, '{url}']}}]\n");
    user.write(".continue/config.yaml", &flow);
    user.write(CURSOR, &entry("https://b.example/mcp"));
    let gemini = user.write(".gemini/settings.json", &entry(&url));
    let mut permissions = fs::metadata(&gemini).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&gemini, permissions).unwrap();
    let said = user.does(&["adopt", "--json"]).json();
    let left: Vec<_> = said["left"].as_array().unwrap().iter().map(|left| &left["editor"]).collect();
    assert_eq!(left, ["gemini", "continue"], "{said}");
    assert!(tokens.exists() && user.read(".continue/config.yaml") == flow);
    assert_eq!(user.json(CURSOR)["mcpServers"]["a"]["args"], json!(["https://b.example/mcp"]));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_gives_its_sign_in_and_its_secrets_back() {
    let world = World::new();
    let user = User::new();
    let url = world.server.url();
    let tokens = signed_in(&world, &user, &url);
    let before = fs::read_to_string(&tokens).unwrap();
    // A name so long that there can be no file with a longer one beside it.
    let text = json!({ "mcpServers": {
        "a": { "command": "npx", "args": ["mcp-remote", url] },
        "b": { "command": "npx", "args": ["mcp-remote", "https://b.example/", "--header", "X-Api-Key: s3cret-value"] },
    } })
    .to_string();
    let real = user.write(&"x".repeat(250), &text);
    fs::create_dir_all(user.home.path().join(".cursor")).unwrap();
    std::os::unix::fs::symlink(&real, user.home.path().join(CURSOR)).unwrap();
    let gemini = ".gemini/settings.json";
    user.write(gemini, &entry("https://c.example/mcp"));
    let told = user.command(&["adopt"]).told();
    told.expect(2, &["a of Cursor stays as it is", "b of Cursor stays as it is"]);
    assert!(told.stdout.contains("a: mcp-remote becomes mcpbridge, for https://c.example/mcp"), "{told:?}");
    assert!(user.read(CURSOR) == text && user.json(gemini)["mcpServers"]["a"]["args"][0] == "https://c.example/mcp");
    assert_eq!(fs::read_to_string(&tokens).unwrap(), before, "mcp-remote works on");
    assert!(user.command(&["status", &url]).told().code == 3 && kept(&user, "b-x-api-key").is_none());
    user.does(&["adopt", "--undo"]);
    assert_eq!(user.read(gemini), entry("https://c.example/mcp"));
}

/// RFC 1321, which mcp-remote names its files with.
fn md5(text: &str) -> String {
    use md5::{Digest, Md5};
    Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
