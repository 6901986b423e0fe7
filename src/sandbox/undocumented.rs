//! What only a live account could tell, decided here: each with a default that a client finds harder, and with a
//! name by which it is set from outside.

/// The answers that are not documented. Each default is what a client finds harder.
#[derive(Clone, Debug)]
pub struct Undocumented {
    /// Longest FriendlyName in characters that Trust Hub resources take.
    pub friendly_name_chars_max: usize,
    /// HTTP status of an invalid value (20422) and of an invalid SID (20423): 400 or 422.
    pub invalid_parameter_http_status: u16,
    /// An empty StatusCallback. It is no URI, and the API description has nothing but URIs there.
    pub empty_status_callback: Stance,
    /// What an update with an empty parameter does to the old value, where an empty one is taken at all.
    pub empty_parameter: EmptyParameter,
    /// The code of the 409 for a number that sits on a bundle already: 20409 or 70003 were seen.
    pub number_taken_code: u32,
    /// Assigning the same object to the same bundle again.
    pub duplicate_entity: Stance,
    /// Assigning the same number to the same bundle again: a 409 for some, a second assignment for others.
    pub duplicate_number: Stance,
    /// Assigning numbers to a bundle that is pending or in review.
    pub numbers_in_review: Stance,
    /// Status and a name or e-mail address in one update (22204). Status and StatusCallback go together: the
    /// SHAKEN/STIR guides' sample sends them so.
    pub status_with_other_parameters: Stance,
    /// The call that asks for an evaluation.
    pub evaluation_call: Stance,
    /// Deleting a bundle that is rejected; one in review is never deleted.
    pub deletion_of_rejected: Stance,
    /// Deleting a bundle that is approved.
    pub deletion_of_approved: Stance,
    /// Deleting a bundle with numbers on it, however it stands: 21648 speaks of regulatory bundles.
    pub deletion_with_numbers: Stance,
    /// Deleting a bundle to which end users, documents or bundles are assigned.
    pub deletion_with_entities: Stance,
    /// Deleting an end user or a document that is assigned: refused (21644, 21645), or its assignment dangles.
    pub deletion_of_assigned: Stance,
    /// Deleting an address that a document of a draft names; 21630 speaks of verified documents.
    pub deletion_of_drafts_address: Stance,
    /// When a product is rejected with 11005 because its profile is not approved.
    pub profile_approval_asked: ApprovalAsked,
    /// The code of a SHAKEN/STIR product's rejection whose profile is not approved (11005 for Voice Integrity and
    /// 11006 for CNAM [docs]);
    /// `None` is one without a code.
    pub unapproved_profile_code: Option<u32>,
    /// Whether evaluations find a profile without a second representative noncompliant.
    pub second_representative_required: bool,
    /// Whether a review rejects (18606) a first representative whose e-mail domain is not the website's.
    pub email_domain_must_match: bool,
    /// A website that is not a host's name (18601), and a registration number that cannot exist (18602), in review.
    pub implausible_details: Stance,
    /// What becomes of an address that the postal service would write otherwise.
    pub address_correction: AddressCorrection,
    /// Status in the answer to a submission; later reads tell the true one.
    pub submission_answer: SubmissionAnswer,
    /// How SupportingDocument statuses are written.
    pub document_status: DocumentStatus,
    /// What `errors` of a rejected bundle holds.
    pub rejection_errors: RejectionErrors,
    /// HTTP status of 20005 "Account not active": 401 or 403.
    pub suspended_http_status: u16,
}

/// Whether something is done or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    Accepted,
    Refused,
}

/// An empty parameter of an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyParameter {
    /// It takes the old value away.
    Clears,
    /// It is as if it had not been given: the old value stays.
    IsNotGiven,
}

/// The moment at which a product's profile must be approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalAsked {
    AtSubmission,
    AtReview,
}

/// What AutoCorrectAddress does. It is true where it is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressCorrection {
    /// Nothing: addresses stay as they are written.
    Off,
    /// True: the street is corrected. False: it stays as it is written.
    OrKept,
    /// True: the street is corrected. False: what would be corrected is refused (21629).
    OrRefused,
}

/// The status that the answer to a submission names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionAnswer {
    PendingReview,
    InReview,
}

/// The seed flow's samples say `draft`, the API description says `DRAFT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentStatus {
    LowerCase,
    UpperCase,
}

/// Often the reasons of a rejection are only in an e-mail, and `errors` is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectionErrors {
    Listed,
    Null,
}

