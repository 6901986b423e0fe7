//! The life of a bundle: draft, pending-review, in-review, approved or rejected, and what a reviewer
//! decides. The verdict is found at submission, because nothing in the bundle can change after it;
//! the status is then read from the clock.

use serde::{Deserialize, Serialize};

use super::evaluation::{self, Finding};
use super::policies::{self, BundleKind};
use super::sid::Sid;
use super::undocumented::{ApprovalAsked, Stance, Undocumented};
use super::world::{Bundle, Change, World};

/// The status of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Draft,
    PendingReview,
    InReview,
    Rejected,
    Approved,
}

/// One submission and what comes of it. Times are unix milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Review {
    pub submitted_ms: u64,
    pub in_review_ms: u64,
    pub decided_ms: u64,
    pub verdict: Verdict,
}

/// What a reviewer decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Approved,
    /// Approved if this profile is approved when the decision falls, else rejected with 11005.
    ApprovedWith(Sid),
    /// The codes that `errors` tells; empty is a rejection without a reason.
    Rejected(Vec<u32>),
    /// It stays in review for ever.
    Stuck,
}

/// A reviewer who does not follow the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reviewer {
    ApprovesAll,
    /// Rejects whatever is submitted, with these codes.
    RejectsAll(Vec<u32>),
    LeavesInReview,
    /// Decides the next submission so, and follows the rules after it.
    Next(Verdict),
}

/// 11005: the profile that a voice product is linked to is not approved.
const PROFILE_NOT_APPROVED: u32 = 11005;

/// The same of a CNAM product.
const CNAM_PROFILE_NOT_APPROVED: u32 = 11006;

impl Status {
    pub const ALL: [Status; 5] =
        [Status::Draft, Status::PendingReview, Status::InReview, Status::Rejected, Status::Approved];

    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::PendingReview => "pending-review",
            Status::InReview => "in-review",
            Status::Rejected => "twilio-rejected",
            Status::Approved => "twilio-approved",
        }
    }

    pub fn parse(text: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether what is in the bundle may change.
    pub fn is_editable(self) -> bool {
        matches!(self, Status::Draft | Status::Rejected)
    }
}

/// The status of a bundle now, and the codes of a rejection.
pub fn status(world: &World, bundle: &Bundle, now_ms: u64) -> (Status, Vec<u32>) {
    let Some(review) = &bundle.review else { return (Status::Draft, Vec::new()) };
    if now_ms < review.in_review_ms {
        return (Status::PendingReview, Vec::new());
    }
    if now_ms < review.decided_ms {
        return (Status::InReview, Vec::new());
    }
    match &review.verdict {
        Verdict::Approved => (Status::Approved, Vec::new()),
        Verdict::Rejected(codes) => (Status::Rejected, codes.clone()),
        Verdict::Stuck => (Status::InReview, Vec::new()),
        Verdict::ApprovedWith(profile) => {
            let approved = world
                .bundles
                .get(profile)
                .is_some_and(|profile| status(world, profile, review.decided_ms).0 == Status::Approved);
            match approved {
                true => (Status::Approved, Vec::new()),
                false => (Status::Rejected, vec![PROFILE_NOT_APPROVED]),
            }
        }
    }
}

/// When the bundle last changed, its status included.
pub fn updated_ms(bundle: &Bundle, now_ms: u64) -> u64 {
    let Some(review) = &bundle.review else { return bundle.updated_ms };
    [review.submitted_ms, review.in_review_ms, review.decided_ms]
        .into_iter()
        .filter(|at| *at <= now_ms)
        .fold(bundle.updated_ms, u64::max)
}

/// The review that a submission at `now_ms` starts.
pub fn begin(world: &World, bundle: &Bundle, now_ms: u64, review_ms: u64, rules: &Undocumented) -> Review {
    let reviewer = world.accounts.get(&bundle.account).and_then(|account| account.reviewer.clone());
    let verdict = match reviewer {
        Some(Reviewer::ApprovesAll) => Verdict::Approved,
        Some(Reviewer::RejectsAll(codes)) => Verdict::Rejected(codes),
        Some(Reviewer::LeavesInReview) => Verdict::Stuck,
        Some(Reviewer::Next(verdict)) => verdict,
        None => by_the_rules(world, bundle, now_ms, rules),
    };
    Review {
        submitted_ms: now_ms,
        in_review_ms: now_ms + review_ms / 2,
        decided_ms: now_ms + review_ms,
        verdict,
    }
}

