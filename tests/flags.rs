//! The command line: what it accepts, what it refuses and how, and what it never shows.

mod support;

use std::{fs, time::Duration};

use support::{Bridge, INITIALIZED, Launch, Legacy, Server, call, initialize, request};

#[track_caller]
fn refused(launch: Launch, contains: &[&str]) {
    let outcome = launch.run("");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stdout.is_empty(), "{outcome:?}");
    let text = outcome.stderr.to_lowercase();
    for part in contains {
        assert!(text.contains(&part.to_lowercase()), "it does not say {part:?}: {}", outcome.stderr);
    }
    assert!(!text.contains("panicked") && !text.contains("sekret"), "{}", outcome.stderr);
}

const URL: &str = "https://mcp.example.com/mcp";

#[test]
fn mistakes_exit_2_with_one_clear_sentence() {
    refused(Bridge::launch(URL).arg("--no-such-flag"), &["--no-such-flag"]);
    refused(Bridge::launch(URL).arg("--debgu"), &["--debgu"]);
    refused(Bridge::launch(URL).args(["--header", "X-Key: ${NOPE_NOT_SET}"]), &["NOPE_NOT_SET"]);
    refused(Bridge::launch(URL).args(["--header", "no colon here"]), &["header"]);
    refused(Bridge::launch(URL).args(["--header", "Bad Name: x"]), &["header"]);
    refused(Bridge::launch(URL).args(["--header", "X-Key: sekret\r\nX-Evil: 1"]), &["x-key"]);
    refused(Bridge::launch(URL).args(["--header", "X-Key: sekret\nX-Evil: 1"]), &["x-key"]);
    refused(
        Bridge::launch(URL).args(["--header", "X-Key: ${TWO_LINES}"]).env("TWO_LINES", "sekret\r\nX-Evil: 1"),
        &["x-key"],
    );
    refused(
        Bridge::launch(URL).args(["--header-file", "/no/such/file"]),
        &["/no/such/file", "check the path and who may read it"],
    );
    refused(Bridge::launch(URL).args(["--transport", "pigeon"]), &["pigeon", "http-first"]);
    refused(Bridge::launch(URL).args(["--request-timeout", "soon"]), &["request-timeout"]);
    refused(Bridge::launch(URL).args(["--max-message-size", "big"]), &["max-message-size"]);
    refused(Bridge::launch("mcp.example.com/mcp"), &["https://"]);
    refused(Bridge::launch("localhost:3000/mcp"), &[]);
    refused(Bridge::launch("ftp://mcp.example.com/mcp"), &["http"]);
    refused(Bridge::launch("https://"), &["no host"]);
    refused(Bridge::launch("https:///mcp.example.com/mcp"), &["no host"]);
    refused(Bridge::launch("https:mcp.example.com"), &["no host"]);
    refused(Bridge::launch(URL).args(["--header", "X-Key: ${sekret"]), &["x-key", "--header", "no } behind it"]);
    refused(Bridge::launch(URL).env("MCPBRIDGE_HEADER", "X-One: 1\nsekret"), &["MCPBRIDGE_HEADER is not a header"]);
    refused(Bridge::bare(), &[]);
}

#[test]
fn what_an_editor_makes_of_a_space_is_told_without_what_stood_behind_it() {
    for args in [
        &["--header", "Authorization:", "Bearer", "sekret"][..],
        &["--header", "Authorization:Bearer", "sekret"],
        &["3334", "--header", "X-Key:", "sekret"],
        &["--allow-http", "true"],
    ] {
        refused(Bridge::launch(URL).args(args), &["split at a space", "NAME:VALUE"]);
    }
    refused(Bridge::launch(URL).arg("tools"), &["a command comes first: mcpbridge tools URL"]);
    refused(Bridge::launch(URL).arg(URL), &["give one URL"]);
    refused(Bridge::launch(URL).arg("65536"), &["no number from 1 to 65535"]);
}

