//! Through an organization: a person signs in at its identity provider once, and is let into every server that it allows,
//! also when tokens are renewed, without being asked again.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{
    Authorization, Bridge, Client, Device, Endpoint, Fault, Human, JWT_BEARER, Launch, Manners, PATIENCE, Proof,
    Protected, TOKEN_EXCHANGE, VERSION, Visit, World, call, claims, end_well, in_seconds, initialize, jwt, refusal,
};
use tempfile::TempDir;

const CLIENT: &str = "bridge-at-the-server";
const AT_HOME: &str = "bridge-at-home";

/// An identity provider, and servers with authorization servers of their own that believe it.
struct Company {
    home: TempDir,
    provider: Authorization,
    offices: Vec<Office>,
}

struct Office {
    server: Protected,
    authorization: Authorization,
}

impl Company {
    fn new(offices: usize) -> Self {
        let provider = Authorization::start(|it| {
            it.clients = vec![Client::given(AT_HOME, Proof::Basic("h0me-secret".to_owned()))];
            it.unattended.grants = vec![TOKEN_EXCHANGE];
            it.unattended.vouches_as = Some(CLIENT.to_owned());
            it.metadata = vec![
                ("scopes_supported", Some(json!(["openid", "offline_access"]))),
                // Some of them support PKCE and do not say so.
                ("code_challenge_methods_supported", None),
            ];
        });
        let company = Self {
            home: TempDir::new().unwrap(),
            offices: (0..offices).map(|_| Office::open(&provider)).collect(),
            provider,
        };
        company.id_tokens_live(3600);
        company
    }

    /// From now on id tokens end after this many seconds.
    fn id_tokens_live(&self, seconds: i64) {
        self.id_tokens_are(self.id_token(seconds));
    }

    /// From now on this is the id token.
    fn id_tokens_are(&self, token: String) {
        self.provider.change(|it| it.tokens.extra = vec![("id_token", json!(token))]);
    }

    fn id_token(&self, seconds: i64) -> String {
        self.id_token_for(AT_HOME, seconds)
    }

    fn id_token_for(&self, client: &str, seconds: i64) -> String {
        let said = json!({
            "iss": self.provider.issuer(), "aud": client, "sub": "ada", "email": "ada@acme.example",
            "exp": in_seconds(seconds),
        });
        jwt(&said)
    }

    fn flags(&self, launch: Launch) -> Launch {
        self.flags_as(AT_HOME, launch)
    }

