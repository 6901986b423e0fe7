//! What is wrong with an account's registration, told from what was read: pure.

use super::resources::{Bundle, Found, Holdings};
use super::row::Chosen;
use crate::facts::Time;
use crate::flow::{BundleStatus, Flow};
use crate::model::{Finding, Sid};
use crate::plan::bears_tag;
use crate::report::{hint_for, rfc3339, usually_long_ms};
use serde::{Deserialize, Serialize};

/// A kind of defect. Its words are public: programs read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    AccountNotRead,
    NumberNotRegistered,
    NumberNotOnProfile,
    NumberNotOnProduct,
    NumberRegisteredTwice,
    NumberNoLongerOwned,
    BundleWithoutNumbers,
    EmptyBundle,
    RejectedBundle,
    LongInReview,
    ExpiringBundle,
    ExpiredBundle,
    DraftLeftBehind,
    SeveralBundles,
    ProfileWithoutProduct,
    ProductWithoutProfile,
    IncompleteRow,
}

impl Kind {
    pub const ALL: [Kind; 17] = [
        Kind::AccountNotRead,
        Kind::NumberNotRegistered,
        Kind::NumberNotOnProfile,
        Kind::NumberNotOnProduct,
        Kind::NumberRegisteredTwice,
        Kind::NumberNoLongerOwned,
        Kind::BundleWithoutNumbers,
        Kind::EmptyBundle,
        Kind::RejectedBundle,
        Kind::LongInReview,
        Kind::ExpiringBundle,
        Kind::ExpiredBundle,
        Kind::DraftLeftBehind,
        Kind::SeveralBundles,
        Kind::ProfileWithoutProduct,
        Kind::ProductWithoutProfile,
        Kind::IncompleteRow,
    ];

