//! Every rule that the validator knows: its code, how much it matters, what it says and what to do.
//!
//! The codes are public and stable: people filter by them, and the README lists them.

use crate::model::{Column, Severity};

/// One rule, with a row that it lets pass and one that it speaks about.
pub struct Rule {
    pub code: &'static str,
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub text: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// Cells that this rule has nothing to say about, in a row that is otherwise in order. Empty for
    /// rules about headers, whole rows or typed cells, which have tests of their own.
    pub good: Sample,
    /// Cells that this rule speaks about.
    pub bad: Sample,
}

pub type Sample = &'static [(Column, &'static str)];

/// Whether a rule speaks about headers or the sheet as a whole, not about rows.
pub fn is_about_headers(code: &str) -> bool {
    [
        &MISSING_COLUMN,
        &DUPLICATE_COLUMN,
        &UNKNOWN_COLUMN,
        &NO_ROWS,
        &SHEET_CHOICE,
        &NOT_THE_SHEET,
        &HIDDEN_ROWS,
        &MERGED_CELLS,
    ]
    .iter()
    .any(|rule| rule.code == code)
}

/// All rules as a Markdown table, for the README.
pub fn readme_table() -> String {
    let mut table =
        String::from("| code | | what it says | what to do | for example |\n|---|---|---|---|---|\n");
    for rule in ALL {
        let example: Vec<_> = rule
            .bad
            .iter()
            .map(|(column, value)| format!("`{}` = `{}`", column.name(), shown(value)))
            .collect();
        table.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            rule.code,
            rule.severity.word(),
            rule.text,
            rule.fix,
            example.join(", ")
        ));
    }
    table
}

fn shown(value: &str) -> String {
    let value: String = value.chars().take(60).collect();
    value.replace('|', "\\|").replace('\n', " ").replace('\0', "\\0")
}

const fn error(code: &'static str, text: &'static str, fix: &'static str) -> Rule {
    Rule { code, severity: Severity::Error, text, fix, good: &[], bad: &[] }
}

const fn warning(code: &'static str, text: &'static str, fix: &'static str) -> Rule {
    Rule { code, severity: Severity::Warning, text, fix, good: &[], bad: &[] }
}

const fn note(code: &'static str, text: &'static str, fix: &'static str) -> Rule {
    Rule { code, severity: Severity::Note, text, fix, good: &[], bad: &[] }
}

impl Rule {
    const fn good(mut self, good: Sample) -> Rule {
        self.good = good;
        self
    }

    const fn bad(mut self, bad: Sample) -> Rule {
        self.bad = bad;
        self
    }
}