    fn flags_as(&self, client: &str, launch: Launch) -> Launch {
        let info = format!(r#"{{"client_id":"{CLIENT}","client_secret":"0ffice-secret"}}"#);
        launch
            .home(self.home.path())
            .args(["--idp", &self.provider.issuer(), "--idp-client-id", client, "--idp-client-secret", "env:AT_HOME"])
            .args(["--static-oauth-client-info", &info])
            .env("AT_HOME", "h0me-secret")
    }

    fn relay(&self, office: usize, human: &Human) -> Launch {
        self.flags(Bridge::to(&self.offices[office].server)).human(human)
    }

    fn command(&self, verb: &str, office: usize) -> Launch {
        self.flags(Bridge::bare().args([verb, &self.offices[office].server.url()]))
    }

    #[track_caller]
    fn works(&self, office: usize, human: &Human) {
        let mut bridge = self.relay(office, human).ready();
        bridge.send(call(1));
        bridge.expect_result("1");
        end_well(bridge);
    }
}

impl Office {
    fn open(provider: &Authorization) -> Self {
        let authorization = Authorization::start(|it| {
            it.clients = vec![Client::given(CLIENT, Proof::Basic("0ffice-secret".to_owned()))];
            it.unattended.grants = vec![JWT_BEARER];
            it.unattended.trusts = vec![provider.issuer()];
        })
        .may_be_unused();
        let server = Protected::start(&authorization.desk(), |_| ()).may_be_unused();
        Self { server, authorization }
    }
}

#[test]
fn a_person_signs_in_once_and_is_let_into_every_server() {
    let company = Company::new(3);
    let human = Human::prompt();
    for office in 0..3 {
        company.works(office, &human);
    }
    assert_eq!(human.windows(), 1, "one sign-in, at the identity provider");
    let asked = company.provider.wait(1, Endpoint::Authorize);
    assert_eq!((asked.need("scope"), asked.get("resource")), ("openid offline_access", None));
    for (at, office) in company.offices.iter().enumerate() {
        let exchanged = company.provider.wait(at + 1, Endpoint::OtherGrant);
        assert_eq!(exchanged.need("audience"), office.authorization.issuer());
        assert_eq!(exchanged.need("resource"), office.server.resource());
        assert_eq!(exchanged.need("subject_token_type"), "urn:ietf:params:oauth:token-type:id_token");
        let granted = office.authorization.wait(1, Endpoint::OtherGrant);
        assert_eq!(claims(granted.need("assertion")).unwrap()["resource"], office.server.resource());
        assert!(office.authorization.asked(Endpoint::Authorize).is_empty());
    }
    let status = Bridge::bare().args(["status", "--json"]).home(company.home.path()).told();
    let accounts = status.json()["accounts"].as_array().unwrap().clone();
    assert_eq!(accounts.len(), 4, "three servers, and the identity provider");
    assert!(accounts.iter().all(|account| account["subject"] == "ada@acme.example"), "{accounts:?}");
}

#[test]
fn the_terminal_signs_in_where_the_editor_would() {
    let company = Company::new(2);
    let human = Human::prompt();
    let told = company.command("login", 0).human(&human).told();
    assert!(told.expect(0, &[]).stdout.contains("as ada@acme.example"), "{told:?}");
    // The second server needs nobody.
    let nobody = Human::at_ease();
    company.command("login", 1).human(&nobody).told().expect(0, &[]);
    let again = company.command("login", 1).human(&nobody).told();
    assert!(again.expect(0, &[]).stdout.contains("already signed in"), "{again:?}");
    company.works(0, &nobody);
    assert_eq!((human.windows(), nobody.windows()), (1, 0));
}

#[test]
fn at_the_identity_provider_too_a_person_may_sign_in_with_a_code() {
    let company = Company::new(1);
    company.provider.change(|it| it.device = Some(Device::default()));
    let shell = company.command("login", 0).arg("--device-code").at_shell();
    let told = shell.wait_stderr("WDJB-0001\n");
    let word = told.split_whitespace().find(|word| word.contains("/device?")).unwrap();
    assert!(word.starts_with(&company.provider.issuer()), "{word}");
    Visit::by_link(word).consent();
    assert!(shell.finish().expect(0, &[]).stdout.contains("as ada@acme.example"));
    assert_eq!(company.provider.asked(Endpoint::Device)[0].need("scope"), "openid offline_access");
    company.works(0, &Human::at_ease());

    company.provider.change(|it| it.device = None);
    let told = company.command("login", 0).args(["--device-code", "--force"]).told();
    told.expect(3, &["offers no sign-in with a code", "without --device-code: mcpbridge login"]);
    assert!(!told.stderr.trim().ends_with("--device-code"), "{told:?}");
}

#[test]
fn five_editors_for_two_servers_open_one_window() {
    let company = Company::new(2);
    let human = Human::at_ease();
    let mut bridges: Vec<Bridge> = (0..5).map(|at| company.relay(at % 2, &human).spawn()).collect();
    for bridge in &mut bridges {
        bridge.send(initialize(0, VERSION));
    }
    human.visit().consent();
    for bridge in &mut bridges {
        bridge.expect_result("0");
        bridge.send(support::INITIALIZED);
        bridge.send(call(1));
        bridge.expect_result("1");
    }
    assert_eq!(human.windows(), 1);
    assert_eq!(company.provider.asked(Endpoint::OtherGrant).len(), 2, "one exchange for each server");
}

#[test]
fn a_token_is_renewed_by_another_exchange_without_anybody() {
    let company = Company::new(1);
    let human = Human::prompt();
    let mut bridge = company.relay(0, &human).ready();
    let office = &company.offices[0];
    for id in 1..=3 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        office.authorization.ledger.drop_access_tokens();
    }
    assert_eq!((human.windows(), company.provider.asked(Endpoint::OtherGrant).len()), (1, 3));
    let opened = office.server.matching(|request| request.is("initialize")).len();
    assert_eq!(opened, 2, "one without a token, and one session for all");
}

