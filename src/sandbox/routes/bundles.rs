//! Customer profiles and trust products: one code path, told apart by [`BundleKind`].

use super::{Ctx, assignments};
use crate::sandbox::answers::{Answer, Json, Refused};
use crate::sandbox::call::Method;
use crate::sandbox::evaluation::{self, is_email};
use crate::sandbox::paging;
use crate::sandbox::policies::{self, Access, BundleKind};
use crate::sandbox::review::{self, Status};
use crate::sandbox::shapes;
use crate::sandbox::sid::Sid;
use crate::sandbox::undocumented::{EmptyParameter, Stance, SubmissionAnswer};
use crate::sandbox::world::{Bundle, Change, Evaluation, List};
use axum::http::Uri;

/// `/v1/CustomerProfiles…` and `/v1/TrustProducts…`
pub fn route(ctx: &mut Ctx, account: Sid, kind: BundleKind, rest: &[&str]) -> Result<Answer, Refused> {
    match (ctx.method(), rest) {
        (Method::Get, []) => list(ctx, account, kind),
        (Method::Post, []) => create(ctx, account, kind),
        (_, []) => Err(Refused::method_not_allowed()),
        (method, [sid, rest @ ..]) => {
            let bundle = find(ctx, account, kind, sid)?;
            match (method, rest) {
                (Method::Get, []) => {
                    let base_url = &ctx.call.base_url;
                    Ok(Answer::ok(shapes::bundle(ctx.world, bundle, base_url, ctx.now_ms, ctx.rules)))
                }
                (Method::Post, []) => {
                    let bundle = bundle.sid;
                    update(ctx, bundle)
                }
                (Method::Delete, []) => {
                    let bundle = bundle.sid;
                    remove(ctx, bundle)
                }
                (_, []) => Err(Refused::method_not_allowed()),
                (_, ["EntityAssignments", rest @ ..]) => {
                    let bundle = bundle.sid;
                    assignments::entities(ctx, bundle, rest)
                }
                (_, ["ChannelEndpointAssignments", rest @ ..]) => {
                    let bundle = bundle.sid;
                    assignments::channels(ctx, bundle, rest)
                }
                (_, ["Evaluations", rest @ ..]) => {
                    let bundle = bundle.sid;
                    evaluations(ctx, bundle, rest)
                }
                _ => Err(ctx.not_found()),
            }
        }
    }
}

/// The bundle of a path, if it is this account's and of this kind.
fn find<'c>(ctx: &'c Ctx, account: Sid, kind: BundleKind, sid: &str) -> Result<&'c Bundle, Refused> {
    Sid::of_kind("BU", sid)
        .and_then(|sid| ctx.world.bundles.get(&sid))
        .filter(|bundle| bundle.account == account && bundle.kind == kind && ctx.is_reachable(&bundle.birth))
        .ok_or_else(|| ctx.not_found())
}

impl Ctx<'_> {
    /// A bundle that has been found once in this request.
    pub fn bundle(&self, sid: Sid) -> Result<&Bundle, Refused> {
        self.world.bundles.get(&sid).ok_or_else(|| self.not_found())
    }

    pub fn status(&self, bundle: &Bundle) -> Status {
        review::status(self.world, bundle, self.now_ms).0
    }

    /// What StatusCallback asks for, if anything; the inner `None` takes the old one away.
    fn status_callback(&self) -> Result<Option<Option<String>>, Refused> {
        match self.call.form.get("StatusCallback") {
            None => Ok(None),
            Some("") if self.rules.empty_status_callback == Stance::Refused => {
                Err(Refused::invalid("StatusCallback", "it is empty"))
            }
            Some("") if self.rules.empty_parameter == EmptyParameter::IsNotGiven => Ok(None),
            Some("") => Ok(Some(None)),
            Some(url) if is_callable(url) => Ok(Some(Some(url.to_owned()))),
            Some(_) => Err(Refused::invalid("StatusCallback", "it is not a URL")),
        }
    }
}

fn list(ctx: &Ctx, account: Sid, kind: BundleKind) -> Result<Answer, Refused> {
    const FILTERS: [&str; 3] = ["Status", "FriendlyName", "PolicySid"];
    let query = &ctx.call.query;
    let status = match query.get("Status") {
        None => None,
        Some(text) => Some(Status::parse(text).ok_or_else(unknown_status)?),
    };
    let (name, policy) = (query.get("FriendlyName"), query.sid("PolicySid", "RN")?);
    let bundles: Vec<&Bundle> = ctx
        .world
        .list(account, kind.list())
        .iter()
        .rev()
        .filter_map(|sid| ctx.world.bundles.get(sid))
        .filter(|bundle| ctx.is_listed(&bundle.birth))
        .filter(|bundle| name.is_none_or(|name| bundle.friendly_name == name))
        .filter(|bundle| policy.is_none_or(|policy| bundle.policy == policy))
        .filter(|bundle| status.is_none_or(|status| ctx.status(bundle) == status))
        .collect();
    let page = paging::page(&bundles, |bundle| bundle.sid, query)?;
    let rows = page
        .items
        .iter()
        .map(|bundle| shapes::bundle(ctx.world, bundle, &ctx.call.base_url, ctx.now_ms, ctx.rules));
    Ok(Answer::ok(page.trust_hub(ctx.call, &FILTERS, "results", rows)))
}