#[test]
fn what_is_too_large_is_not_called_too_small() {
    let told = |args: [&str; 2]| Bridge::launch(URL).args(args).run("").stderr;
    refused(Bridge::launch(URL).args(["--connect-timeout", "1e30"]), &["below a hundred years"]);
    let said = told(["--max-message-size", "99999999999G"]);
    assert!(said.contains("this computer can count") && !said.contains("at least"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_a_mistake() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt};
    let text = || OsString::from_vec(b"X-Key: sekret\xff".to_vec());
    refused(Bridge::launch(URL).env("MCPBRIDGE_HEADER", text()), &["MCPBRIDGE_HEADER is not UTF-8"]);
    refused(Bridge::launch(URL).args(["--header", "X-Key: ${KEY}"]).env("KEY", text()), &["${KEY}", "not UTF-8"]);
}

#[test]
fn plain_http_is_refused_except_to_this_machine() {
    refused(Bridge::launch("http://mcp.example.com/mcp"), &["--allow-http"]);
    refused(Bridge::launch("http://192.168.1.7/mcp"), &["--allow-http"]);
    refused(Bridge::launch("http://localhost.example.com/mcp"), &["--allow-http"]);
    refused(Bridge::launch("http://127.0.0.1.example.com/mcp"), &["--allow-http"]);
    for url in ["http://localhost:1/mcp", "http://127.0.0.1:1/mcp", "http://127.1.2.3:1/mcp", "http://[::1]:1/mcp"] {
        let outcome = Bridge::launch(url).run("");
        assert_eq!(outcome.code, 0, "{url}: {outcome:?}");
    }
    let outcome = Bridge::launch("http://mcp.example.com/mcp").arg("--allow-http").run("");
    assert_eq!(outcome.code, 0, "{outcome:?}");
}

#[test]
fn help_and_version_go_to_stdout() {
    for (flag, contains) in [("--help", "--header"), ("-h", "--header"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let outcome = std::process::Command::new(support::binary()).arg(flag).output().unwrap();
        assert_eq!(outcome.status.code(), Some(0));
        let text = String::from_utf8(outcome.stdout).unwrap();
        assert!(text.contains(contains), "{text}");
        assert!(outcome.stderr.is_empty());
    }
}

#[test]
fn the_order_of_arguments_does_not_matter() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::bare().args(["--debug", "--header", "X-Key: v"]).arg(server.url()).arg("--ipv4").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.wait(1, "tools/call").header("x-key"), Some("v"));

    let mut bridge = Bridge::bare().arg("run").arg(server.url()).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn all_of_mcp_remotes_flags_of_the_relay_are_accepted() {
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let headers = scratch.path().join("headers");
    fs::write(&headers, "X-From-File: f\n").unwrap();
    let mut bridge = Bridge::to(&server)
        .args([
            "--header",
            "X-A: a",
            "--header",
            "X-B:b",
            "--allow-http",
            "--transport",
            "http-first",
            "--ignore-tool",
            "nope*",
            "--debug",
        ])
        .args([
            "--enable-proxy",
            "--connect-timeout",
            "5",
            "--headers-timeout",
            "300",
            "--body-timeout",
            "300",
            "--keep-alive",
        ])
        .args(["--ping-interval", "30", "--ipv4", "--disable-cookies", "--header-file"])
        .arg(&headers)
        .ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    let asked = server.wait(1, "tools/call");
    assert_eq!(
        (asked.header("x-a"), asked.header("x-b"), asked.header("x-from-file")),
        (Some("a"), Some("b"), Some("f"))
    );
}

#[test]
fn headers_go_on_every_request() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::to(&server)
        .args([
            "--header",
            "X-MCP-API-Key: plain",
            "--header",
            "Authorization:${AUTH}",
            "--header",
            "X-Mixed: a ${PART} b",
        ])
        .env("AUTH", "Bearer tok:en")
        .env("PART", "p q")
        .ready();
    let mut stream = server.stream();
    stream.message(request(1, "roots/list"));
    bridge.expect_method("roots/list");
    bridge.send(support::result(1, "{}"));
    bridge.send(call(1));
    bridge.expect_result("1");
    server.wait(1, "answer");
    bridge.close_stdin();
    bridge.wait_exit(support::PATIENCE);
    let requests = server.requests();
    assert!(requests.len() >= 6);
    for request in requests {
        assert_eq!(request.header("x-mcp-api-key"), Some("plain"), "{}", request.kind());
        assert_eq!(request.header("authorization"), Some("Bearer tok:en"), "{}", request.kind());
        assert_eq!(request.header("x-mixed"), Some("a p q b"), "{}", request.kind());
    }
}

