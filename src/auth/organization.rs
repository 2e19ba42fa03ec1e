//! Grants that an organization's identity provider vouches for (the MCP extension
//! `io.modelcontextprotocol/enterprise-managed-authorization`): a person signs in there once, and every
//! grant of every server is asked for with that, and renewed without them.

use super::Options;
use super::change::{self, Demand, Denied, How, Job, Outcome, Tools, digest};
use super::discovery::{AuthorizationServer, Discovery, Fit, ResourceChoice, published};
use super::dpop::Proofs;
use super::flow::{Flow, Organization};
use super::grants::token_exchange::{Subject, SubjectKind};
use super::grants::{Asking, Trouble};
use super::registration::{Given, Wishes};
use super::step::in_step;
use super::token;
use super::unattended::{adopt, obtain, told};
use crate::clock::now;
use crate::failure::{Failure, Kind};
use crate::http::Http;
use crate::secret::Secret;
use crate::source::Source;
use crate::store::{Client, Credential, Grant, Key, OAuth};

/// What an organization asks with.
pub struct Voucher {
    /// What stands for the person.
    pub subject: Subject,
    /// Says who they are.
    pub id_token: Option<Secret>,
    /// The sign-in that it comes from, if there was one.
    pub lineage: Option<String>,
    provider: AuthorizationServer,
    client: Client,
    remedy: String,
}

impl Organization {
    /// Where the sign-in at the identity provider is kept. `account` is the one that the person named.
    ///
    /// # Errors
    /// The issuer is no URL, which was checked.
    pub fn sign_in_key(&self, account: Option<&str>) -> Result<Key, Failure> {
        let issuer = url::Url::parse(&self.issuer);
        let issuer = issuer.map_err(|_| Failure::new(Kind::Internal, "the issuer of the organization was lost"))?;
        Ok(Key::new(&issuer, None, account))
    }

    /// The sign-in at the identity provider, for a grant with these `options`.
    fn sign_in(&self, options: &Options, secret: Option<Secret>) -> Options {
        let given = Given { id: self.client.clone(), secret, authentication: None };
        Options {
            server: self.issuer.clone(),
            flow: Flow::Provider { behind: options.behind() },
            resource: ResourceChoice::Disabled,
            authorize: Vec::new(),
            client: Wishes { given: Some(given), ..Wishes::default() },
            // It is the one that stands for the person, and whose end counts.
            use_id_token: true,
            ..options.clone()
        }
    }
}

/// Makes the grant of `job` good, for which a person may have to sign in at the identity provider.
pub async fn change(job: &Job, tools: &Tools<'_>, organization: &Organization) -> Outcome {
    match begin(job, tools, organization).await {
        Ok(outcome) => outcome,
        Err(denied) => Outcome::Denied(denied),
    }
}

async fn begin(job: &Job, tools: &Tools<'_>, organization: &Organization) -> Result<Outcome, Denied> {
    // Nobody is asked for what is there.
    if let Some(grant) = adopt(job, tools).await? {
        return Ok(Outcome::Published(Box::new(grant), How::Kept));
    }
    let mut refused = None;
    loop {
        let vouched = match &organization.token {
            Some(source) => given(job, tools, organization, source).await?,
            None => match signed_in(job, tools, organization, refused.clone()).await {
                Outcome::Published(grant, _) => voucher(job, tools, organization, *grant).await?,
                outcome => return Ok(outcome),
            },
        };
        match obtain(job, tools, Some(&vouched)).await {
            Ok((grant, how)) => return Ok(Outcome::Published(Box::new(grant), how)),
            // The identity provider has ended the sign-in before its time: it is renewed there, or made anew.
            Err(Trouble::InvalidGrant(_))
                if refused.is_none() && vouched.id_token.is_some() && vouched.lineage.is_some() =>
            {
                refused = vouched.id_token.as_ref().map(|token| digest(token.expose()));
            }
            Err(trouble) => return Err(told(job, trouble).into()),
        }
    }
}

/// The sign-in at the identity provider: kept, renewed, or made now. `refused` is the digest of an id
/// token that it does not take any more.
async fn signed_in(job: &Job, tools: &Tools<'_>, organization: &Organization, refused: Option<String>) -> Outcome {
    let secret = match secret(tools, organization).await {
        Ok(secret) => secret,
        Err(failure) => return Outcome::Denied(failure.into()),
    };
    let options = organization.sign_in(&job.options, secret);
    let job = Job { options, demand: Demand::Renewal, refused, renewed_in_vain: false, ..job.clone() };
    Box::pin(change::change(&job, tools)).await
}