fn create(ctx: &mut Ctx, account: Sid, kind: BundleKind) -> Result<Answer, Refused> {
    let call = ctx.call;
    let friendly_name = ctx.friendly_name(call.form.required("FriendlyName")?)?;
    let email = email(call.form.required("Email")?)?;
    let policy_sid = call.form.required_sid("PolicySid", "RN")?;
    let status_callback = ctx.status_callback()?.flatten();
    let policy = policies::find(policy_sid.as_str())
        .filter(|policy| policy.bundle == kind)
        .ok_or_else(|| Refused::bad_request(format!("Policy {policy_sid} is not one of {}", kind.path())))?;
    if policy.access == Access::ConsoleOnly {
        return Err(console_only());
    }
    if policy.sid == policies::SECONDARY && parent_is_a_direct_customer(ctx, account) {
        let message = "Unable to create record: Secondary Customer Profile for direct_customer can only be created \
                       through Twilio console.";
        return Err(Refused::bad_request(message));
    }
    let (sid, birth) = ctx.next("BU", account);
    let bundle = Bundle {
        sid,
        account,
        kind,
        policy: policy_sid,
        birth,
        updated_ms: ctx.now_ms,
        friendly_name: friendly_name.to_owned(),
        email: email.to_owned(),
        status_callback,
        valid_until_ms: None,
        review: None,
        entities: Vec::new(),
        channels: Vec::new(),
        evaluations: Vec::new(),
        used_by: Vec::new(),
    };
    let body = shapes::bundle(ctx.world, &bundle, &call.base_url, ctx.now_ms, ctx.rules);
    ctx.world.commit(Change::Bundle(bundle));
    Ok(Answer::created(body))
}

fn update(ctx: &mut Ctx, sid: Sid) -> Result<Answer, Refused> {
    let form = &ctx.call.form;
    let policy = policies::find(ctx.bundle(sid)?.policy.as_str());
    if policy.is_some_and(|policy| policy.access == Access::ConsoleOnly) {
        return Err(console_only());
    }
    let asked = match form.get("Status") {
        None => None,
        Some(text) => Some(Status::parse(text).ok_or_else(unknown_status)?),
    };
    if asked.is_some()
        && form.has_any_of(&["FriendlyName", "Email"])
        && ctx.rules.status_with_other_parameters == Stance::Refused
    {
        let message = "Bundle status and properties cannot be updated in the same request";
        return Err(Refused::new(400, 22204, message));
    }
    // All of a request is carried out or none of it.
    let mut bundle = without_parts(ctx.bundle(sid)?);
    if form.has_any_of(&["FriendlyName", "Email", "StatusCallback"]) {
        change(ctx, &mut bundle)?;
    }
    let body = match asked {
        Some(status) => submit(ctx, &mut bundle, sid, status)?,
        None => shapes::bundle(ctx.world, &bundle, &ctx.call.base_url, ctx.now_ms, ctx.rules),
    };
    ctx.world.commit(Change::Bundle(bundle));
    Ok(Answer::ok(body))
}

/// Whether the primary profile above an account says that it is no reseller's. A primary profile that
/// says nothing is taken for a reseller's.
fn parent_is_a_direct_customer(ctx: &Ctx, account: Sid) -> bool {
    let owner = ctx.world.accounts.get(&account).map_or(account, |account| account.owner);
    ctx.world
        .list(owner, List::Profiles)
        .iter()
        .filter_map(|sid| ctx.world.bundles.get(sid))
        .filter(|profile| profile.policy.as_str() == policies::PRIMARY)
        .filter_map(|primary| {
            review::attribute(ctx.world, primary, policies::BUSINESS_INFORMATION, "business_identity")
        })
        .any(|identity| identity == "direct_customer")
}

/// Changes what a bundle says of itself.
fn change(ctx: &Ctx, bundle: &mut Bundle) -> Result<(), Refused> {
    let form = &ctx.call.form;
    if !ctx.status(bundle).is_editable() {
        return Err(Refused::new(400, 60711, "Business status does not allow updates"));
    }
    if let Some(name) = form.get("FriendlyName") {
        bundle.friendly_name = ctx.friendly_name(name)?.to_owned();
    }
    if let Some(text) = form.get("Email") {
        bundle.email = email(text)?.to_owned();
    }
    if let Some(url) = ctx.status_callback()? {
        bundle.status_callback = url;
    }
    bundle.updated_ms = ctx.now_ms;
    Ok(())
}