#[test]
fn a_header_file_has_one_header_a_line_and_comments() {
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("headers");
    fs::write(&path, "# who we are\r\nX-One: 1\r\n\r\n  \nX-Two:${TWO}\n").unwrap();
    let _bridge = Bridge::to(&server).arg("--header-file").arg(&path).env("TWO", "zwei").ready();
    let first = &server.requests()[0];
    assert_eq!((first.header("x-one"), first.header("x-two")), (Some("1"), Some("zwei")));
}

#[test]
fn a_key_in_the_query_is_kept_on_every_request() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::launch(server.at("/mcp?key=a%2Fb+c&empty=&x")).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    bridge.wait_exit(support::PATIENCE);
    assert!(server.requests().len() >= 4);
    assert!(server.requests().iter().all(|it| it.path == "/mcp?key=a%2Fb+c&empty=&x"), "{}", server.transcript());
}

#[test]
fn every_flag_has_a_variable() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server)
        .env("MCPBRIDGE_HEADER", "X-One: 1\nX-Two: 2")
        .env("MCPBRIDGE_IGNORE_TOOL", "echo\nother*")
        .env("MCPBRIDGE_DEBUG", "1")
        .env("MCPBRIDGE_MAX_MESSAGE_SIZE", "64K")
        .env("MCPBRIDGE_REQUEST_TIMEOUT", "60")
        .ready();
    bridge.send(request(1, "tools/list"));
    assert_eq!(bridge.expect_result("1")["tools"].as_array().unwrap().len(), 0);
    bridge.send(support::request_with(2, "tools/call", &format!(r#"{{"name":"x","t":"{}"}}"#, "x".repeat(100_000))));
    bridge.expect_error("2", &["max-message-size"]);
    let first = &server.requests()[0];
    assert_eq!((first.header("x-one"), first.header("x-two")), (Some("1"), Some("2")));
    bridge.wait_stderr("tools/list");

    // The flag wins.
    let bridge =
        Bridge::to(&server).args(["--header", "X-One: flag"]).env("MCPBRIDGE_HEADER", "X-One: variable").ready();
    drop(bridge);
    assert_eq!(server.wait(2, "initialize").header("x-one"), Some("flag"));
    refused(Bridge::launch(URL).env("MCPBRIDGE_TRANSPORT", "pigeon"), &["pigeon"]);
    refused(Bridge::launch("http://mcp.example.com/mcp").env("MCPBRIDGE_ALLOW_HTTP", "false"), &["--allow-http"]);
}

#[test]
#[cfg(unix)]
fn a_log_file_of_somebody_else_is_not_written_and_a_pipe_not_waited_for() {
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let path = |name: &str| scratch.path().join(name);
    let logging = |to: &std::path::Path| Bridge::to(&server).arg("--log-file").arg(to);
    assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    refused(logging(&path("pipe")), &["log file", "pipe that nobody reads"]);
    // Only root can make files of somebody else, who has the folder as everybody has /tmp.
    if rustix::process::geteuid().is_root() {
        const NOBODY: Option<u32> = Some(65_534);
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(path("theirs"), "").unwrap();
        fs::set_permissions(path("theirs"), fs::Permissions::from_mode(0o666)).unwrap();
        chown(path("theirs"), NOBODY, None).unwrap();
        symlink(path("mine"), path("link")).unwrap();
        lchown(path("link"), NOBODY, None).unwrap();
        for name in ["theirs", "link"] {
            refused(logging(&path(name)), &["log file", "another user (uid 65534)"]);
        }
        assert_eq!(fs::read_to_string(path("theirs")).unwrap(), "");
        assert!(!path("mine").exists());
    }
    // What a person means is done, also where every file seems to be everybody's and no mode can be changed.
    symlink(path("log"), path("own-link")).unwrap();
    fs::write(path("open"), "").unwrap();
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o777)).unwrap();
    for to in [path("own-link"), path("open"), "/dev/null".into(), "/dev/stderr".into()] {
        let mut bridge = logging(&to).arg("--debug").ready();
        bridge.close_stdin();
        assert_eq!(bridge.wait_exit(support::PATIENCE), 0, "{}", to.display());
    }
    for name in ["log", "open"] {
        assert!(fs::read_to_string(path(name)).unwrap().contains("initialize"), "{name}");
    }
    assert_eq!(fs::metadata(path("open")).unwrap().permissions().mode() & 0o777, 0o777);
}