async fn secret(tools: &Tools<'_>, organization: &Organization) -> Result<Option<Secret>, Failure> {
    match &organization.secret {
        Some(source) => source.read(tools.store).await.map(Some),
        None => Ok(None),
    }
}

/// What a kept sign-in is worth.
async fn voucher(job: &Job, tools: &Tools<'_>, organization: &Organization, grant: Grant) -> Result<Voucher, Failure> {
    let lost = || {
        let fact = format!("the sign-in at {} has ended", organization.issuer);
        Failure::new(Kind::SignInRequired, fact).remedy(format!("run: {}", job.options.command("login")))
    };
    let Credential::OAuth(oauth) = grant.credential else { return Err(lost()) };
    let alive = oauth.id_token.clone().filter(|_| oauth.is_alive(now(), 0));
    let token = |token: Secret, kind| Subject { token, kind };
    let subject = alive.map(|alive| token(alive, SubjectKind::IdToken));
    let renewable = oauth.refresh_token.clone().map(|refresh| token(refresh, SubjectKind::RefreshToken));
    let url = url::Url::parse(&oauth.token_endpoint).map_err(|_| lost())?;
    let client = Client { secret: secret(tools, organization).await?, ..oauth.client };
    Ok(Voucher {
        subject: subject.or(renewable).ok_or_else(lost)?,
        id_token: oauth.id_token,
        lineage: Some(grant.lineage),
        provider: AuthorizationServer::at(oauth.issuer, url),
        client,
        remedy: format!("run: {} --force", job.options.command("login")),
    })
}

/// What a token is worth that somebody else has got.
async fn given(job: &Job, tools: &Tools<'_>, organization: &Organization, source: &Source) -> Result<Voucher, Failure> {
    let token = source.read(tools.store).await?;
    if let Some(ago) = token::end(&token).and_then(|end| now().checked_sub(end)) {
        let fact = format!("the id token from {source} expired {ago} s ago");
        return Err(Failure::new(Kind::SignInRequired, fact).remedy("a fresh one has to be put there"));
    }
    let provider = in_step(job.options.step, published(tools.http, &organization.issuer)).await?;
    let given =
        Given { id: organization.client.clone(), secret: secret(tools, organization).await?, authentication: None };
    Ok(Voucher {
        client: given.client(&provider, ""),
        provider,
        subject: Subject { token: token.clone(), kind: SubjectKind::IdToken },
        id_token: Some(token),
        lineage: None,
        remedy: format!("put a token into {source} that {} issued for {}", organization.issuer, organization.client),
    })
}

impl Voucher {
    /// Who asks the identity provider.
    pub fn asking<'a>(&'a self, http: &'a Http) -> Asking<'a> {
        Asking { http, server: &self.provider, client: &self.client, key: None, binding: None }
    }

    /// A refusal of the identity provider, with what to do about it.
    pub fn refused(&self, trouble: Trouble) -> Trouble {
        match trouble {
            Trouble::InvalidGrant(failure) => Trouble::InvalidGrant(failure.remedy(self.remedy.as_str())),
            Trouble::InvalidClient(failure) => {
                Trouble::Refused(failure.remedy("check --idp-client-id and --idp-client-secret"))
            }
            Trouble::Refused(failure) if failure.kind == Kind::SignInRefused => {
                let remedy = "ask whoever runs the identity provider whether this client may use this server";
                Trouble::Refused(failure.remedy(remedy))
            }
            trouble => trouble,
        }
    }
}

/// How a person signs in at the identity provider that `issuer` names.
///
/// # Errors
/// It publishes nothing that can be used, or is not `fit`.
pub async fn discover(http: &Http, issuer: &str, fit: &Fit<'_>) -> Result<Discovery, Failure> {
    let mut server = published(http, issuer).await?;
    // That it has to be promised is a rule of MCP for its authorization servers; some identity
    // providers support it and do not say so.
    server.code_challenge_methods_supported.get_or_insert_with(|| vec!["S256".to_owned()]);
    fit(&server)?;
    let (resource_scopes, proofs) = (Some(vec!["openid".to_owned()]), Proofs::default());
    Ok(Discovery { resource: None, resource_scopes, server, fallback: false, proofs })
}

/// The sign-in at an identity provider: what counts of it is the id token.
///
/// # Errors
/// There is none.
pub fn identity(oauth: OAuth) -> Result<OAuth, Failure> {
    let Some(id_token) = &oauth.id_token else {
        let fact = format!("{} gives no id token", oauth.issuer);
        let remedy = "the client of --idp-client-id has to be one for OpenID Connect, with the scope openid";
        return Err(Failure::new(Kind::SignInRefused, fact).remedy(remedy));
    };
    let expires_at = token::end(id_token);
    Ok(OAuth { expires_at, ..oauth })
}