/// Starts a review. Nothing is checked here: an incomplete bundle is rejected by its review.
fn submit(ctx: &mut Ctx, bundle: &mut Bundle, sid: Sid, asked: Status) -> Result<Json, Refused> {
    let old = ctx.bundle(sid)?;
    if asked != Status::PendingReview || !ctx.status(old).is_editable() {
        return Err(Refused::bad_request("User cannot perform this status update"));
    }
    let base_url = &ctx.call.base_url;
    if ctx.submissions_are_ignored {
        return Ok(shapes::bundle(ctx.world, bundle, base_url, ctx.now_ms, ctx.rules));
    }
    bundle.review = Some(review::begin(ctx.world, old, ctx.now_ms, ctx.review_ms, ctx.rules));
    bundle.updated_ms = ctx.now_ms;
    let status = match ctx.rules.submission_answer {
        SubmissionAnswer::PendingReview => Status::PendingReview,
        SubmissionAnswer::InReview => Status::InReview,
    };
    review::use_up(ctx.world, bundle.account);
    Ok(shapes::bundle_with_status(bundle, base_url, ctx.now_ms, status.as_str(), &[], ctx.rules))
}

fn remove(ctx: &mut Ctx, sid: Sid) -> Result<Answer, Refused> {
    let bundle = ctx.bundle(sid)?;
    let status = ctx.status(bundle);
    let may_go = match status {
        Status::Draft => Stance::Accepted,
        Status::PendingReview | Status::InReview => Stance::Refused,
        Status::Rejected => ctx.rules.deletion_of_rejected,
        Status::Approved => ctx.rules.deletion_of_approved,
    };
    if may_go == Stance::Refused {
        let message = format!("Bundle is not eligible for deletion: it is {}", status.as_str());
        return Err(Refused::new(400, 21647, message));
    }
    if let Some(user) = bundle.used_by.first() {
        return Err(Refused::bad_request(format!("Cannot delete {sid}: it is assigned to {user}")));
    }
    if !bundle.entities.is_empty() && ctx.rules.deletion_with_entities == Stance::Refused {
        return Err(Refused::bad_request(format!("Cannot delete {sid}: something is assigned to it")));
    }
    if !bundle.channels.is_empty() && ctx.rules.deletion_with_numbers == Stance::Refused {
        return Err(Refused::new(400, 21648, "Bundle cannot be deleted due to an active number assignment"));
    }
    ctx.world.commit(Change::Removed(sid));
    Ok(Answer::gone())
}

fn evaluations(ctx: &mut Ctx, bundle: Sid, rest: &[&str]) -> Result<Answer, Refused> {
    match (ctx.method(), rest) {
        (Method::Get, []) => {
            let bundle = ctx.bundle(bundle)?;
            let listed: Vec<&Evaluation> =
                bundle.evaluations.iter().rev().filter(|found| ctx.is_listed(&found.birth)).collect();
            let page = paging::page(&listed, |found| found.sid, &ctx.call.query)?;
            let rows = page.items.iter().map(|found| shapes::evaluation(found, bundle, &ctx.call.base_url));
            Ok(Answer::ok(page.trust_hub(ctx.call, &[], "results", rows)))
        }
        (Method::Get, [sid]) => {
            let bundle = ctx.bundle(bundle)?;
            let found = bundle.evaluations.iter().find(|found| found.sid.as_str() == *sid);
            let found = found.ok_or_else(|| ctx.not_found())?;
            Ok(Answer::ok(shapes::evaluation(found, bundle, &ctx.call.base_url)))
        }
        (Method::Post, []) => {
            if ctx.rules.evaluation_call == Stance::Refused {
                return Err(Refused::bad_request("Evaluations are not available for this bundle"));
            }
            let policy = ctx.call.form.required_sid("PolicySid", "RN")?;
            let found = ctx.bundle(bundle)?;
            if found.policy != policy {
                return Err(Refused::bad_request(format!("{bundle} is not under policy {policy}")));
            }
            let findings = evaluation::evaluate(ctx.world, found, ctx.now_ms, ctx.rules);
            let (sid, birth) = ctx.next("EL", found.account);
            let evaluation = Evaluation { sid, bundle, birth, findings };
            let body = shapes::evaluation(&evaluation, found, &ctx.call.base_url);
            ctx.world.commit(Change::Evaluation(evaluation));
            Ok(Answer::created(body))
        }
        (_, [] | [_]) => Err(Refused::method_not_allowed()),
        _ => Err(ctx.not_found()),
    }
}

/// What a bundle says of itself; committed, it keeps the parts that the world has for it.
fn without_parts(bundle: &Bundle) -> Bundle {
    Bundle {
        entities: Vec::new(),
        channels: Vec::new(),
        evaluations: Vec::new(),
        used_by: Vec::new(),
        friendly_name: bundle.friendly_name.clone(),
        email: bundle.email.clone(),
        status_callback: bundle.status_callback.clone(),
        review: bundle.review.clone(),
        ..*bundle
    }
}

/// The body of this refusal was seen with the code 400.
fn console_only() -> Refused {
    let message =
        "This operation is restricted via API for Primary Customer Profiles. Use Twilio Console instead.";
    Refused::new(400, 400, message)
}

fn email(text: &str) -> Result<&str, Refused> {
    if is_email(text) { Ok(text) } else { Err(Refused::invalid("Email", "it is not an email address")) }
}

fn unknown_status() -> Refused {
    Refused::new(400, 22203, "Unable to parse bundle status")
}

/// Whether a text is a URI by which a server can be called.
fn is_callable(text: &str) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}
