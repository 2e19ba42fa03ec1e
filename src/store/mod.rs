//! Where grants are kept.

mod grant;

pub use grant::{ApiKey, Authentication, Client, Credential, Grant, OAuth, Origin, Place};
