//! The far side of a sign-in: an authorization server and a protected MCP server that a test tells how to misbehave.

mod authorization;
mod clients;
mod desk;
mod device;
mod documents;
mod dpop;
mod guard;
mod manners;
mod protected;
mod tokens;
mod unattended;

pub use authorization::Authorization;
pub use clients::{Client, Proof};
pub use desk::{Answer, Asked, Desk, Endpoint, Fault};
pub use device::{DEVICE_CODE, Device};
pub use documents::{Page, Place};
pub use dpop::Nonces;
pub use guard::{CHALLENGE, Guard, PROOF_CHALLENGE, STEP_UP};
pub use manners::{Authorize, Binding, ExpiresIn, Iss, Manners, Registration, Rotation, State, Tokens};
pub use protected::Protected;
pub use unattended::{CLIENT_CREDENTIALS, JWT_BEARER, TOKEN_EXCHANGE, Unattended, claims, in_seconds, jwt};