impl Default for Undocumented {
    fn default() -> Undocumented {
        Undocumented {
            friendly_name_chars_max: 255,
            invalid_parameter_http_status: 400,
            empty_status_callback: Stance::Refused,
            empty_parameter: EmptyParameter::Clears,
            number_taken_code: 20409,
            duplicate_entity: Stance::Accepted,
            duplicate_number: Stance::Refused,
            numbers_in_review: Stance::Accepted,
            status_with_other_parameters: Stance::Refused,
            evaluation_call: Stance::Accepted,
            deletion_of_rejected: Stance::Refused,
            deletion_of_approved: Stance::Refused,
            deletion_with_numbers: Stance::Refused,
            deletion_with_entities: Stance::Accepted,
            deletion_of_assigned: Stance::Refused,
            deletion_of_drafts_address: Stance::Refused,
            profile_approval_asked: ApprovalAsked::AtSubmission,
            unapproved_profile_code: Some(11005),
            second_representative_required: false,
            email_domain_must_match: true,
            implausible_details: Stance::Refused,
            address_correction: AddressCorrection::Off,
            submission_answer: SubmissionAnswer::PendingReview,
            document_status: DocumentStatus::UpperCase,
            rejection_errors: RejectionErrors::Listed,
            suspended_http_status: 403,
        }
    }
}

/// A setting by its name: how it is read, and what it is for. The first word is the default.
struct Named {
    name: &'static str,
    meaning: &'static str,
    words: &'static [&'static str],
    /// Sets the word with this position.
    set: fn(&mut Undocumented, usize),
}

const ACCEPT_OR_REFUSE: [Stance; 2] = [Stance::Accepted, Stance::Refused];
const REFUSE_OR_ACCEPT: [Stance; 2] = [Stance::Refused, Stance::Accepted];

#[rustfmt::skip]
const NAMED: &[Named] = &[
    Named { name: "invalid-parameter-status", meaning: "HTTP status of 20422 and 20423", words: &["400", "422"],
        set: |it, n| it.invalid_parameter_http_status = [400, 422][n] },
    Named { name: "empty-status-callback", meaning: "an empty StatusCallback", words: &["refused", "accepted"],
        set: |it, n| it.empty_status_callback = REFUSE_OR_ACCEPT[n] },
    Named { name: "empty-parameter", meaning: "an update with an empty parameter", words: &["clears", "is-not-given"],
        set: |it, n| it.empty_parameter = [EmptyParameter::Clears, EmptyParameter::IsNotGiven][n] },
    Named { name: "number-taken-code", meaning: "a number that sits on a bundle", words: &["20409", "70003"],
        set: |it, n| it.number_taken_code = [20409, 70003][n] },
    Named { name: "duplicate-entity", meaning: "the same object on the same bundle again",
        words: &["accepted", "refused"], set: |it, n| it.duplicate_entity = ACCEPT_OR_REFUSE[n] },
    Named { name: "duplicate-number", meaning: "the same number on the same bundle again",
        words: &["refused", "accepted"], set: |it, n| it.duplicate_number = REFUSE_OR_ACCEPT[n] },
    Named { name: "numbers-in-review", meaning: "a number on a bundle in review", words: &["accepted", "refused"],
        set: |it, n| it.numbers_in_review = ACCEPT_OR_REFUSE[n] },
    Named { name: "status-with-name", meaning: "Status with FriendlyName or Email in one update",
        words: &["refused", "accepted"], set: |it, n| it.status_with_other_parameters = REFUSE_OR_ACCEPT[n] },
    Named { name: "evaluation-call", meaning: "the call that asks for an evaluation", words: &["accepted", "refused"],
        set: |it, n| it.evaluation_call = ACCEPT_OR_REFUSE[n] },
    Named { name: "deletion-of-rejected", meaning: "deleting a rejected bundle", words: &["refused", "accepted"],
        set: |it, n| it.deletion_of_rejected = REFUSE_OR_ACCEPT[n] },
    Named { name: "deletion-of-approved", meaning: "deleting an approved bundle", words: &["refused", "accepted"],
        set: |it, n| it.deletion_of_approved = REFUSE_OR_ACCEPT[n] },
    Named { name: "deletion-with-numbers", meaning: "deleting a bundle with numbers on it",
        words: &["refused", "accepted"], set: |it, n| it.deletion_with_numbers = REFUSE_OR_ACCEPT[n] },
    Named { name: "deletion-with-entities", meaning: "deleting a bundle to which something else is assigned",
        words: &["accepted", "refused"], set: |it, n| it.deletion_with_entities = ACCEPT_OR_REFUSE[n] },
    Named { name: "deletion-of-assigned", meaning: "deleting an end user or a document that is assigned",
        words: &["refused", "accepted"], set: |it, n| it.deletion_of_assigned = REFUSE_OR_ACCEPT[n] },
    Named { name: "deletion-of-drafts-address", meaning: "deleting an address that a draft's document names",
        words: &["refused", "accepted"], set: |it, n| it.deletion_of_drafts_address = REFUSE_OR_ACCEPT[n] },
    Named { name: "profile-approval-asked", meaning: "when a product's profile must be approved",
        words: &["at-submission", "at-review"],
        set: |it, n| it.profile_approval_asked = [ApprovalAsked::AtSubmission, ApprovalAsked::AtReview][n] },
    Named { name: "unapproved-profile-code", meaning: "the code of a SHAKEN/STIR product whose profile is not approved",
        words: &["11005", "none"], set: |it, n| it.unapproved_profile_code = [Some(11005), None][n] },
    Named { name: "second-representative", meaning: "a profile without one, evaluated",
        words: &["optional", "required"], set: |it, n| it.second_representative_required = n == 1 },
    Named { name: "email-domain", meaning: "an e-mail domain that is not the website's, in review",
        words: &["must-match", "is-free"], set: |it, n| it.email_domain_must_match = n == 0 },
    Named { name: "implausible-details", meaning: "an implausible website or registration number, in review",
        words: &["refused", "accepted"], set: |it, n| it.implausible_details = REFUSE_OR_ACCEPT[n] },
    Named { name: "address-correction",
        meaning: "streets are corrected; with AutoCorrectAddress=false what would be corrected is kept or refused",
        words: &["off", "or-kept", "or-refused"],
        set: |it, n| it.address_correction =
            [AddressCorrection::Off, AddressCorrection::OrKept, AddressCorrection::OrRefused][n] },
    Named { name: "submission-answer", meaning: "the status in the answer to a submission",
        words: &["pending-review", "in-review"],
        set: |it, n| it.submission_answer = [SubmissionAnswer::PendingReview, SubmissionAnswer::InReview][n] },
    Named { name: "document-status", meaning: "the status of a document", words: &["DRAFT", "draft"],
        set: |it, n| it.document_status = [DocumentStatus::UpperCase, DocumentStatus::LowerCase][n] },
    Named { name: "rejection-errors", meaning: "errors of a rejected bundle", words: &["listed", "null"],
        set: |it, n| it.rejection_errors = [RejectionErrors::Listed, RejectionErrors::Null][n] },
    Named { name: "suspended-status", meaning: "HTTP status of 20005", words: &["403", "401"],
        set: |it, n| it.suspended_http_status = [403, 401][n] },
];

