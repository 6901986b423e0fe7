//! The policies that the sandbox knows: what a bundle needs, field by field. The lists of values
//! stand here a second time on purpose, so that a mistake in the client's lists is not repeated.

use serde::{Deserialize, Serialize};

use super::world::List;

/// Voice Integrity and its like: everything that is not a customer profile is a trust product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BundleKind {
    CustomerProfile,
    TrustProduct,
}

/// What a bundle under this policy must hold.
pub struct Policy {
    pub sid: &'static str,
    pub friendly_name: &'static str,
    pub bundle: BundleKind,
    /// The type by which other policies ask for a profile of this one; empty for products.
    pub profile_type: &'static str,
    pub access: Access,
    pub end_users: &'static [EndUser],
    pub documents: &'static [Document],
    pub profiles: Option<Profiles>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Api,
    ConsoleOnly,
}

/// An end user that a policy asks for.
pub struct EndUser {
    pub object_type: &'static str,
    pub name: &'static str,
    pub fields: &'static [Field],
}

/// A supporting document that a policy asks for.
pub struct Document {
    pub object_type: &'static str,
    pub name: &'static str,
    pub requirement_name: &'static str,
    pub requirement_friendly_name: &'static str,
    pub description: &'static str,
}

/// The supporting profile that a policy asks for: one of these alternatives.
pub struct Profiles {
    pub requirement_name: &'static str,
    pub requirement_friendly_name: &'static str,
    /// The field that an evaluation names.
    pub object_field: &'static str,
    /// Type and name.
    pub alternatives: &'static [(&'static str, &'static str)],
}

/// One attribute of an end user.
pub struct Field {
    pub name: &'static str,
    pub friendly_name: &'static str,
    pub check: Check,
    pub need: Need,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
}

/// What the value of an attribute must be; always a JSON string.
pub enum Check {
    Text,
    OneOf(&'static [&'static str]),
    /// Several values of a list, joined by commas.
    SomeOf(&'static [&'static str]),
    E164,
    Email,
    WholeNumber,
}

pub const PRIMARY: &str = "RN6433641899984f951173ef1738c3bdd0";
pub const SECONDARY: &str = "RNdfbf3fae0e1107f8aded0e7cead80bf5";
pub const VOICE_INTEGRITY: &str = "RN5b3660f9598883b1df4e77f77acefba0";

pub const CNAM: &str = "RNf3db3cd1fe25fcfd3c3ded065c8fea53";

pub const BUSINESS_INFORMATION: &str = "customer_profile_business_information";
pub const REPRESENTATIVE_1: &str = "authorized_representative_1";
pub const REPRESENTATIVE_2: &str = "authorized_representative_2";
pub const ADDRESS_DOCUMENT: &str = "customer_profile_address";

/// All policies, in the order in which they are listed. A further product is one entry here.
pub static POLICIES: &[Policy] = &[
    Policy {
        sid: PRIMARY,
        friendly_name: "Primary Customer Profile of type Business",
        bundle: BundleKind::CustomerProfile,
        profile_type: "primary_customer_profile_type_business",
        access: Access::ConsoleOnly,
        end_users: &[BUSINESS, FIRST_REPRESENTATIVE, SECOND_REPRESENTATIVE],
        documents: &[BUSINESS_ADDRESS],
        profiles: None,
    },
    Policy {
        sid: SECONDARY,
        friendly_name: "Secondary Customer Profile of type Business",
        bundle: BundleKind::CustomerProfile,
        profile_type: "secondary_customer_profile_type_business",
        access: Access::Api,
        end_users: &[BUSINESS, FIRST_REPRESENTATIVE, SECOND_REPRESENTATIVE],
        documents: &[BUSINESS_ADDRESS],
        profiles: Some(Profiles {
            requirement_name: "primary_customer_profile",
            requirement_friendly_name: "Primary Customer Profile",
            object_field: "bundle_sid",
            alternatives: &[("primary_customer_profile_type_business", "Primary Customer Profile Bundle")],
        }),
    },
    Policy {
        sid: VOICE_INTEGRITY,
        friendly_name: "Voice Integrity",
        bundle: BundleKind::TrustProduct,
        profile_type: "",
        access: Access::Api,
        end_users: &[EndUser {
            object_type: "voice_integrity_information",
            name: "Voice Integrity Information",
            fields: &[
                required("use_case", "Use Case", Check::OneOf(USE_CASES)),
                required("business_employee_count", "Business Employee Count", Check::WholeNumber),
                required(
                    "average_business_day_call_volume",
                    "Average Business Day Call Volume",
                    Check::WholeNumber,
                ),
                optional("notes", "Notes", Check::Text),
            ],
        }],
        documents: &[],
        profiles: Some(CUSTOMER_PROFILE),
    },
    Policy {
        sid: "RN7a97559effdf62d00f4298208492a5ea",
        friendly_name: "SHAKEN/STIR Trusted Calling",
        bundle: BundleKind::TrustProduct,
        profile_type: "",
        access: Access::Api,
        end_users: &[],
        documents: &[],
        profiles: Some(CUSTOMER_PROFILE),
    },
    Policy {
        sid: CNAM,
        friendly_name: "CNAM",
        bundle: BundleKind::TrustProduct,
        profile_type: "",
        access: Access::Api,
        end_users: &[EndUser {
            object_type: "cnam_information",
            name: "CNAM Information",
            fields: &[required("cnam_display_name", "CNAM Display Name", Check::Text)],
        }],
        documents: &[],
        profiles: Some(CUSTOMER_PROFILE),
    },
];