/// A submission has been decided: a reviewer who was told about one submission only follows the rules again.
pub fn use_up(world: &mut World, account: Sid) {
    if let Some(account) = world.accounts.get(&account)
        && matches!(account.reviewer, Some(Reviewer::Next(_)))
    {
        let mut account = account.clone();
        account.reviewer = None;
        world.commit(Change::Account(account));
    }
}

fn by_the_rules(world: &World, bundle: &Bundle, now_ms: u64, rules: &Undocumented) -> Verdict {
    let findings = evaluation::evaluate(world, bundle, now_ms, rules);
    match bundle.kind {
        BundleKind::CustomerProfile => profile_verdict(world, bundle, &findings, rules),
        BundleKind::TrustProduct => product_verdict(world, bundle, &findings, now_ms, rules),
    }
}

fn profile_verdict(world: &World, bundle: &Bundle, findings: &[Finding], rules: &Undocumented) -> Verdict {
    let mut codes: Vec<u32> = Vec::new();
    for finding in findings.iter().filter(|finding| !finding.passed()) {
        codes.extend(match finding.object_type() {
            policies::BUSINESS_INFORMATION => Some(18602),
            policies::ADDRESS_DOCUMENT => Some(18603),
            policies::REPRESENTATIVE_1 => Some(18604),
            policies::REPRESENTATIVE_2 => Some(18605),
            _ => None,
        });
    }
    if findings.iter().any(|finding| !finding.passed()) {
        return Verdict::Rejected(codes);
    }
    if !registration_number_is_sound(world, bundle, rules) {
        codes.push(18602);
    }
    if has_post_box(world, bundle) {
        codes.push(18603);
    }
    if rules.implausible_details == Stance::Refused && !website_is_plausible(world, bundle) {
        codes.push(18601);
    }
    if rules.email_domain_must_match && !email_domain_matches(world, bundle) {
        codes.push(18606);
    }
    if codes.is_empty() { Verdict::Approved } else { Verdict::Rejected(codes) }
}

fn product_verdict(
    world: &World,
    bundle: &Bundle,
    findings: &[Finding],
    now_ms: u64,
    rules: &Undocumented,
) -> Verdict {
    let unsound =
        findings.iter().any(|finding| !finding.passed() && finding.object_field() != Some("bundle_status"));
    if unsound {
        return Verdict::Rejected(Vec::new());
    }
    let Some(profile) = evaluation::linked_profile(world, bundle) else {
        return Verdict::Rejected(vec![PROFILE_NOT_APPROVED]);
    };
    let is_approved = status(world, profile, now_ms).0 == Status::Approved;
    if !is_approved && rules.profile_approval_asked == ApprovalAsked::AtSubmission {
        let code = match bundle.policy.as_str() {
            policies::VOICE_INTEGRITY => Some(PROFILE_NOT_APPROVED),
            policies::CNAM => Some(CNAM_PROFILE_NOT_APPROVED),
            _ => rules.unapproved_profile_code,
        };
        return Verdict::Rejected(code.into_iter().collect());
    }
    if bundle.policy.as_str() == policies::VOICE_INTEGRITY {
        let codes = voice_codes(world, profile, rules);
        if !codes.is_empty() {
            return Verdict::Rejected(codes);
        }
    }
    if bundle.policy.as_str() == policies::CNAM {
        let codes = cnam_codes(world, bundle);
        if !codes.is_empty() {
            return Verdict::Rejected(codes);
        }
    }
    if is_approved { Verdict::Approved } else { Verdict::ApprovedWith(profile.sid) }
}

/// What is wrong with the name that calls are to show.
fn cnam_codes(world: &World, bundle: &Bundle) -> Vec<u32> {
    let mut objects = bundle.entities.iter().filter_map(|it| world.objects.get(&it.object));
    let Some(information) = objects.find(|it| it.object_type == "cnam_information") else {
        return vec![];
    };
    let attributes =
        information.attributes.as_deref().and_then(|it| serde_json::from_str::<serde_json::Value>(it).ok());
    let name = attributes.as_ref().and_then(|it| it["cnam_display_name"].as_str()).unwrap_or_default();
    let upper = name.to_ascii_uppercase();
    let fits = name.len() <= 15
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || ".,\u{20}".contains(c));
    let prohibited = ["FBI", "SOCIAL SECURITY", "GOVERNMENT", "POLICE", "MEDICARE"];
    match () {
        () if prohibited.iter().any(|term| upper.contains(term)) => vec![11008],
        () if !fits => vec![11009],
        () => vec![],
    }
}