#[test]
fn stderr_is_quiet_while_all_is_well() {
    let server = Legacy::new().listening().start();
    let mut bridge = Bridge::ready(&server);
    let _stream = server.stream();
    bridge.send(call(1));
    bridge.expect_result("1");
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert_eq!(outcome.stderr, "");
}

#[test]
fn silent_means_silent() {
    let server = Server::start(|_, reply| reply.text(500, "oops"));
    let mut bridge = Bridge::to(&server).arg("--silent").spawn();
    bridge.send("junk");
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["500"]);
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert_eq!(outcome.stderr, "");
}

#[test]
fn an_event_is_one_line_on_stderr() {
    let server = Server::start(|_, reply| reply.text(500, "line one\nline two\nline three"));
    let mut bridge = Bridge::to(&server).spawn();
    bridge.send(initialize(0, "2025-06-18"));
    bridge.expect_error("0", &["500"]);
    bridge.close_stdin();
    let outcome = bridge.outcome();
    assert!(outcome.stderr.lines().count() <= 3, "{}", outcome.stderr);
    assert!(outcome.stderr.lines().all(|line| line.len() < 1000 && !line.trim().is_empty()), "{}", outcome.stderr);
}

#[test]
fn secrets_are_shown_nowhere() {
    let scratch = tempfile::tempdir().unwrap();
    let log = scratch.path().join("bridge.log");
    let server = Legacy::new()
        .on("initialize", |request, reply| {
            reply.header("Set-Cookie", "sid=sekret-cookie").result(request, &support::welcome("2025-06-18", "{}"));
        })
        .on("tools/call", |request, reply| {
            // A server that quotes what it was sent.
            let header = request.header("authorization").unwrap_or_default().to_owned();
            reply.text(500, &format!("cannot use {header} and {}", request.path));
        })
        .start();
    let mut bridge = Bridge::launch(server.at("/mcp?token=sekret-query"))
        .args(["--debug", "--header", "Authorization: Bearer sekret-header", "--header", "X-Key: ${SEKRET}"])
        .arg("--log-file")
        .arg(&log)
        .env("SEKRET", "sekret-variable")
        .ready();
    bridge.send(call(1));
    let error = bridge.expect_error("1", &["500"]);
    assert!(!error.to_string().contains("sekret"), "{error}");
    bridge.send(request(2, "tools/list"));
    bridge.expect_result("2");
    bridge.close_stdin();
    let outcome = bridge.outcome();
    let logged = fs::read_to_string(&log).unwrap();
    for (place, text) in [("stderr", &outcome.stderr), ("the log file", &logged)] {
        assert!(text.contains("tools/list"), "{place} says too little: {text}");
        assert!(!text.contains("sekret"), "{place}: {text}");
    }
    assert_eq!(server.wait(1, "tools/call").header("cookie"), Some("sid=sekret-cookie"));
}

#[test]
fn user_info_in_the_url_is_shown_nowhere() {
    let server = Server::start(|_, reply| reply.text(403, "no"));
    let url = server.url().replace("http://", "http://user:sekret@");
    let mut bridge = Bridge::launch(url).arg("--debug").spawn();
    bridge.send(initialize(0, "2025-06-18"));
    let error = bridge.expect_error("0", &["403"]);
    assert!(!error.to_string().contains("sekret"), "{error}");
    bridge.close_stdin();
    assert!(!bridge.outcome().stderr.contains("sekret"));
}

