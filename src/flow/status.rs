//! How a bundle stands in its vetting.

use super::item::Item;
use serde::{Serialize, Serializer};

/// `status` of a customer profile or trust product [spec].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleStatus {
    Draft,
    PendingReview,
    InReview,
    TwilioRejected,
    TwilioApproved,
}

impl BundleStatus {
    pub const ALL: [BundleStatus; 5] = [
        BundleStatus::Draft,
        BundleStatus::PendingReview,
        BundleStatus::InReview,
        BundleStatus::TwilioRejected,
        BundleStatus::TwilioApproved,
    ];

    /// Twilio's word, such as `pending-review`.
    pub fn word(self) -> &'static str {
        match self {
            BundleStatus::Draft => "draft",
            BundleStatus::PendingReview => "pending-review",
            BundleStatus::InReview => "in-review",
            BundleStatus::TwilioRejected => "twilio-rejected",
            BundleStatus::TwilioApproved => "twilio-approved",
        }
    }

    /// How a bundle stands, by an answer that shows it.
    pub fn of(item: &Item) -> Option<BundleStatus> {
        item.status.as_deref().and_then(BundleStatus::parse)
    }

    /// Reads Twilio's word without regard to case, because SDK release notes report both.
    pub fn parse(word: &str) -> Option<BundleStatus> {
        BundleStatus::ALL.into_iter().find(|status| status.word().eq_ignore_ascii_case(word))
    }
}

impl Serialize for BundleStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