#[test]
fn a_store_in_memory_remembers_the_sign_in_as_long_as_its_relay() {
    let company = Company::new(1);
    let human = Human::prompt();
    let mut bridge = company.relay(0, &human).env("MCPBRIDGE_CREDENTIAL_STORE", "memory").ready();
    for id in 1..=3 {
        bridge.send(call(id));
        bridge.expect_result(&id.to_string());
        company.offices[0].authorization.ledger.drop_access_tokens();
    }
    assert_eq!((human.windows(), company.provider.asked(Endpoint::OtherGrant).len()), (1, 3));
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    for (path, text) in support::files(company.home.path()) {
        assert!(!text.contains("access-") && !text.contains("eyJ"), "{}", path.display());
    }
}

#[test]
fn a_store_in_memory_remembers_the_sign_in_also_when_a_server_refuses_it() {
    let company = Company::new(1);
    let office = &company.offices[0].authorization;
    office.change(|it| it.unattended.trusts.clear());
    let human = Human::prompt();
    let mut bridge = company.relay(0, &human).env("MCPBRIDGE_CREDENTIAL_STORE", "memory").spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["nobody knows the issuer"]);
    office.change(|it| it.unattended.trusts = vec![company.provider.issuer()]);
    bridge.send(initialize(1, VERSION));
    bridge.expect_result("1");
    assert_eq!(human.windows(), 1);
}

#[test]
fn another_client_at_the_identity_provider_does_not_get_the_sign_in_of_this_one() {
    let company = Company::new(2);
    company.provider.change(|it| {
        it.clients.push(Client::given("another-at-home", Proof::Basic("h0me-secret".to_owned())));
    });
    let human = Human::prompt();
    company.works(0, &human);
    company.id_tokens_are(company.id_token_for("another-at-home", 3600));
    let mut bridge = company.flags_as("another-at-home", Bridge::to(&company.offices[1].server)).human(&human).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(human.windows(), 2);
    end_well(bridge);
}

#[test]
fn an_id_token_that_has_expired_is_renewed_with_the_refresh_token() {
    let company = Company::new(1);
    company.id_tokens_live(-1);
    let human = Human::prompt();
    // None that is alive is given: the refresh token stands for the person.
    company.works(0, &human);
    let exchanged = company.provider.wait(1, Endpoint::OtherGrant);
    assert_eq!(exchanged.need("subject_token_type"), "urn:ietf:params:oauth:token-type:refresh_token");
    company.id_tokens_live(3600);
    company.offices[0].authorization.ledger.drop_access_tokens();
    company.works(0, &human);
    let exchanged = company.provider.wait(2, Endpoint::OtherGrant);
    assert_eq!(exchanged.need("subject_token_type"), "urn:ietf:params:oauth:token-type:id_token");
    assert_eq!(human.windows(), 1);
}

#[test]
fn a_sign_in_that_the_identity_provider_has_ended_is_made_anew_once() {
    let company = Company::new(1);
    let human = Human::prompt();
    company.works(0, &human);
    company.provider.ledger.revoke_all();
    company.offices[0].authorization.ledger.drop_access_tokens();
    company.provider.fail_next(Endpoint::OtherGrant, Fault::error(400, "invalid_grant"));
    company.works(0, &human);
    assert_eq!(human.windows(), 2);
    // One that never takes it is not asked for ever.
    company.offices[0].authorization.ledger.drop_access_tokens();
    company.provider.fail(Endpoint::OtherGrant, Fault::error(400, "invalid_grant"));
    let mut bridge = company.relay(0, &human).spawn();
    bridge.send(initialize(0, VERSION));
    refusal(&mut bridge, &["invalid_grant", "--idp", "--force"]);
    assert!(human.windows() <= 4, "{} windows", human.windows());
}