impl Undocumented {
    /// Sets what `NAME=VALUE` says.
    ///
    /// # Errors
    /// There is no such setting, or it has no such value; the text lists those that there are.
    pub fn set(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').ok_or_else(|| list("write NAME=VALUE"))?;
        let named = NAMED.iter().find(|named| named.name == name);
        let named = named.ok_or_else(|| list(&format!("there is no setting {name:?}")))?;
        let position = named.words.iter().position(|word| *word == value);
        let position = position.ok_or_else(|| format!("{name} is one of {}", named.words.join(", ")))?;
        (named.set)(self, position);
        Ok(())
    }
}

fn list(what: &str) -> String {
    let lines = NAMED.iter().map(|it| format!("  {}={}: {}", it.name, it.words.join("|"), it.meaning));
    format!("{what}; the first value of each is the default\n{}", lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(settings: &Undocumented) -> String {
        format!("{settings:?}")
    }

    #[test]
    fn the_first_word_of_each_setting_is_its_default_and_every_other_changes_it_alone() {
        let default = words_of(&Undocumented::default());
        for named in NAMED {
            for (position, word) in named.words.iter().enumerate() {
                let mut settings = Undocumented::default();
                settings.set(&format!("{}={word}", named.name)).expect(named.name);
                assert_eq!(words_of(&settings) == default, position == 0, "{}={word}", named.name);
                settings.set(&format!("{}={}", named.name, named.words[0])).expect(named.name);
                assert_eq!(words_of(&settings), default, "{}: back again", named.name);
            }
        }
    }

    #[test]
    fn an_unknown_setting_is_answered_with_those_that_there_are() {
        for text in ["help", "nothing=1", "empty-parameter", ""] {
            let told = Undocumented::default().set(text).expect_err(text);
            assert!(NAMED.iter().all(|named| told.contains(named.name)), "{text}: {told}");
        }
        let told = Undocumented::default().set("rejection-errors=none").expect_err("a wrong value");
        assert_eq!(told, "rejection-errors is one of listed, null");
    }
}