#[test]
fn a_log_file_that_cannot_be_written_is_a_usage_error() {
    refused(Bridge::launch(URL).args(["--log-file", "/no/such/folder/bridge.log"]), &["/no/such/folder"]);
}

#[test]
fn a_log_file_is_private_appended_to_and_does_not_grow_for_ever() {
    let server = Legacy::new().start();
    let scratch = tempfile::tempdir().unwrap();
    let log = scratch.path().join("bridge.log");
    let session = || {
        let mut bridge = Bridge::to(&server).args(["--debug", "--log-file"]).arg(&log).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        bridge.close_stdin();
        assert_eq!(bridge.outcome().code, 0);
    };
    session();
    let first = fs::read_to_string(&log).unwrap();
    assert!(first.contains("tools/call"), "{first}");
    session();
    let second = fs::read_to_string(&log).unwrap();
    assert!(second.starts_with(&first) && second.len() > first.len(), "a second run appends");

    // Grown large, it is put aside, once: two files at most.
    for _ in 0..2 {
        fs::write(&log, "old line\n".repeat(1 << 20)).unwrap();
        session();
    }
    assert!(fs::metadata(&log).unwrap().len() < 1 << 20);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::remove_file(&log).unwrap();
        session();
        assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o077, 0, "nobody else's to read");
    }
}

#[test]
fn keep_alive_pings_the_server_and_nobody_else_sees_it() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::to(&server).args(["--keep-alive", "--ping-interval", "1"]).ready();
    let first = server.wait(1, "ping");
    let third = server.wait(3, "ping");
    let gap = third.at - first.at;
    assert!(gap > Duration::from_millis(1500) && gap < Duration::from_secs(10), "{gap:?}");
    assert_eq!(third.header("mcp-session-id"), Some("session-1"));
    bridge.expect_silence(Duration::from_millis(100));
    // A server that does not answer pings is not given up for it.
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn ipv4_only_reaches_localhost() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::launch(server.url().replace("127.0.0.1", "localhost")).arg("--ipv4").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn localhost_is_reached_though_only_one_address_family_answers() {
    let server = Legacy::new().start();
    let mut bridge = Bridge::launch(server.url().replace("127.0.0.1", "localhost")).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
}

#[test]
fn the_request_timeout_can_be_switched_off() {
    let server = Legacy::new().start();
    let outcome = Bridge::to(&server)
        .args(["--request-timeout", "0", "--drain-timeout", "0"])
        .run([initialize(0, "2025-06-18"), INITIALIZED.to_owned(), call(1)].join("\n"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.answer("1")["result"].is_object());
}

#[test]
fn a_variable_of_the_relay_is_no_argument_of_another_command() {
    for command in ["man", "completions bash"] {
        let mut words = command.split(' ');
        let mut launch =
            Bridge::launch(words.next().unwrap()).env("MCPBRIDGE_DEBUG", "1").env("MCPBRIDGE_TRANSPORT", "http-only");
        for word in words {
            launch = launch.arg(word);
        }
        let scratch = tempfile::tempdir().unwrap();
        let output = launch.command(scratch.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {output:?}");
    }
    let server = Legacy::new().start();
    let mut bridge = Bridge::launch("run").arg(server.url()).env("MCPBRIDGE_IGNORE_TOOL", "echo").ready();
    bridge.send(call(1));
    bridge.expect_error("1", &["echo"]);
}

#[test]
fn of_two_flags_that_exclude_each_other_the_typed_one_beats_the_variable() {
    let server = Legacy::new().start();
    let input = [initialize(0, "2025-06-18"), INITIALIZED.to_owned()].join("\n");
    let outcome = Bridge::to(&server).arg("--silent").env("MCPBRIDGE_DEBUG", "1").run(input);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""));
}

#[test]
fn user_and_password_of_the_url_are_sent_and_not_shown() {
    let server = Legacy::new().start();
    let url = server.url().replace("http://", "http://ada:s3cret%21word@");
    let mut bridge = Bridge::launch(url).arg("--debug").ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(server.wait(1, "tools/call").header("authorization"), Some("Basic YWRhOnMzY3JldCF3b3Jk"));
    assert!(!bridge.stderr().contains("s3cret"), "{}", bridge.stderr());
}