/// Declares the rules and the list of all of them.
macro_rules! rules {
    ($($name:ident = $rule:expr;)*) => {
        $(pub static $name: Rule = $rule;)*
        /// Every rule, in the order of the README.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    // Headers and the file as a whole.
    MISSING_COLUMN = error("missing_column", "A required column is missing.",
        "Add the column, or say with --map which of yours it is, or with --set the value for all rows.");
    DUPLICATE_COLUMN = error("duplicate_column", "Two headers mean the same column.",
        "Delete or rename one of them, or say which is meant with --map: \"H=business_name\" takes the column with the letter H, \"H=\" leaves it out.");
    UNKNOWN_COLUMN = warning("unknown_column", "Some headers are unknown; these columns are not read.",
        "Correct the header, or say with --map which column it is.");
    NO_ROWS = error("no_rows", "There are headers but no rows below them.", "Fill in one row for each customer.");
    SHEET_CHOICE = error("sheet_choice", "Several sheets of the workbook have headers that match equally well.",
        "Name the sheet that is meant with --sheet, or delete the others.");
    NOT_THE_SHEET = error("not_the_sheet", "This is a file that this program wrote, not the sheet of customers.",
        "Give the sheet that the run was started with.");
    UNCLOSED_QUOTE = error("unclosed_quote", "The quotation marks of the row are broken: one opens a cell and is not closed at its end, so that what follows may be part of that cell.",
        "Close or delete the quotation mark, or double it if it belongs to the text.")
        .good(&[(Column::BusinessName, "\"Harbor Light\" Dental LLC")]).bad(&[(Column::BusinessName, "\"Harbor Light Dental LLC")]);
    HIDDEN_ROWS = warning("hidden_rows", "Some rows are hidden or filtered out in the spreadsheet; they are read all the same.",
        "Delete the rows that are not meant.");
    MERGED_CELLS = warning("merged_cells", "Cells are merged; only the first of them has a value, the others are empty.",
        "Unmerge them and fill in each row.");
    TEXT_NORMALISED = note("text_normalised", "Outer spaces, no-break and invisible characters were removed, typographic quotes and dashes made plain, and line breaks in a value of one line made spaces.",
        "Nothing to do.");
    EXAMPLE_ROW = note("example_row", "This is the example of the template; it is skipped.", "Nothing to do.");

    // Cells and rows of any kind.
    REQUIRED = error("required", "A required cell is empty.", "Fill it in.")
        .good(&[(Column::BusinessName, "Harbor Light Dental LLC")]).bad(&[(Column::BusinessName, " ")]);
    TOO_FEW_CELLS = error("too_few_cells", "The row ends early: several required cells at its end are empty.",
        "Complete the row; look for a missing separator or a line break in the wrong place.");
    TOO_MANY_CELLS = error("too_many_cells", "The row has filled cells to the right of the last header, so its cells may be shifted.",
        "Look for a separator too many, or put quotation marks around the cell that contains it; or delete what stands there.");
    TOO_LONG = error("too_long", "The business name is longer than the 64 bytes that Twilio takes as the name of an address.",
        "Use a shorter form of the name, or create the address in the Twilio Console and enter its address_sid instead of the address columns.")
        .good(&[(Column::BusinessName, "Harbor Light Dental and Orthodontic Associates of Massachusetts")])
        .bad(&[(Column::BusinessName, "Harbor Light Dental and Orthodontic Associates of Massachusetts LLC")]);
    UNUSUALLY_LONG = warning("unusually_long", "The cell is longer than what usually stands here.", "Look for text of other cells in it.")
        .good(&[(Column::City, "Boston")])
        .bad(&[(Column::City, "Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston Boston")]);
    QUOTES_REMOVED = note("quotes_removed", "Quotation marks that a program has put around the value, or doubled within it, were taken off.", "Nothing to do.")
        .good(&[(Column::BusinessName, "Harbor \"Light\" Dental LLC")]).bad(&[(Column::BusinessName, "=\"Harbor Light Dental LLC\"")]);
    NUL_CHARACTER = error("nul_character", "The cell holds a NUL character, which no text has: something has damaged the file.",
        "Type the cell in again.")
        .good(&[(Column::City, "Boston")]).bad(&[(Column::City, "Bos\0ton")]);
    ENCODING_GUESSED = warning("encoding_guessed", "Nothing in the file says its encoding, so what the cell holds is a guess.",
        "Compare it with the file, and name the encoding with --encoding; or save the file as UTF-8.");
    DECODED_TWICE = warning("decoded_twice", "The text looks as if its encoding had been mistaken once before, as in CafÃ© for Café.",
        "Correct the cell, or export the sheet again as UTF-8.")
        .good(&[(Column::City, "Santa Fé")]).bad(&[(Column::City, "Santa FÃ©")]);
    UNDECODABLE = error("undecodable", "The cell holds bytes that are not of the file's encoding.",
        "Save the file as UTF-8, or name its encoding with --encoding.");
    CELL_IS_ERROR = error("cell_is_error", "The cell holds an error value instead of text.", "Correct the formula, or type in the value.")
        .good(&[(Column::City, "Boston")]).bad(&[(Column::City, "#N/A")]);
    CELL_IS_DATE = error("cell_is_date", "The spreadsheet has taken the cell for a date.", "Format the cell as text and type the value in again.")
        .good(&[(Column::City, "Boston")]).bad(&[(Column::City, "2026-01-31")]);
    DATE_REFORMATTED = note("date_reformatted", "A date of a workbook was written as year, month and day.", "Nothing to do.");
    CELL_IS_BOOLEAN = error("cell_is_boolean", "The spreadsheet has taken the cell for TRUE or FALSE.", "Format the cell as text and type the value in again; a name is written True or False.")
        .good(&[(Column::Representative1LastName, "True")]).bad(&[(Column::Representative1LastName, "TRUE")]);
    CELL_IS_FORMULA = note("cell_is_formula", "The cell is a formula; the value that was calculated last is taken.", "Check that the value is right.");
    CELL_NOT_CALCULATED = error("cell_not_calculated", "The cell is a formula that no spreadsheet program has calculated yet.",
        "Open the sheet in a spreadsheet program and save it, or type in the value.");
    PLACEHOLDER = error("placeholder", "The cell holds what a program writes where there is no value (nan, None, NULL, N/A, ########, 0), or a sign alone.",
        "Type in the value. If it is really meant, such as a city called Null, send it with --accept city=Null.")
        .good(&[(Column::City, "Null Valley")]).bad(&[(Column::City, "NULL")]);
    PLACEHOLDER_IGNORED = warning("placeholder_ignored", "An optional cell holds what a program writes where there is no value; it is taken as empty.",
        "Empty the cell, or type in the value.")
        .good(&[(Column::Notes, "None of the calls is a sales call.")]).bad(&[(Column::Notes, "nan")]);
    TRIAL_VALUE = warning("trial_value", "The cell holds a word that people type to try something out.", "Enter the real value: what is submitted cannot be changed while it is reviewed.")
        .good(&[(Column::Representative1LastName, "Tester")]).bad(&[(Column::Representative1LastName, "Test")]);
    MARKUP = warning("markup", "The text has characters in it as a program writes them (&amp; for &, <br>, \\n, %20, b'Acme', null among words); it is sent as it is written.", "Write the characters themselves.")
        .good(&[(Column::BusinessName, "Smith & Sons LLC")]).bad(&[(Column::BusinessName, "Smith &amp; Sons LLC")]);
    VALUE_ACCEPTED = warning("value_accepted", "The value is sent as it is written, because --accept names it; without that it would be replaced.", "Leave out the --accept if that is not meant.");
    NOT_IN_LIST = error("not_in_list", "The value is not one of those that Twilio takes.", "Choose one of the list. A value that Twilio has added since is sent with --accept COLUMN=VALUE.")
        .good(&[(Column::BusinessType, "Corporation")]).bad(&[(Column::BusinessType, "Franchise")]);
    NEWER_VALUE = warning("newer_value", "The value is on newer pages of Twilio and not in the Voice Integrity guide. Which of them the API follows is not documented, so it is sent as written; the evaluation before a submission says if it is refused.",
        "Nothing to do, or choose a value of the guide.")
        .good(&[(Column::BusinessType, "Non-profit")]).bad(&[(Column::BusinessType, "Non-profit Corporation")]);
    VALUE_SPELLING = note("value_spelling", "Case and spacing of a listed value were corrected.", "Nothing to do.")
        .good(&[(Column::BusinessIndustry, "REAL_ESTATE")]).bad(&[(Column::BusinessIndustry, "Real estate")]);
    VALUE_SYNONYM = note("value_synonym", "Another word for a listed value, or its label in the Console, was replaced by it.", "Nothing to do.")
        .good(&[(Column::BusinessType, "Limited Liability Corporation")]).bad(&[(Column::BusinessType, "LLC")]);

    // SIDs.
    SID_MALFORMED = error("sid_malformed", "This is not a Twilio SID: two letters and 32 hexadecimal digits.", "Copy the SID from the Twilio Console.")
        .good(&[(Column::SubaccountSid, "AC00000000000000000000000000000009")]).bad(&[(Column::SubaccountSid, "AC0000000000000000000000000000000")]);
    SID_KIND = error("sid_kind", "This is a SID of another kind than belongs here.", "Copy the right SID from the Twilio Console.")
        .good(&[(Column::PrimaryProfileSid, "BU00000000000000000000000000000009")]).bad(&[(Column::PrimaryProfileSid, "AC00000000000000000000000000000009")]);
    SID_SPELLING = note("sid_spelling", "A SID was written with its letters in their usual case.", "Nothing to do.")
        .good(&[(Column::SubaccountSid, "AC0000000000000000000000000000000a")]).bad(&[(Column::SubaccountSid, "AC0000000000000000000000000000000A")]);
    PARENT_ACCOUNT = error("parent_account", "This is the parent account, not a subaccount of it.", "Enter the SID of the customer's subaccount.");
    DUPLICATE_SUBACCOUNT = error("duplicate_subaccount", "Two rows name the same subaccount.", "Keep one row for each subaccount.");
    DUPLICATE_SID = error("duplicate_sid", "Two rows name the same profile, product or address, and each belongs to one subaccount only.",
        "Check in the Twilio Console which subaccount it belongs to, and empty the other cell.");
    SID_REPEATED = error("sid_repeated", "Two columns of this row name the same profile.", "Copy the right SID from the Twilio Console into each column, or empty the one that is not meant.")
        .good(&[(Column::CustomerProfileSid, "BU00000000000000000000000000000008"), (Column::TrustProductSid, "BU00000000000000000000000000000009")])
        .bad(&[(Column::CustomerProfileSid, "BU00000000000000000000000000000009"), (Column::TrustProductSid, "BU00000000000000000000000000000009")]);

    // Digits.
    DIGITS_LOST = error("digits_lost", "Digits are missing or not where they belong; as a rule a program has taken them for a number.",
        "Format the column as text and type the digits in again.")
        .good(&[(Column::BusinessRegistrationNumber, "041234567")]).bad(&[(Column::BusinessRegistrationNumber, "41234567.0")]);
    REGISTRATION_NUMBER = error("registration_number", "An EIN or DUNS number has 9 digits.", "Check the number with the customer.")
        .good(&[(Column::BusinessRegistrationNumber, "041234567")]).bad(&[(Column::BusinessRegistrationNumber, "04-12345678")]);
    REGISTRATION_NUMBER_REFORMATTED = note("registration_number_reformatted", "Separators, or a point and zeros, were taken out of the EIN or DUNS number.", "Nothing to do.")
        .good(&[(Column::BusinessRegistrationNumber, "041234567")]).bad(&[(Column::BusinessRegistrationNumber, "04-1234567")]);
    EIN_PREFIX = warning("ein_prefix", "No EIN begins with these two digits.", "Compare it with the customer's IRS letter (CP 575 or 147C).")
        .good(&[(Column::BusinessRegistrationNumber, "041234567")]).bad(&[(Column::BusinessRegistrationNumber, "001234567")]);
    SSN_LIKE = warning("ssn_like", "This is written like a social security number, not like an EIN.", "Check the number: Twilio refuses social security numbers.")
        .good(&[(Column::BusinessRegistrationNumber, "04-1234567")]).bad(&[(Column::BusinessRegistrationNumber, "041-23-4567")]);
    EIN_SHARED = warning("ein_shared", "One EIN or DUNS number stands under two business names.", "Check which row it belongs to.");
    COUNT = error("count", "A whole number belongs here.", "Enter the number alone, without a range or a word.")
        .good(&[(Column::BusinessEmployeeCount, "25")]).bad(&[(Column::BusinessEmployeeCount, "20-30")]);
    COUNT_ZERO = warning("count_zero", "A count is 0.", "Enter the real count; Twilio's own examples are numbers above 0.")
        .good(&[(Column::AverageBusinessDayCallVolume, "1")]).bad(&[(Column::AverageBusinessDayCallVolume, "0")]);
    COUNT_REFORMATTED = note("count_reformatted", "Separators, zeros in front, or a point and zeros were taken out of a number.", "Nothing to do.")
        .good(&[(Column::BusinessEmployeeCount, "1200")]).bad(&[(Column::BusinessEmployeeCount, "1,200")]);

    // E-mail and web.
    EMAIL_SYNTAX = error("email_syntax", "This is not an e-mail address.", "Enter one address of the form name@example.com.")
        .good(&[(Column::Email, "status@reseller.example.com")]).bad(&[(Column::Email, "status@reseller")]);
    EMAIL_FREE_MAIL = warning("email_free_mail", "The representative uses a free mail service.", "Reviewers expect an address at the business's own domain (18606).")
        .good(&[(Column::Representative1Email, "dana@harborlight.example.com")]).bad(&[(Column::Representative1Email, "harborlight@gmail.com")]);
    EMAIL_DOMAIN = warning("email_domain", "The representative's mail domain is not that of the website.", "Reviewers expect the same domain (18606).")
        .good(&[(Column::Representative1Email, "dana@mail.example.com")]).bad(&[(Column::Representative1Email, "dana@example.org")]);
    UNKNOWN_SUFFIX = warning("unknown_suffix", "No domain ends like this.", "Look for a slip of the pen, such as .con for .com.")
        .good(&[(Column::Email, "status@reseller.example.com")]).bad(&[(Column::Email, "status@reseller.con")]);
    URL_SYNTAX = error("url_syntax", "This is not a web address.", "Enter it whole, beginning with https://.")
        .good(&[(Column::WebsiteUrl, "https://harborlight.example.com")]).bad(&[(Column::WebsiteUrl, "www.harborlight.example.com")]);
    URL_NOT_PUBLIC = error("url_not_public", "This web address cannot be reached from outside.", "Enter the address of the public website.")
        .good(&[(Column::WebsiteUrl, "https://harborlight.example.com")]).bad(&[(Column::WebsiteUrl, "https://192.168.1.10/")]);
    WEBSITE_HTTP = error("website_http", "The website is given without encryption (http), and Twilio lists https as a prerequisite of Voice Integrity.",
        "Give the https address. A site that has none is sent as it is with --accept website_url=http://….")
        .good(&[(Column::WebsiteUrl, "https://harborlight.example.com")]).bad(&[(Column::WebsiteUrl, "http://harborlight.example.com")]);

    // Phone numbers.
    PHONE_INVALID = error("phone_invalid", "This is not a phone number that can exist.", "Enter it with country code, such as +16175550123.")
        .good(&[(Column::Representative1PhoneNumber, "+16175550123")]).bad(&[(Column::Representative1PhoneNumber, "+16171550123")]);
    PHONE_COUNTRY = error("phone_country", "The representative's phone number is not a US one (+1), and Voice Integrity takes no other (11002).", "Enter a number that begins with +1.")
        .good(&[(Column::Representative1PhoneNumber, "+16175550123")]).bad(&[(Column::Representative1PhoneNumber, "+442071838750")]);
    PHONE_NOT_US = warning("phone_not_us", "The representative's phone number begins with +1 but is of Canada or another country; Voice Integrity asks for a US one (11002).", "Enter a US number if there is one.")
        .good(&[(Column::Representative1PhoneNumber, "+17872345678")]).bad(&[(Column::Representative1PhoneNumber, "+14165550130")]);
    AREA_CODE_UNKNOWN = warning("area_code_unknown", "No such area code is known to this program; new ones come into use every few months, so the number is sent.", "Check the number; if the area code is new, there is nothing to do.")
        .good(&[(Column::Representative1PhoneNumber, "+16175550123")]).bad(&[(Column::Representative1PhoneNumber, "+18612345678")]);
    PHONE_LETTERS = error("phone_letters", "A phone number has letters in the place of digits; a word beside half a number would make it whole.", "Write every digit as a digit.")
        .good(&[(Column::Representative1PhoneNumber, "Tel. (617) 555-0123")]).bad(&[(Column::Representative1PhoneNumber, "(617) 555 Work")]);
    PHONE_EXTENSION = error("phone_extension", "A phone number with an extension cannot be sent.", "Enter a direct number.")
        .good(&[(Column::Representative1PhoneNumber, "+16175550123")]).bad(&[(Column::Representative1PhoneNumber, "617-555-0123 ext. 4")]);
    PHONE_REFORMATTED = note("phone_reformatted", "A phone number was written in the international form (E.164).", "Nothing to do.")
        .good(&[(Column::Representative1PhoneNumber, "+16175550123")]).bad(&[(Column::Representative1PhoneNumber, "(617) 555-0123")]);
    NUMBER_NOT_US = warning("number_not_us", "Voice Integrity registers US numbers; this one is of Canada, of another country of +1, or of another code. Whether Twilio takes it is not documented.", "Take the number off the row unless you know that it can be registered.")
        .good(&[(Column::PhoneNumbers, "+16175550150")]).bad(&[(Column::PhoneNumbers, "+14165550130")]);
    NUMBER_LEFT_OFF = note("number_left_off", "A product of the row does not take this number; it is left off that product, and is on the others.", "Nothing to do.");
    NO_NUMBER_FOR_PRODUCT = warning("no_number_for_product", "A product of the row takes none of its numbers, so that it will be refused; the others are made.", "Add a number that it takes, or leave out the product.");
    NUMBER_REPEATED = note("number_repeated", "A number stands twice in this row and is taken once.", "Nothing to do.")
        .good(&[(Column::PhoneNumbers, "+16175550150")]).bad(&[(Column::PhoneNumbers, "+16175550150; +16175550150")]);
    ALL_AND_MORE = error("all_and_more", "The word all stands beside numbers.", "Enter either the word all or the numbers.")
        .good(&[(Column::PhoneNumbers, "all")]).bad(&[(Column::PhoneNumbers, "all; +16175550150")]);
    DUPLICATE_NUMBER = error("duplicate_number", "A number stands in two rows, and it can belong to one customer only.", "Take it off one of the rows.");

    // Addresses.
    ADDRESS_NEITHER = error("address_neither", "The row has no address.", "Fill in street, city, region, postal_code and iso_country, or address_sid.")
        .good(&[(Column::Street, "12 Harbor Street")])
        .bad(&[(Column::Street, ""), (Column::StreetSecondary, ""), (Column::City, ""), (Column::Region, ""), (Column::PostalCode, "")]);
    ADDRESS_BOTH = error("address_both", "The row has an address_sid and address columns too.", "Empty one or the other.")
        .good(&[(Column::AddressSid, "")]).bad(&[(Column::AddressSid, "AD00000000000000000000000000000009")]);
    COUNTRY_NOT_US = error("country_not_us", "The address is not in the United States, and Voice Integrity takes no other (11003).", "Enter a US address of the business.")
        .good(&[(Column::IsoCountry, "US")]).bad(&[(Column::IsoCountry, "CA")]);
    COUNTRY_NAME = note("country_name", "The country was written as its code.", "Nothing to do.")
        .good(&[(Column::IsoCountry, "US")]).bad(&[(Column::IsoCountry, "U.S.A.")]);
    COUNTRY_ASSUMED = note("country_assumed", "The country is empty; US is taken, the only one that Voice Integrity takes.", "Nothing to do.")
        .good(&[(Column::IsoCountry, "US")]).bad(&[(Column::IsoCountry, "")]);
    STATE_UNKNOWN = error("state_unknown", "This is no US state or territory.", "Enter its two letters, such as MA.")
        .good(&[(Column::Region, "MA")]).bad(&[(Column::Region, "ZZ")]);
    STATE_NAME = note("state_name", "The state was written as its two letters.", "Nothing to do.")
        .good(&[(Column::Region, "MA")]).bad(&[(Column::Region, "Massachusetts")]);
    ZIP_MALFORMED = error("zip_malformed", "A ZIP code has 5 digits, or 5 and 4.", "Check the ZIP code.")
        .good(&[(Column::PostalCode, "02110-1234")]).bad(&[(Column::PostalCode, "021101")]);
    ZIP_PADDED = note("zip_padded", "The zero that ZIP codes of this state begin with was put back.", "Nothing to do.")
        .good(&[(Column::PostalCode, "02110")]).bad(&[(Column::PostalCode, "2110")]);
    ZIP_REFORMATTED = note("zip_reformatted", "The ZIP code was written in its usual form.", "Nothing to do.")
        .good(&[(Column::PostalCode, "02110-1234")]).bad(&[(Column::PostalCode, "02110 1234")]);
    ZIP_STATE = warning("zip_state", "The ZIP code does not belong to the state.", "Check both.")
        .good(&[(Column::PostalCode, "02110"), (Column::Region, "MA")]).bad(&[(Column::PostalCode, "02110"), (Column::Region, "TX")]);
    PO_BOX = warning("po_box", "A PO box is no physical address, and reviewers reject it (18603).", "Enter the street address of the business.")
        .good(&[(Column::Street, "12 Harbor Street")]).bad(&[(Column::Street, "P.O. Box 12")]);

    // Products.
    PRODUCT_UNKNOWN = error("product_unknown", "There is no such product.", "Choose from the products that --help names at --products.");

    CNAM_NAME = error("cnam_name", "CNAM shows at most 15 letters, digits, full stops, commas and spaces; the name begins with a letter (11009).", "Shorten the name, or write it without the other characters.");
    CNAM_PROHIBITED = error("cnam_prohibited", "The name holds a term that CNAM does not take (11008), such as FBI, Government, Medicare, Police or Social Security.", "Enter a name without it.");
    CNAM_PLACE = error("cnam_place", "The name is a mere city or state; CNAM takes the name of the business.", "Enter the name of the business, shortened where it is too long.");
    CNAM_MISMATCH = warning("cnam_mismatch", "The name has no word in common with business_name or friendly_name, and reviewers reject a name that is not that of the business (11007).", "Check the name.");

    // Representatives.
    REPRESENTATIVE_2_INCOMPLETE = error("representative_2_incomplete", "The second representative is only half filled in.", "Fill in all six cells, or empty them all.")
        .good(&[(Column::Representative2FirstName, "")]).bad(&[(Column::Representative2FirstName, "Luis")]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_means_two_rules() {
        let mut codes: Vec<_> = ALL.iter().map(|rule| rule.code).collect();
        codes.sort_unstable();
        let before = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), before);
    }
}