#[test]
fn an_id_token_of_somebody_else_needs_no_sign_in() {
    let company = Company::new(1);
    let nobody = Human::at_ease();
    let token = company.id_token(60);
    let launch = company.relay(0, &nobody).args(["--idp-token", "env:ID_TOKEN"]);
    let mut bridge = launch.env("ID_TOKEN", &token).ready();
    bridge.send(call(1));
    bridge.expect_result("1");
    assert_eq!(company.provider.wait(1, Endpoint::OtherGrant).need("subject_token"), token);
    assert_eq!(nobody.windows(), 0);
    bridge.close_stdin();
    assert_eq!(bridge.wait_exit(PATIENCE), 0);
    assert!(!bridge.stderr().contains(&token));
    let with = |token: &str, code: i32, words: &[&str]| {
        let launch = company.command("login", 0).args(["--idp-token", "env:ID_TOKEN", "--force"]);
        launch.env("ID_TOKEN", token).told().expect(code, words);
    };
    with(&company.id_token(-60), 3, &["the id token from env:ID_TOKEN expired 6", "a fresh one"]);
    with("opaque", 3, &["invalid_grant", "the id token is no JWT", "put a token into env:ID_TOKEN"]);
    with("", 2, &["env:ID_TOKEN is empty"]);
}

#[test]
fn what_an_organization_gives_slowly_is_waited_for_when_the_editor_has_left() {
    let company = Company::new(2);
    company.works(0, &Human::prompt());
    company.provider.fail(Endpoint::OtherGrant, Fault::Slow(Duration::from_secs(1)));
    let token = company.id_token(60);
    let nobody = Human::at_ease();
    let by_token = company.relay(0, &nobody).args(["--idp-token", "env:ID_TOKEN"]).env("ID_TOKEN", &token);
    company.offices[0].authorization.ledger.drop_access_tokens();
    for launch in [company.relay(1, &nobody), by_token] {
        let mut bridge = launch.spawn();
        bridge.send(initialize(0, VERSION));
        bridge.close_stdin();
        bridge.expect_result("0");
        assert_eq!(bridge.wait_exit(PATIENCE), 0, "{}", bridge.stderr());
    }
    assert_eq!(nobody.windows(), 0);
}

#[test]
fn login_asks_nobody_where_nobody_is_and_uses_what_is_there() {
    let company = Company::new(2);
    let human = Human::at_ease();
    for flags in [&[][..], &["--force"], &["--device-code"]] {
        for launch in [company.command("login", 0).env("CI", "1"), company.command("login", 0).arg("--non-interactive")]
        {
            let began = Instant::now();
            let told = launch.args(flags.iter().copied()).human(&human).told();
            told.expect(3, &["nobody is asked here", "--idp", "--interactive"]);
            // A second is promised; this machine may be busy.
            assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        }
    }
    assert!(
        company.provider.asked(Endpoint::Authorize).is_empty() && company.provider.asked(Endpoint::Device).is_empty()
    );
    company.works(0, &Human::prompt());
    let login = || company.command("login", 1).env("CI", "1").human(&human);
    login().told().expect(0, &[]);
    let token = company.id_token(60);
    let by_token = login().args(["--idp-token", "env:ID_TOKEN", "--force"]).env("ID_TOKEN", &token);
    by_token.told().expect(0, &[]);
    login().arg("--force").told().expect(3, &["--interactive"]);
    // A sign-in is there, and what is wrong is something else.
    company.offices[1].authorization.ledger.drop_access_tokens();
    company.provider.fail(Endpoint::OtherGrant, Fault::error(400, "access_denied"));
    login().told().expect(4, &["access_denied"]);
    assert_eq!(human.windows(), 0);
}

