//! What a proof says, verified, and when there is one.

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::*;

fn proof(key: &Arc<ProofKey>, url: &str, token: Option<&str>, nonce: Option<&str>) -> (Value, Value) {
    let token = token.map(Secret::new);
    let proof = key.prove(token.as_ref())(&Method::POST, &Url::parse(url).unwrap(), nonce).unwrap();
    assert!(proof.is_sensitive());
    let parts: Vec<&str> = proof.to_str().unwrap().split('.').collect();
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let json = |text: &str| serde_json::from_slice::<Value>(&bytes(text)).unwrap();
    let (head, claims) = (json(parts[0]), json(parts[1]));
    let half = |name: &str| bytes(head["jwk"][name].as_str().unwrap());
    let point = [&[4], half("x").as_slice(), &half("y")].concat();
    let signed = format!("{}.{}", parts[0], parts[1]);
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &bytes(parts[2])).unwrap();
    (head, claims)
}

#[test]
fn a_proof_says_what_it_is_for_and_has_only_the_public_half() {
    let key = ProofKey::generate().unwrap();
    let (head, claims) = proof(&key, "https://u:p@h.example:8443/mcp?key=s3cret#f", Some("token"), Some("n1"));
    assert_eq!((&head["typ"], &head["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
    let members: Vec<&String> = head["jwk"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["crv", "kty", "x", "y"]);
    assert_eq!((&claims["htm"], &claims["htu"]), (&json!("POST"), &json!("https://h.example:8443/mcp")));
    // The SHA-256 of "token".
    assert_eq!(
        (&claims["ath"], &claims["nonce"]),
        (&json!("PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"), &json!("n1"))
    );
    assert!(claims["iat"].as_u64().unwrap().abs_diff(now()) <= 5);

    let (_, bare) = proof(&key, "https://h.example:443", None, None);
    assert_eq!((&bare["htu"], bare.get("ath"), bare.get("nonce")), (&json!("https://h.example/"), None, None));
    assert!(bare["jti"] != claims["jti"] && bare["jti"].as_str().unwrap().len() == 22);
}

#[test]
fn a_key_is_read_as_it_was_kept_and_cannot_be_printed() {
    let key = ProofKey::generate().unwrap();
    let again = ProofKey::read(key.kept()).unwrap();
    assert_eq!(key, again);
    assert_ne!(key, ProofKey::generate().unwrap());
    let kept = key.kept().expose();
    assert!(!format!("{key:?}").contains(kept) && kept.len() < 200, "it has to fit beside the tokens");
    for damage in ["", "no key", &kept[..100], &kept.replace(&kept[60..64], "AAAA")] {
        assert!(ProofKey::read(&Secret::new(damage)).is_none(), "{damage}");
    }
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    let key = ProofKey::generate().unwrap();
    let (head, _) = proof(&key, "https://h.example/", None, None);
    let public = json!({ "crv": "P-256", "kty": "EC", "x": head["jwk"]["x"], "y": head["jwk"]["y"] }).to_string();
    assert_eq!(key.thumbprint(), BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(public)));
}

#[test]
fn tokens_are_bound_where_somebody_offers_it_and_nobody_lacks_the_algorithm() {
    let list =
        |list: Option<&str>| list.map(|list| list.split(' ').filter(|it| !it.is_empty()).map(str::to_owned).collect());
    let challenge = |alone, algorithms: Option<&str>| {
        let dpop = Dpop { alone, algorithms: algorithms.map(str::to_owned), ..Dpop::default() };
        Some(Bearer { dpop: Some(dpop), ..Bearer::default() })
    };
    let plain = Some(Bearer::default());
    for (server, required, resource, challenge, expected) in [
        (None, false, None, plain.clone(), Ok(false)),
        (Some("ES256"), false, None, plain.clone(), Ok(true)),
        (Some("RS256 ES256"), false, None, None, Ok(true)),
        (Some("RS256"), false, None, plain.clone(), Ok(false)),
        (Some(""), false, None, plain.clone(), Ok(false)),
        (None, false, Some("ES256"), plain.clone(), Ok(true)),
        (Some("ES256"), false, Some("PS256"), plain.clone(), Ok(false)),
        (None, true, None, plain.clone(), Ok(true)),
        (None, false, None, challenge(false, None), Ok(true)),
        (None, false, None, challenge(true, Some("ES256 PS256")), Ok(true)),
        (Some("ES256"), false, None, challenge(false, Some("PS256")), Ok(false)),
        (Some("RS256 PS256"), true, None, plain.clone(), Err("RS256, PS256")),
        (Some(""), true, None, plain, Err("signed with none")),
        (
            Some("ES256"),
            false,
            None,
            challenge(true, Some("EdDSA")),
            Err("the MCP server takes DPoP proofs that are signed with EdDSA"),
        ),
        (Some("RS256"), false, None, challenge(true, None), Err("https://as.example takes DPoP proofs")),
    ] {
        let token = Url::parse("https://as.example/token").unwrap();
        let mut at = AuthorizationServer::at("https://as.example".into(), token);
        at.dpop_algorithms = list(server);
        let found = wanted(&at, &Proofs { required, algorithms: list(resource) }, challenge.as_ref());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{server:?} {resource:?} {challenge:?}"),
            (Err(failure), Err(part)) => {
                assert!(failure.fact.contains(part), "{failure}");
                assert!(failure.remedy.unwrap().contains("ES256"));
            }
            (found, expected) => panic!("{server:?} {resource:?} {challenge:?}: {found:?} and not {expected:?}"),
        }
    }
}

#[test]
fn a_refused_proof_names_a_clock_that_is_wrong() {
    let at = |ahead: i64| {
        let then = std::time::SystemTime::now() + std::time::Duration::from_secs(7200);
        let date = httpdate::fmt_http_date(then - std::time::Duration::from_secs((7200 - ahead).unsigned_abs()));
        HeaderMap::from_iter([(header::DATE, HeaderValue::from_str(&date).unwrap())])
    };
    let said = |headers: &HeaderMap, code: &str| {
        refused("https://h.example/mcp", code, Some("iat is off"), headers, &Secrets::default())
    };
    for (headers, part) in [(at(3600), " s behind the server's"), (at(-3600), " s ahead of the server's")] {
        let failure = said(&headers, "invalid_dpop_proof");
        assert!(failure.fact.contains("iat is off; the clock of this computer is 3"), "{failure}");
        assert!(failure.fact.ends_with(part) && failure.remedy.unwrap().contains("clock"), "{}", failure.fact);
    }
    for headers in [at(0), HeaderMap::new()] {
        assert!(!said(&headers, "invalid_dpop_proof").fact.contains("clock"));
    }
    assert!(said(&HeaderMap::new(), USE_NONCE).fact.ends_with("gives none"));
}