    /// Such as `number_not_registered`.
    pub fn word(self) -> &'static str {
        match self {
            Kind::AccountNotRead => "account_not_read",
            Kind::NumberNotRegistered => "number_not_registered",
            Kind::NumberNotOnProfile => "number_not_on_profile",
            Kind::NumberNotOnProduct => "number_not_on_product",
            Kind::NumberRegisteredTwice => "number_registered_twice",
            Kind::NumberNoLongerOwned => "number_no_longer_owned",
            Kind::BundleWithoutNumbers => "bundle_without_numbers",
            Kind::EmptyBundle => "empty_bundle",
            Kind::RejectedBundle => "rejected_bundle",
            Kind::LongInReview => "long_in_review",
            Kind::ExpiringBundle => "expiring_bundle",
            Kind::ExpiredBundle => "expired_bundle",
            Kind::DraftLeftBehind => "draft_left_behind",
            Kind::SeveralBundles => "several_bundles",
            Kind::ProfileWithoutProduct => "profile_without_product",
            Kind::ProductWithoutProfile => "product_without_profile",
            Kind::IncompleteRow => "incomplete_row",
        }
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::AccountNotRead => {
                "The account could not be read whole, so nothing else is said of it and it has no row."
            }
            Kind::NumberNotRegistered => {
                "The account owns the number, and it is on no profile and no product."
            }
            Kind::NumberNotOnProfile => "The number is on a product and not on the profile.",
            Kind::NumberNotOnProduct => {
                "The number is on the profile and not on this product, which takes such numbers."
            }
            Kind::NumberRegisteredTwice => {
                "The number is assigned twice, to one bundle or to two of one policy."
            }
            Kind::NumberNoLongerOwned => {
                "The number is on the bundle and no longer the account's: it was released or moved."
            }
            Kind::BundleWithoutNumbers => "No number of the account is on the bundle.",
            Kind::EmptyBundle => "Nothing is assigned to the bundle.",
            Kind::RejectedBundle => "The review has rejected the bundle.",
            Kind::LongInReview => "The review takes twice as long as usual, or longer than `--long`.",
            Kind::ExpiringBundle => "The bundle is valid for less than `--expiring` from now on.",
            Kind::ExpiredBundle => "The bundle is no longer valid; it may still read as approved.",
            Kind::DraftLeftBehind => "The bundle was begun and never submitted.",
            Kind::SeveralBundles => {
                "The account has another bundle under the same policy, which is the one in the sheet."
            }
            Kind::ProfileWithoutProduct => "The account has a profile and no product that we know.",
            Kind::ProductWithoutProfile => {
                "The account has a product and no profile; it has no row in the sheet."
            }
            Kind::IncompleteRow => "What the API holds does not make a valid row of the sheet.",
        }
    }

    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Kind::AccountNotRead => "Run `inventory` again for this account.",
            Kind::NumberNotRegistered => {
                "Add it to the row's phone_numbers and run the sheet, or release it."
            }
            Kind::NumberNotOnProfile | Kind::NumberNotOnProduct => {
                "The row has it: run the sheet, which puts it there."
            }
            Kind::NumberRegisteredTwice => "Take one of the two assignments off.",
            Kind::NumberNoLongerOwned => "Take the assignment off, or give the number back to the account.",
            Kind::BundleWithoutNumbers => "Name the numbers in the row's phone_numbers and run the sheet.",
            Kind::EmptyBundle => "Delete it in the Console, or name it in a row that completes it.",
            Kind::RejectedBundle => "Correct what the codes say and submit it again.",
            Kind::LongInReview => "Ask Twilio's support, with the SIDs of account and bundle.",
            Kind::ExpiringBundle | Kind::ExpiredBundle => "Ask Twilio's support how it is renewed.",
            Kind::DraftLeftBehind => "Run the row to complete it, or delete it in the Console.",
            Kind::SeveralBundles => "Look at both in the Console, and take away the one that is not used.",
            Kind::ProfileWithoutProduct => {
                "Name products in the row and run the sheet; if the profile serves something else, delete the row."
            }
            Kind::ProductWithoutProfile => "Look at the product in the Console: its profile is gone.",
            Kind::IncompleteRow => "Fill the cells in by hand before you use the row.",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    pub kind: Kind,
    pub account_sid: String,
    pub bundle_sid: Option<String>,
    /// The name of the bundle in steps and columns, such as `trust_product`.
    pub bundle: Option<String>,
    pub number_sid: Option<String>,
    /// Since when it is so, as far as the API says (RFC 3339).
    pub since: Option<String>,
    /// Until when the bundle is valid (RFC 3339).
    pub until: Option<String>,
    /// What it is and what to do, in a few words. It holds SIDs, codes and names of columns, no personal data.
    pub what: String,
}

/// From when on a wait is long and an end is near, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `None`: twice the usual time of the review.
    pub long_ms: Option<u64>,
    pub expiring_ms: u64,
}

impl Defect {
    pub fn of_account(kind: Kind, account: &Sid, more: &str) -> Defect {
        Defect {
            kind,
            account_sid: account.to_string(),
            bundle_sid: None,
            bundle: None,
            number_sid: None,
            since: None,
            until: None,
            what: sentence(kind, more),
        }
    }

    fn of(kind: Kind, account: &Sid, bundle: &Bundle, more: &str) -> Defect {
        let in_words = |time: Option<Time>| time.map(rfc3339);
        let until =
            if matches!(kind, Kind::ExpiringBundle | Kind::ExpiredBundle) { bundle.until() } else { None };
        Defect {
            bundle_sid: Some(bundle.sid.to_string()),
            bundle: Some(bundle.id.name.to_owned()),
            since: in_words(bundle.since()).filter(|_| tells_since(kind)),
            until: in_words(until),
            ..Defect::of_account(kind, account, more)
        }
    }

    fn and(self, number: &Sid) -> Defect {
        Defect { number_sid: Some(number.to_string()), ..self }
    }
}

/// Whether the date of a bundle says since when it is so.
fn tells_since(kind: Kind) -> bool {
    matches!(kind, Kind::EmptyBundle | Kind::RejectedBundle | Kind::LongInReview | Kind::DraftLeftBehind)
}