/// The policy with this SID.
pub fn find(sid: &str) -> Option<&'static Policy> {
    POLICIES.iter().find(|policy| policy.sid == sid)
}

/// The types of the end users that a bundle under this policy must hold.
pub fn end_users_of(sid: &str) -> Vec<&'static str> {
    find(sid).map_or_else(Vec::new, |policy| policy.end_users.iter().map(|it| it.object_type).collect())
}

/// An end user type that any policy asks for.
pub fn end_user(object_type: &str) -> Option<&'static EndUser> {
    POLICIES.iter().flat_map(|p| p.end_users).find(|e| e.object_type == object_type)
}

/// A document type that any policy asks for.
pub fn document(object_type: &str) -> Option<&'static Document> {
    POLICIES.iter().flat_map(|p| p.documents).find(|d| d.object_type == object_type)
}

impl BundleKind {
    /// The account's list that holds bundles of this kind.
    pub fn list(self) -> List {
        match self {
            BundleKind::CustomerProfile => List::Profiles,
            BundleKind::TrustProduct => List::Products,
        }
    }

    /// Its name in paths.
    pub fn path(self) -> &'static str {
        match self {
            BundleKind::CustomerProfile => "CustomerProfiles",
            BundleKind::TrustProduct => "TrustProducts",
        }
    }

    /// The key under which a part of a bundle names the bundle.
    pub fn sid_key(self) -> &'static str {
        match self {
            BundleKind::CustomerProfile => "customer_profile_sid",
            BundleKind::TrustProduct => "trust_product_sid",
        }
    }

    /// What the keys of its `links` begin with.
    pub fn link_prefix(self) -> &'static str {
        match self {
            BundleKind::CustomerProfile => "customer_profiles",
            BundleKind::TrustProduct => "trust_products",
        }
    }
}

const BUSINESS: EndUser = EndUser {
    object_type: BUSINESS_INFORMATION,
    name: "Business Information",
    fields: &[
        required("business_type", "Business Type", Check::OneOf(BUSINESS_TYPES)),
        required("business_registration_number", "Business Registration Number", Check::Text),
        required("business_name", "Business Name", Check::Text),
        required(
            "business_registration_identifier",
            "Business Registration Identifier",
            Check::OneOf(REGISTRATION_IDENTIFIERS),
        ),
        required("business_identity", "Business Identity", Check::OneOf(BUSINESS_IDENTITIES)),
        required("business_industry", "Business Industry", Check::OneOf(INDUSTRIES)),
        required("website_url", "Website URL", Check::Text),
        required("business_regions_of_operation", "Business Regions of Operation", Check::SomeOf(REGIONS)),
        optional("social_media_profile_urls", "Social Media Profile URLs", Check::Text),
    ],
};

const FIRST_REPRESENTATIVE: EndUser = EndUser {
    object_type: REPRESENTATIVE_1,
    name: "Authorized Representative #1",
    fields: REPRESENTATIVE_FIELDS,
};

const SECOND_REPRESENTATIVE: EndUser = EndUser {
    object_type: REPRESENTATIVE_2,
    name: "Authorized Representative #2",
    fields: REPRESENTATIVE_FIELDS,
};

const REPRESENTATIVE_FIELDS: &[Field] = &[
    required("first_name", "First Name", Check::Text),
    required("last_name", "Last Name", Check::Text),
    required("email", "Email Address", Check::Email),
    required("phone_number", "Phone Number", Check::E164),
    required("business_title", "Business Title", Check::Text),
    required("job_position", "Job Position", Check::OneOf(JOB_POSITIONS)),
];

