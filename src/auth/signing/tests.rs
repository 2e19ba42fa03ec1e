//! Every form of the same key, and what is no key that can be used. The keys are of these tests alone.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::*;

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name))
    };
}

const RSA: [&str; 3] = [key!("rsa_pkcs8.pem"), key!("rsa_pkcs1.pem"), key!("rsa.jwk")];
const P256: [&str; 3] = [key!("p256_pkcs8.pem"), key!("p256_sec1.pem"), key!("p256.jwk")];
const ED: [&str; 2] = [key!("ed25519_pkcs8.pem"), key!("ed25519.jwk")];

#[test]
fn every_form_of_a_key_signs_what_its_public_half_verifies() {
    let kinds: [(&[&str], Algorithm, &dyn VerificationAlgorithm); 3] = [
        (&RSA, Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
        (&P256, Algorithm::Es256, &ECDSA_P256_SHA256_FIXED),
        (&ED, Algorithm::EdDsa, &ED25519),
    ];
    for (forms, algorithm, verifies) in kinds {
        let half = public(&read(forms[0]));
        for form in forms {
            let key = read(form);
            assert_eq!((key.algorithm(), public(&key)), (algorithm, half.clone()), "{form}");
            let token = key.assertion("me", "https://as.example", 1000).unwrap();
            let (signed, signature) = token.expose().rsplit_once('.').unwrap();
            let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            UnparsedPublicKey::new(verifies, &half).verify(signed.as_bytes(), &signature).unwrap();
            assert!(UnparsedPublicKey::new(verifies, &half).verify(b"another text", &signature).is_err());
        }
    }
}

#[test]
fn an_assertion_says_who_asks_whom_and_is_never_the_same() {
    let key = SigningKey::read(&Secret::new(P256[0]), Some("key-7")).unwrap();
    let tokens = [(); 2].map(|()| key.assertion("me", "https://as.example", 1000).unwrap());
    let part = |token: &Secret, at| {
        let part = BASE64_URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(at).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&part).unwrap()
    };
    assert_eq!(part(&tokens[0], 0), json!({ "alg": "ES256", "typ": "JWT", "kid": "key-7" }));
    let mut claims = part(&tokens[0], 1);
    let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    let expected = json!({ "iss": "me", "sub": "me", "aud": "https://as.example", "iat": 1000, "exp": 1300 });
    assert_eq!(claims, expected);
    assert_ne!(id, part(&tokens[1], 1)["jti"]);
}

#[test]
fn of_a_set_the_key_with_the_name_is_taken() {
    let named = |jwk: &str, id: &str| {
        let mut jwk: Value = serde_json::from_str(jwk).unwrap();
        jwk["kid"] = id.into();
        jwk
    };
    let set = |keys: &[Value]| Secret::new(json!({ "keys": keys }).to_string());
    let two = set(&[named(P256[2], "one"), named(ED[1], "two")]);
    let key = SigningKey::read(&two, Some("two")).unwrap();
    assert_eq!((key.algorithm(), key.id.as_deref()), (Algorithm::EdDsa, Some("two")));
    for id in [None, Some("three")] {
        assert!(SigningKey::read(&two, id).unwrap_err().remedy.contains("--key-id"));
    }
    let key = SigningKey::read(&set(&[named(P256[2], "one")]), None).unwrap();
    assert_eq!((key.algorithm(), key.id.as_deref()), (Algorithm::Es256, Some("one")));
}

#[test]
fn what_cannot_sign_says_why_and_nothing_of_the_key() {
    let public: Value = {
        let mut key: Value = serde_json::from_str(P256[2]).unwrap();
        key.as_object_mut().unwrap().remove("d");
        key
    };
    let half: Value = {
        let mut key: Value = serde_json::from_str(RSA[2]).unwrap();
        key.as_object_mut().unwrap().remove("qi");
        key
    };
    for (text, says) in [
        ("", "no private key"),
        ("s3cret", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nc3RpbGw=\n-----END PRIVATE KEY-----", "cannot be used"),
        (key!("rsa_1024.pem"), "2048"),
        (key!("p384_sec1.pem"), "cannot be used"),
        (key!("p256_encrypted.pem"), "encrypted"),
        (key!("p256_public.pem"), "public half"),
        (&public.to_string(), "public half"),
        (&half.to_string(), "a part of the key is missing"),
        (r#"{"kty":"oct","d":"","k":"s3cret"}"#, "cannot be used"),
        (r#"{"kty":"OKP","crv":"X25519","d":"c3RpbGw"}"#, "cannot be used"),
        (r#"{"kty":"#, "begins as JSON"),
    ] {
        let wrong = SigningKey::read(&Secret::new(text), None).unwrap_err();
        assert!(wrong.fact.contains(says), "{text}: {wrong:?}");
        assert!(!wrong.remedy.is_empty());
    }
}

fn read(text: &str) -> SigningKey {
    SigningKey::read(&Secret::new(text), None).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn public(key: &SigningKey) -> Vec<u8> {
    match &key.pair {
        Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
        Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
    }
}