fn sentence(kind: Kind, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(" {more}.") };
    format!("{}{more} {}", kind.meaning(), kind.remedy()).replace('`', "")
}

/// Everything that is wrong with an account that was read whole.
pub fn find(
    flow: &Flow,
    account: &Sid,
    holdings: &Holdings,
    chosen: &Chosen<'_>,
    limits: Limits,
    now: Time,
) -> Vec<Defect> {
    let found = Finder { flow, account, holdings, chosen, limits, now };
    let bundles = holdings.bundles.iter().flat_map(|bundle| found.of_bundle(bundle));
    found.of_the_whole().into_iter().chain(bundles).chain(found.of_numbers()).collect()
}

struct Finder<'a> {
    flow: &'a Flow,
    account: &'a Sid,
    holdings: &'a Holdings,
    chosen: &'a Chosen<'a>,
    limits: Limits,
    now: Time,
}

impl Finder<'_> {
    fn of_the_whole(&self) -> Vec<Defect> {
        match (self.chosen.profile, self.chosen.products.as_slice()) {
            (Some(profile), []) => vec![Defect::of(Kind::ProfileWithoutProduct, self.account, profile, "")],
            (None, products) => products
                .iter()
                .map(|it| Defect::of(Kind::ProductWithoutProfile, self.account, it, ""))
                .collect(),
            _ => vec![],
        }
    }

    fn of_bundle(&self, bundle: &Bundle) -> Vec<Defect> {
        let mut defects = vec![];
        let mut say = |kind, more: &str| defects.push(Defect::of(kind, self.account, bundle, more));
        if let Some(other) = self.chosen.bundles().find(|it| it.id == bundle.id && it.sid != bundle.sid) {
            say(
                Kind::SeveralBundles,
                &format!("The sheet names {}, which is {}", other.sid, other.status.word()),
            );
        }
        if bundle.is_empty() {
            say(Kind::EmptyBundle, &format!("It is {}", bundle.status.word()));
        }
        match bundle.status {
            BundleStatus::TwilioRejected => {
                let codes = if bundle.why.is_empty() { "no reason is given" } else { &bundle.why };
                let first = bundle.found.item.codes().first().and_then(|code| hint_for(*code));
                let meaning = first.map(|hint| format!(" ({})", hint.meaning)).unwrap_or_default();
                say(Kind::RejectedBundle, &format!("Codes: {codes}{meaning}"));
            }
            BundleStatus::Draft if !bundle.is_empty() && !self.waits_for_its_profile(bundle) => {
                say(Kind::DraftLeftBehind, "");
            }
            BundleStatus::Draft => (),
            BundleStatus::PendingReview | BundleStatus::InReview => {
                let waited = bundle.since().map_or(0, |since| self.now.saturating_sub(since));
                if waited > self.limits.long_ms.unwrap_or(usually_long_ms(bundle.id)) {
                    say(Kind::LongInReview, &format!("It has taken {} days", waited / DAY_MS));
                }
            }
            BundleStatus::TwilioApproved => match bundle.until() {
                Some(until) if until <= self.now => say(Kind::ExpiredBundle, ""),
                Some(until) if until - self.now < self.limits.expiring_ms => {
                    say(Kind::ExpiringBundle, &format!("It has {} days left", (until - self.now) / DAY_MS));
                }
                _ => (),
            },
        }
        let is_chosen = self.chosen.bundles().any(|it| it.sid == bundle.sid);
        let is_beyond_draft = bundle.status != BundleStatus::Draft;
        if is_chosen
            && is_beyond_draft
            && !bundle.is_empty()
            && !bundle.numbers().any(|it| self.holdings.owns(&it))
        {
            say(Kind::BundleWithoutNumbers, "");
        }
        defects
    }

    /// A product of ours is submitted after the approval of its profile, and is a draft until then.
    fn waits_for_its_profile(&self, bundle: &Bundle) -> bool {
        let name = bundle.found.item.friendly_name.as_deref().unwrap_or_default();
        let tags = super::columns::resources_of(bundle.id).filter(|it| it.collection == bundle.id.collection);
        let is_ours = tags.into_iter().any(|it| bears_tag(name, self.account, it.tag));
        let waits_for = bundle.id.depends_on();
        let waits = self.chosen.bundles().any(|it| Some(it.id) == waits_for && it.is_in_review());
        is_ours && waits && self.chosen.bundles().any(|it| it.sid == bundle.sid)
    }

    fn of_numbers(&self) -> Vec<Defect> {
        let mut defects = vec![];
        for found in &self.holdings.owned {
            if let Some(number) = found.item.sid() {
                defects.extend(self.of_owned(&number, found));
            }
        }
        defects.extend(self.registered_twice());
        for bundle in &self.holdings.bundles {
            let mut gone: Vec<Sid> = bundle.numbers().filter(|it| !self.holdings.owns(it)).collect();
            gone.sort();
            gone.dedup();
            let of =
                |number: &Sid| Defect::of(Kind::NumberNoLongerOwned, self.account, bundle, "").and(number);
            defects.extend(gone.iter().map(of));
        }
        defects
    }

    /// Where an owned number is missing. A draft is a defect of its own, whatever it lacks.
    fn of_owned(&self, number: &Sid, found: &Found) -> Vec<Defect> {
        if !self.holdings.bundles.iter().any(|it| it.has(number)) {
            let defect = match self.chosen.profile {
                Some(profile) => Defect::of(Kind::NumberNotRegistered, self.account, profile, ""),
                None => Defect::of_account(Kind::NumberNotRegistered, self.account, ""),
            };
            return vec![defect.and(number)];
        }
        let digits = found.item.phone_number.as_deref().unwrap_or_default();
        let takes = |it: &Bundle| {
            let rule = it.id.product.and_then(|product| product.numbers.as_ref());
            rule.is_none_or(|rule| (rule.takes)(digits))
        };
        let lacking = self
            .chosen
            .bundles()
            .filter(|it| it.status != BundleStatus::Draft && !it.has(number) && takes(it));
        let kind = |it: &Bundle| match it.id == self.flow.profile {
            true => Kind::NumberNotOnProfile,
            false => Kind::NumberNotOnProduct,
        };
        lacking.map(|it| Defect::of(kind(it), self.account, it, "").and(number)).collect()
    }

    fn registered_twice(&self) -> Vec<Defect> {
        let mut defects = vec![];
        for id in self.flow.bundles() {
            let mut seen: Vec<(Sid, &Sid)> = vec![];
            for bundle in self.holdings.bundles.iter().filter(|it| it.id == id) {
                for number in bundle.numbers() {
                    match seen.iter().find(|it| it.0 == number) {
                        Some((_, first)) => {
                            let more = format!("It is on {first} too");
                            let more =
                                if **first == bundle.sid { "It is on this bundle twice" } else { &more };
                            let defect = Defect::of(Kind::NumberRegisteredTwice, self.account, bundle, more);
                            defects.push(defect.and(&number));
                        }
                        None => seen.push((number, &bundle.sid)),
                    }
                }
            }
        }
        defects
    }
}

const DAY_MS: u64 = 86_400_000;

/// A row that is invalid whatever is accepted.
pub fn incomplete(account: &Sid, profile: &Bundle, errors: &[Finding]) -> Defect {
    let mut columns: Vec<String> = vec![];
    for error in errors {
        let place = if error.column.is_empty() {
            error.code.to_owned()
        } else {
            format!("{} ({})", error.column, error.code)
        };
        if !columns.contains(&place) {
            columns.push(place);
        }
    }
    Defect::of(Kind::IncompleteRow, account, profile, &format!("Cells: {}", columns.join(", ")))
}

/// The kinds as a Markdown table, for the documents.
pub fn table() -> String {
    let mut table = String::from("| kind | what it means | what to do |\n|---|---|---|\n");
    for kind in Kind::ALL {
        table.push_str(&format!("| `{}` | {} | {} |\n", kind.word(), kind.meaning(), kind.remedy()));
    }
    table
}