const BUSINESS_ADDRESS: Document = Document {
    object_type: ADDRESS_DOCUMENT,
    name: "Physical Business Address",
    requirement_name: "customer_profile_address",
    requirement_friendly_name: "Physical Business Address",
    description: "Customer Profile HQ Physical Address",
};

/// Inferred from other products: alternatives that share one requirement name.
const CUSTOMER_PROFILE: Profiles = Profiles {
    requirement_name: "customer_profile",
    requirement_friendly_name: "Customer Profile",
    object_field: "bundle_status",
    alternatives: &[
        ("secondary_customer_profile_type_business", "Secondary Customer Profile Proof"),
        ("primary_customer_profile_type_business", "Primary Customer Profile Proof"),
    ],
};

const fn required(name: &'static str, friendly_name: &'static str, check: Check) -> Field {
    Field { name, friendly_name, check, need: Need::Required }
}

const fn optional(name: &'static str, friendly_name: &'static str, check: Check) -> Field {
    Field { name, friendly_name, check, need: Need::Optional }
}

const BUSINESS_IDENTITIES: &[&str] = &["direct_customer", "isv_reseller_or_partner", "unknown"];

/// The seed flow's list and what newer pages renamed.
const BUSINESS_TYPES: &[&str] = &[
    "Sole Proprietorship",
    "Partnership",
    "Limited Liability Corporation",
    "Corporation",
    "Co-operative",
    "Limited Liability Partnership",
    "Non-profit",
    "Non-profit Corporation",
];

#[rustfmt::skip]
const INDUSTRIES: &[&str] = &[
    "AUTOMOTIVE", "AGRICULTURE", "BANKING", "CONSUMER", "EDUCATION", "ENGINEERING", "ENERGY", "OIL_AND_GAS",
    "FAST_MOVING_CONSUMER_GOODS", "FINANCIAL", "FINTECH", "FOOD_AND_BEVERAGE", "GOVERNMENT", "HEALTHCARE",
    "HOSPITALITY", "INSURANCE", "LEGAL", "MANUFACTURING", "MEDIA", "ONLINE", "RAW_MATERIALS", "REAL_ESTATE",
    "RELIGION", "RETAIL", "JEWELRY", "TECHNOLOGY", "TELECOMMUNICATIONS", "TRANSPORTATION", "TRAVEL",
    "ELECTRONICS", "NOT_FOR_PROFIT",
    // Of newer pages.
    "CONSTRUCTION", "PROFESSIONAL_SERVICES",
];

/// What code in use sends, and the long labels of Twilio's guide.
#[rustfmt::skip]
const REGISTRATION_IDENTIFIERS: &[&str] = &[
    "EIN", "DUNS", "CBN", "CN", "ACN", "CIN", "VAT", "VATRN", "RN", "Other",
    "USA: DUNS Number (Dun & Bradstreet)", "USA: Employer Identification Number (EIN)",
];

const REGIONS: &[&str] = &["AFRICA", "ASIA", "EUROPE", "LATIN_AMERICA", "USA_AND_CANADA", "AUSTRALIA"];

const JOB_POSITIONS: &[&str] = &["Director", "GM", "VP", "CEO", "CFO", "General Counsel", "Other"];

#[rustfmt::skip]
const USE_CASES: &[&str] = &[
    "Identify & Verification", "Asset Management", "Lead Generation", "Intelligent Routing",
    "Appointment Scheduling", "Customer Support", "Self-Service", "Automated Support", "Appointment Reminders",
    "Employee Notifications", "Delivery Notifications", "Emergency Notifications", "Contactless Delivery",
    "Order Notifications", "Service Alerts", "Purchase Confirmation", "Mass Alerts", "Fraud Alerts",
    "Contact Tracing", "Lead Management", "Lead Nurturing", "Telemarketing", "Marketing Events",
    "Rewards Program", "Lead Alerts", "Lead Distribution", "Abandoned Cart", "Call Tracking", "Outbound Dialer",
    "Click to Call", "Phone System", "Meetings/Collaboration", "Telehealth", "Distance Learning",
    "Shift Management", "Field Notifications", "Dating/Social", "Remote appointments", "Group Messaging",
    "Exam Proctoring", "Tutoring", "Therapy (Individual+Group)", "Pharmacy", "First Responder",
    "Survey/Research",
];
