//! The closed lists: those of the Voice Integrity onboarding guide, word for word, and the US states.
//!
//! Twilio compares the guide's values exactly, case and spacing included.
//!
//! Newer pages of Twilio list values that the guide does not have (`NEWER_…`). Which of the two lists the
//! API follows is not documented, so both are taken; the newer ones with a warning.

/// `business_identity`.
pub const IDENTITIES: [&str; 3] = ["direct_customer", "isv_reseller_or_partner", "unknown"];

/// `business_type`.
pub const BUSINESS_TYPES: [&str; 7] = [
    "Sole Proprietorship",
    "Partnership",
    "Limited Liability Corporation",
    "Corporation",
    "Co-operative",
    "Limited Liability Partnership",
    "Non-profit",
];

/// `business_type` on the page about secondary customer profiles of May 2026.
pub const NEWER_BUSINESS_TYPES: [&str; 1] = ["Non-profit Corporation"];

/// `business_industry`.
pub const INDUSTRIES: [&str; 31] = [
    "AUTOMOTIVE",
    "AGRICULTURE",
    "BANKING",
    "CONSUMER",
    "EDUCATION",
    "ENGINEERING",
    "ENERGY",
    "OIL_AND_GAS",
    "FAST_MOVING_CONSUMER_GOODS",
    "FINANCIAL",
    "FINTECH",
    "FOOD_AND_BEVERAGE",
    "GOVERNMENT",
    "HEALTHCARE",
    "HOSPITALITY",
    "INSURANCE",
    "LEGAL",
    "MANUFACTURING",
    "MEDIA",
    "ONLINE",
    "RAW_MATERIALS",
    "REAL_ESTATE",
    "RELIGION",
    "RETAIL",
    "JEWELRY",
    "TECHNOLOGY",
    "TELECOMMUNICATIONS",
    "TRANSPORTATION",
    "TRAVEL",
    "ELECTRONICS",
    "NOT_FOR_PROFIT",
];

/// `business_industry` on the page about business information for messaging of September 2026.
pub const NEWER_INDUSTRIES: [&str; 2] = ["CONSTRUCTION", "PROFESSIONAL_SERVICES"];

/// `business_registration_identifier` as it goes over the wire.
pub const REGISTRATION_IDENTIFIERS: [&str; 2] = ["EIN", "DUNS"];

/// `business_registration_identifier` as the guide writes it, in the order of
/// [`REGISTRATION_IDENTIFIERS`]. A sheet may hold either form.
pub const REGISTRATION_IDENTIFIER_LABELS: [&str; 2] =
    ["USA: Employer Identification Number (EIN)", "USA: DUNS Number (Dun & Bradstreet)"];

/// `business_regions_of_operation`.
pub const REGIONS: [&str; 5] = ["AFRICA", "ASIA", "EUROPE", "LATIN_AMERICA", "USA_AND_CANADA"];

/// `business_regions_of_operation` on the page about secondary customer profiles of May 2026.
pub const NEWER_REGIONS: [&str; 1] = ["AUSTRALIA"];

/// `representative_…_job_position`.
pub const JOB_POSITIONS: [&str; 6] = ["Director", "GM", "VP", "CEO", "CFO", "General Counsel"];

/// `representative_…_job_position` on both newer pages.
pub const NEWER_JOB_POSITIONS: [&str; 1] = ["Other"];

/// `use_case`.
pub const USE_CASES: [&str; 45] = [
    "Identify & Verification",
    "Asset Management",
    "Lead Generation",
    "Intelligent Routing",
    "Appointment Scheduling",
    "Customer Support",
    "Self-Service",
    "Automated Support",
    "Appointment Reminders",
    "Employee Notifications",
    "Delivery Notifications",
    "Emergency Notifications",
    "Contactless Delivery",
    "Order Notifications",
    "Service Alerts",
    "Purchase Confirmation",
    "Mass Alerts",
    "Fraud Alerts",
    "Contact Tracing",
    "Lead Management",
    "Lead Nurturing",
    "Telemarketing",
    "Marketing Events",
    "Rewards Program",
    "Lead Alerts",
    "Lead Distribution",
    "Abandoned Cart",
    "Call Tracking",
    "Outbound Dialer",
    "Click to Call",
    "Phone System",
    "Meetings/Collaboration",
    "Telehealth",
    "Distance Learning",
    "Shift Management",
    "Field Notifications",
    "Dating/Social",
    "Remote appointments",
    "Group Messaging",
    "Exam Proctoring",
    "Tutoring",
    "Therapy (Individual+Group)",
    "Pharmacy",
    "First Responder",
    "Survey/Research",
];

/// The two letters and the name of each state, the District of Columbia, the territories that have
/// ZIP codes, and the three "states" of military mail.
pub const STATES: [(&str, &str); 59] = [
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
    ("AS", "American Samoa"),
    ("GU", "Guam"),
    ("MP", "Northern Mariana Islands"),
    ("PR", "Puerto Rico"),
    ("VI", "US Virgin Islands"),
    ("AA", "Armed Forces Americas"),
    ("AE", "Armed Forces Europe"),
    ("AP", "Armed Forces Pacific"),
];
