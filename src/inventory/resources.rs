//! What answers show, as far as an inventory needs it.

use crate::facts::Time;
use crate::flow::{BundleId, BundleStatus, Item};
use crate::model::Sid;
use crate::twilio::{Evaluation, Listed};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// A resource with its dates.
#[derive(Clone, Deserialize)]
pub struct Found {
    #[serde(flatten)]
    pub item: Item,
    pub valid_until: Option<String>,
    pub date_created: Option<String>,
    pub date_updated: Option<String>,
}

impl Listed for Found {
    fn sid(&self) -> Option<Sid> {
        self.item.sid()
    }
}

impl Found {
    /// The SID that a field holds, if it is one.
    pub fn names(field: &Option<String>) -> Option<Sid> {
        field.as_deref().and_then(Sid::parse)
    }
}

/// An evaluation of a bundle, with its date.
#[derive(Deserialize)]
pub struct Evaluated {
    #[serde(flatten)]
    pub evaluation: Evaluation,
    pub date_created: Option<String>,
}

impl Listed for Evaluated {
    fn sid(&self) -> Option<Sid> {
        self.evaluation.item().sid()
    }
}

/// A profile or a product of ours, with everything that is on it.
pub struct Bundle {
    pub id: BundleId,
    pub sid: Sid,
    pub status: BundleStatus,
    pub found: Found,
    /// End users, documents, and bundles.
    pub entities: Vec<Found>,
    pub numbers: Vec<Found>,
    /// Why it was rejected or would be: codes, or places and codes of its newest evaluation.
    pub why: String,
}

impl Bundle {
    /// The SIDs that are assigned to it, apart from numbers.
    pub fn objects(&self) -> impl Iterator<Item = Sid> {
        self.entities.iter().filter_map(|it| Found::names(&it.item.object_sid))
    }

    /// The numbers that are assigned to it; one that is assigned twice comes twice.
    pub fn numbers(&self) -> impl Iterator<Item = Sid> {
        self.numbers.iter().filter_map(|it| Found::names(&it.item.channel_endpoint_sid))
    }

    pub fn has(&self, number: &Sid) -> bool {
        self.numbers().any(|it| it == *number)
    }

    pub fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.numbers.is_empty()
    }

    /// When it came to how it stands, as far as it says.
    pub fn since(&self) -> Option<Time> {
        let date = self.found.date_updated.as_deref().or(self.found.date_created.as_deref());
        date.and_then(time)
    }

    /// Until when it is valid, if that has an end.
    pub fn until(&self) -> Option<Time> {
        self.found.valid_until.as_deref().and_then(time)
    }

    pub fn is_in_review(&self) -> bool {
        matches!(self.status, BundleStatus::PendingReview | BundleStatus::InReview)
    }
}

/// Everything of one account that an inventory reads.
#[derive(Default)]
pub struct Holdings {
    /// In the order of the flow, and of the lists within it.
    pub bundles: Vec<Bundle>,
    /// The numbers that the account owns.
    pub owned: Vec<Found>,
    /// End users, documents and addresses.
    pub resources: HashMap<Sid, Found>,
}

impl Holdings {
    pub fn owns(&self, number: &Sid) -> bool {
        self.owned.iter().any(|it| it.item.sid().as_ref() == Some(number))
    }

    /// Whether something of a kind that bundles hold is on none of them: it was left behind, or a list lacks its
    /// assignment or its bundle.
    pub fn has_loose_ends(&self, kinds: &[&str]) -> bool {
        let is_assigned = |sid: &Sid| self.bundles.iter().any(|bundle| bundle.objects().any(|it| it == *sid));
        let is_loose = |(sid, found): (&Sid, &Found)| {
            kinds.iter().any(|kind| Item::is(&found.item.kind, kind)) && !is_assigned(sid)
        };
        self.resources.iter().any(is_loose)
    }

    /// What two readings must have in common to be one.
    pub fn fingerprint(&self) -> BTreeSet<String> {
        let sids =
            |found: &[Found]| -> Vec<String> { found.iter().filter_map(|it| it.item.sid.clone()).collect() };
        let of_bundle = |it: &Bundle| {
            let standing = format!("{} {}", it.sid, it.status.word());
            [vec![standing], sids(&it.entities), sids(&it.numbers)].concat()
        };
        self.bundles.iter().flat_map(of_bundle).chain(sids(&self.owned)).collect()
    }
}

/// A date of the API, ISO 8601.
pub fn time(text: &str) -> Option<Time> {
    let timestamp: jiff::Timestamp = text.trim().parse().ok()?;
    Time::try_from(timestamp.as_millisecond()).ok()
}