/// What makes a profile unfit for Voice Integrity. Only what is there can be wrong: a profile that
/// exists from the beginning is approved and holds nothing to look at.
fn voice_codes(world: &World, profile: &Bundle, rules: &Undocumented) -> Vec<u32> {
    let mut codes = Vec::new();
    if attribute(world, profile, policies::BUSINESS_INFORMATION, "website_url")
        .is_some_and(|url| website_host(&url).is_none())
    {
        codes.push(11001);
    }
    let representatives = [policies::REPRESENTATIVE_1, policies::REPRESENTATIVE_2];
    if representatives
        .iter()
        .filter_map(|object_type| attribute(world, profile, object_type, "phone_number"))
        .any(|phone| !is_us_number(&phone))
    {
        codes.push(11002);
    }
    if evaluation::addresses(world, profile).iter().any(|address| address.iso_country != "US") {
        codes.push(11003);
    }
    if !registration_number_is_sound(world, profile, rules) {
        codes.push(11004);
    }
    codes
}

/// EIN and DUNS have nine digits, with dashes or without. What other registers give out is not known here,
/// only that it is longer than a made-up `1234`.
fn registration_number_is_sound(world: &World, profile: &Bundle, rules: &Undocumented) -> bool {
    let of = |field| attribute(world, profile, policies::BUSINESS_INFORMATION, field);
    // Only what is there can be wrong: a profile from before the world began says nothing.
    let Some(number) = of("business_registration_number") else { return true };
    let identifier = of("business_registration_identifier").unwrap_or_default();
    let number: String = number.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if identifier.contains("EIN") || identifier.contains("DUNS") {
        return number.len() == 9 && number.bytes().all(|b| b.is_ascii_digit());
    }
    rules.implausible_details == Stance::Accepted || number.chars().count() > 4
}

/// A website is at least a dotted name, with or without a scheme before it.
fn website_is_plausible(world: &World, profile: &Bundle) -> bool {
    attribute(world, profile, policies::BUSINESS_INFORMATION, "website_url").is_none_or(|url| {
        let has_scheme = url.contains("://");
        website_host(&if has_scheme { url } else { format!("https://{url}") }).is_some()
    })
}

/// Post boxes are no physical address.
fn has_post_box(world: &World, profile: &Bundle) -> bool {
    evaluation::addresses(world, profile).iter().any(|address| {
        let street: String =
            address.street.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').collect();
        street.starts_with("po box") || street.starts_with("p o box")
    })
}

fn email_domain_matches(world: &World, profile: &Bundle) -> bool {
    let website = attribute(world, profile, policies::BUSINESS_INFORMATION, "website_url");
    let email = attribute(world, profile, policies::REPRESENTATIVE_1, "email");
    let (Some(website), Some(email)) = (website, email) else { return true };
    let Some(host) = website_host(&website) else { return true };
    let host = host.strip_prefix("www.").unwrap_or(&host);
    let domain = email.rsplit('@').next().unwrap_or_default().to_lowercase();
    let is_below =
        |name: &str, parent: &str| name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'));
    domain == host || is_below(&domain, host) || is_below(host, &domain)
}

/// The host of a website, if it is written as one: `http` or `https`, and a dotted name.
fn website_host(url: &str) -> Option<String> {
    let lower = url.to_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let is_name = host.split('.').count() > 1
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
        });
    is_name.then(|| host.to_owned())
}

fn is_us_number(phone: &str) -> bool {
    phone.len() == 12 && phone.starts_with("+1") && phone[1..].bytes().all(|b| b.is_ascii_digit())
}

/// An attribute of the first end user of a type on a bundle.
pub fn attribute(world: &World, bundle: &Bundle, object_type: &str, field: &str) -> Option<String> {
    let object = evaluation::objects_of_type(world, bundle, object_type).into_iter().next()?;
    evaluation::attributes(object).get(field)?.as_str().map(str::to_owned)
}