#[test]
fn a_refusal_says_who_refuses_and_whom_to_ask() {
    type Case = (fn(&Company), i32, &'static [&'static str]);
    let cases: [Case; 6] = [
        (
            |it| it.provider.fail(Endpoint::OtherGrant, Fault::error(400, "access_denied")),
            4,
            &["access_denied", "whoever runs the identity provider"],
        ),
        (
            |it| it.provider.change(|it| it.unattended.vouches_as = Some("another".to_owned())),
            4,
            &["invalid_grant", "another client", "ask its operator"],
        ),
        (
            |it| it.offices[0].authorization.change(|it| it.unattended.trusts.clear()),
            4,
            &["invalid_grant", "nobody knows the issuer"],
        ),
        (
            |it| it.offices[0].authorization.change(|it| it.unattended.grants.clear()),
            4,
            &["does not offer the jwt-bearer grant"],
        ),
        (
            |it| it.offices[0].authorization.change(|it| it.clients[0].proof = Proof::Basic("0ther".to_owned())),
            4,
            &["invalid_client", "--static-oauth-client-info"],
        ),
        (|it| it.provider.fail(Endpoint::OtherGrant, Fault::status(503)), 5, &["503"]),
    ];
    for (change, code, words) in cases {
        let company = Company::new(1);
        change(&company);
        let human = Human::prompt();
        let told = company.command("login", 0).human(&human).told();
        told.expect(code, words);
        for secret in ["h0me-secret", "0ffice-secret", "eyJ"] {
            assert!(!told.stderr.contains(secret), "{told:?}");
        }
        assert_eq!(human.windows(), 1, "{told:?}");
    }
}

#[test]
fn an_identity_provider_that_cannot_be_used_is_named() {
    type Case = (fn(&mut Manners), i32, &'static [&'static str]);
    let cases: [Case; 3] = [
        (|it| it.documents.clear(), 6, &["publishes no metadata", "check --idp"]),
        (
            |it| it.clients[0].proof = Proof::Basic("0ther".to_owned()),
            4,
            &["invalid_client", "check --idp-client-id and --idp-client-secret"],
        ),
        (|it| it.tokens.extra.clear(), 4, &["gives no id token", "openid"]),
    ];
    for (change, code, words) in cases {
        let company = Company::new(1);
        company.provider.change(change);
        company.command("login", 0).human(&Human::prompt()).told().expect(code, words);
    }
}

#[test]
fn somebody_who_declines_is_told_the_command_that_helps_and_is_not_asked_again() {
    let company = Company::new(1);
    let human = Human::unwilling();
    let command = format!(
        "mcpbridge login {} --idp {} --idp-client-id {AT_HOME}",
        company.offices[0].server.url(),
        company.provider.issuer()
    );
    for _ in 0..2 {
        let mut bridge = company.relay(0, &human).spawn();
        bridge.send(initialize(0, VERSION));
        refusal(&mut bridge, &["access_denied", &command]);
    }
    assert_eq!(human.windows(), 1);
}

#[test]
fn what_an_organization_needs_is_asked_for() {
    let world = World::new().may_be_unused();
    let id = r#"{"client_id":"x"}"#;
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--idp", "http://acme.example", "--idp-client-id", "x"], &["--idp is not the issuer"]),
        (&["--idp", "https://acme.example", "--static-oauth-client-info", id], &["--idp-client-id"]),
        (&["--idp", "https://acme.example", "--idp-client-id", "x"], &["--static-oauth-client-info"]),
        (&["--idp", "https://acme.example", "--client-credentials"], &["two ways to sign in"]),
    ];
    for (flags, words) in cases {
        Bridge::bare().args(["login", &world.server.url()]).args(flags).told().expect(2, words);
    }
}
