//! Which request goes where. Routes work on the locked world and never wait.

mod accounts;
mod addresses;
mod assignments;
mod bundles;
mod objects;
mod types;

use super::answers::{Answer, Refused};
use super::call::{Call, Method};
use super::faults::Lag;
use super::policies::BundleKind;
use super::sid::Sid;
use super::undocumented::Undocumented;
use super::world::{AccountStatus, Birth, World};

/// A request that is being carried out.
pub struct Ctx<'a> {
    pub world: &'a mut World,
    pub call: &'a Call,
    pub now_ms: u64,
    pub review_ms: u64,
    pub rules: &'a Undocumented,
    pub lag: &'a Lag,
    pub accounts_on_demand: bool,
    /// A submission is answered as if nothing had been asked.
    pub submissions_are_ignored: bool,
    /// What this request makes is hidden from lists for so long.
    pub hide_ms: u64,
}

/// Carries out a request for the account that authenticated.
pub fn route(ctx: &mut Ctx, account: Sid) -> Result<Answer, Refused> {
    let call = ctx.call;
    let segments: Vec<&str> = call.path.split('/').skip(1).collect();
    match segments.as_slice() {
        ["v1", "CustomerProfiles", rest @ ..] => {
            bundles::route(ctx, account, BundleKind::CustomerProfile, rest)
        }
        ["v1", "TrustProducts", rest @ ..] => bundles::route(ctx, account, BundleKind::TrustProduct, rest),
        ["v1", "EndUsers", rest @ ..] => objects::route(ctx, account, objects::Collection::EndUsers, rest),
        ["v1", "SupportingDocuments", rest @ ..] => {
            objects::route(ctx, account, objects::Collection::SupportingDocuments, rest)
        }
        ["v1", "Policies", rest @ ..] => types::policies(ctx, rest),
        ["v1", "EndUserTypes", rest @ ..] => types::end_user_types(ctx, rest),
        ["v1", "SupportingDocumentTypes", rest @ ..] => types::document_types(ctx, rest),
        ["2010-04-01", rest @ ..] => accounts::route(ctx, account, rest),
        _ => Err(ctx.not_found()),
    }
}

/// The account that the request's credentials belong to.
pub fn authenticate(ctx: &mut Ctx) -> Result<Sid, Refused> {
    let refused = |message| Refused::new(401, 20003, message);
    let Some((user, password)) = &ctx.call.credentials else { return Err(refused("Authenticate")) };
    let Some(sid) = Sid::of_kind("AC", user) else {
        return Err(refused("Authentication Error - invalid username"));
    };
    ctx.demand_account(sid);
    let Some(account) = ctx.world.accounts.get(&sid) else {
        return Err(refused("Authentication Error - invalid username"));
    };
    if account.token != *password {
        return Err(refused("Authenticate"));
    }
    ctx.is_active(sid)?;
    Ok(sid)
}

impl Ctx<'_> {
    pub fn method(&self) -> Method {
        self.call.method
    }

    pub fn not_found(&self) -> Refused {
        Refused::not_found(&self.call.path)
    }

    /// SID and birth of what this request makes.
    pub fn next(&self, prefix: &str, account: Sid) -> (Sid, Birth) {
        let (sid, birth) = self.world.next(prefix, account, self.now_ms);
        (
            sid,
            Birth { hidden_until_ms: if self.hide_ms > 0 { self.now_ms + self.hide_ms } else { 0 }, ..birth },
        )
    }

    /// Whether a thing shows in lists already.
    pub fn is_listed(&self, birth: &Birth) -> bool {
        self.lag.is_listed(birth, self.now_ms)
    }

    /// Whether a thing can be reached by its SID already.
    pub fn is_reachable(&self, birth: &Birth) -> bool {
        self.lag.is_reachable(birth, self.now_ms)
    }

    /// Refuses for an account that is suspended or closed, itself or by its parent.
    pub fn is_active(&self, sid: Sid) -> Result<(), Refused> {
        let is_active =
            |sid: Sid| self.world.accounts.get(&sid).is_some_and(|a| a.status == AccountStatus::Active);
        if is_active(sid) && is_active(self.world.parent) {
            return Ok(());
        }
        Err(Refused::new(self.rules.suspended_http_status, 20005, "Account not active"))
    }

    /// With accounts on demand, makes the account if it is not there.
    pub fn demand_account(&mut self, sid: Sid) {
        if self.accounts_on_demand {
            super::seed::demand_account(self.world, sid, self.now_ms);
        }
    }

    /// A FriendlyName of Trust Hub: something, and not too long.
    pub fn friendly_name<'v>(&self, value: &'v str) -> Result<&'v str, Refused> {
        if value.is_empty() {
            return Err(Refused::invalid("FriendlyName", "it is empty"));
        }
        match value.chars().count() <= self.rules.friendly_name_chars_max {
            true => Ok(value),
            false => Err(Refused::invalid("FriendlyName", "it is too long")),
        }
    }

    /// The text of the Attributes parameter: a JSON object.
    pub fn attributes(&self) -> Result<Option<String>, Refused> {
        let Some(text) = self.call.form.get("Attributes") else { return Ok(None) };
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Ok(map) => Ok(Some(serde_json::Value::Object(map).to_string())),
            Err(_) => Err(Refused::new(400, 22207, "Attributes could not be parsed as a JSON object")),
        }
    }
}
