//! The sheet to fill in.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign,
    FormatBorder, Formula, Note, Workbook, Worksheet, XlsxError,
};

use super::formula_guard::csv_safe;
use crate::model::column::{COLUMNS, Content, Need, Spec};
use crate::model::{Column, Fault, Product, values};

/// A row whose `subaccount_sid` begins with this word is the template's example; it is never sent.
pub const EXAMPLE: &str = "EXAMPLE";

/// What is written for customers who are onboarded to these products.
pub struct Template<'a> {
    /// Every product there is.
    pub known: &'a [&'static Product],
    pub wanted: &'a [&'static Product],
}

impl Template<'_> {
    /// The columns of the table that the products need, in its order.
    fn columns(&self) -> impl Iterator<Item = &'static Spec> {
        let unwanted = self.known.iter().filter(|product| !self.wanted.contains(product));
        let is_of_unwanted = |spec: &Spec| {
            let mut unwanted = unwanted.clone();
            unwanted.any(|it| it.columns == Some(spec.group) || it.sid_column == spec.name)
        };
        // Where all customers are onboarded to the same, no row has to say so.
        let is_wanted = |spec: &&Spec| match spec.column {
            Column::Products => self.wanted.len() > 1,
            _ => !is_of_unwanted(spec),
        };
        COLUMNS.iter().filter(is_wanted).collect::<Vec<_>>().into_iter()
    }

    /// The products whose column for one that is there already is not in the table.
    fn with_a_column_of_their_own(&self) -> impl Iterator<Item = &'static Product> {
        self.wanted.iter().copied().filter(|product| Column::named(product.sid_column).is_none())
    }

    /// Its headers, in order.
    pub fn headers(&self) -> Vec<&'static str> {
        let further = self.with_a_column_of_their_own().map(|it| it.sid_column);
        self.columns().map(|spec| spec.name).chain(further).collect()
    }

    /// As CSV: the headers, and an example row that is skipped when the sheet is read.
    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let further = self.with_a_column_of_their_own();
        let examples = self.columns().map(|spec| csv_safe(&example(spec)).into_owned());
        // Writing to memory does not fail.
        let _ = writer.write_record(self.headers());
        let _ = writer.write_record(examples.chain(further.map(|_| String::new())));
        writer.into_inner().unwrap_or_default()
    }

    /// As a workbook: cells that a spreadsheet program cannot damage, lists to choose from, a note on every
    /// header, the same example row, and a sheet that explains each column.
    pub fn xlsx(&self) -> Result<Vec<u8>, Fault> {
        written(self).map_err(|error| {
            Fault::new(
                format!("The template could not be written: {error}."),
                "Ask for the CSV template instead: `template -o customers.csv`.",
            )
        })
    }
}

/// The rows that are prepared for customers, below the headers.
const ROWS: u32 = 5_000;

/// Where the values of the lists stand.
const LISTS: &str = "Lists";

fn written(template: &Template<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // A fixed date, so that the template is the same every time.
    let date = ExcelDateTime::from_ymd(2026, 1, 1)?;
    workbook
        .set_properties(&DocProperties::new().set_title("Customers to onboard").set_creation_datetime(&date));
    customers(workbook.add_worksheet(), template)?;
    columns(workbook.add_worksheet(), template)?;
    lists(workbook.add_worksheet())?;
    workbook.save_to_buffer()
}

fn customers(sheet: &mut Worksheet, template: &Template<'_>) -> Result<(), XlsxError> {
    sheet.set_name("Customers")?.set_freeze_panes(1, 1)?;
    sheet.set_default_note_author("trusthub-onboard");
    let example_format = Format::new().set_italic().set_font_color(Color::Gray);
    for (column, spec) in (0..).zip(template.columns()) {
        let cells = match spec.content {
            Content::Count => Format::new().set_num_format("0"),
            // Text: the program takes nothing for a number or a date.
            Content::Text | Content::Digits => Format::new().set_num_format("@"),
        };
        sheet.set_column_width(column, column_width(spec.name, Some(spec)))?;
        sheet.set_column_format(column, &cells)?;
        sheet.write_string_with_format(0, column, spec.name, &header_format(spec.need))?;
        sheet.insert_note(0, column, &note(spec))?;
        let example_cell = Format::clone(&example_format).set_num_format("@");
        sheet.write_string_with_format(1, column, example(spec), &example_cell)?;
        if let Some((list, values)) = LIST_COLUMNS
            .iter()
            .zip(0..)
            .find_map(|(list, at)| list.takes(spec).then_some((at, list.values())))
        {
            let range = format!("={LISTS}!${0}$2:${0}${1}", super::column_letters(list), values.len() + 1);
            // Where several values may stand, a choice is a proposal only; elsewhere a value that Twilio has
            // added since can be typed in after a question.
            let style = if spec.column == Column::BusinessRegionsOfOperation {
                DataValidationErrorStyle::Information
            } else {
                DataValidationErrorStyle::Warning
            };
            let validation = DataValidation::new()
                .allow_list_formula(Formula::new(range))
                .set_error_title("Not in the list")?
                .set_error_message(format!("{} takes the values of the list.", spec.name))?
                .set_error_style(style);
            sheet.add_data_validation(2, column, ROWS + 1, column, &validation)?;
        }
    }
    let first = template.columns().count() as u16;
    for (column, product) in (first..).zip(template.with_a_column_of_their_own()) {
        sheet.set_column_width(column, SID_WIDTH)?;
        sheet.set_column_format(column, &Format::new().set_num_format("@"))?;
        sheet.write_string_with_format(0, column, product.sid_column, &header_format(Need::Optional))?;
        let help =
            format!("A {} product that the subaccount has already and that is to be used.", product.title);
        let text = format!("{} (optional)\n{help}\nBU and 32 hexadecimal digits.", product.sid_column);
        sheet.insert_note(
            0,
            column,
            &Note::new(text).set_width(280).set_height(110).add_author_prefix(false),
        )?;
    }
    Ok(())
}

/// How wide a column of SIDs is shown, in characters.
const SID_WIDTH: f64 = 37.0;

/// How wide a column is shown, in characters: its header and what usually stands below it can be read. The
/// long ones are cut, or a screen would hold three of them.
pub fn column_width(header: &str, spec: Option<&Spec>) -> f64 {
    const SID_CHARS: usize = 34;
    let content = match spec {
        Some(spec) if spec.name.ends_with("_sid") => SID_CHARS,
        Some(spec) => spec.example.chars().count(),
        None => 0,
    };
    (header.chars().count().max(content) as f64 + 3.0).clamp(14.0, 40.0)
}

/// How high a row with wrapped text must be, in points: programs that do not work it out by themselves would
/// show the lines one over the other. Each text comes with the width of its column.
pub fn row_height(texts: &[(&str, f64)]) -> f64 {
    const LINE_POINTS: f64 = 15.0;
    let lines = |(text, width): &(&str, f64)| (text.chars().count() as f64 / (width * 1.05)).ceil().max(1.0);
    LINE_POINTS * texts.iter().map(lines).fold(1.0, f64::max)
}

fn header_format(need: Need) -> Format {
    let color = match need {
        Need::Required => 0x00_1F_4E_79,
        Need::WithoutAddressSid => 0x00_2E_75_B6,
        Need::Optional | Need::AllOrNone => 0x00_7F_7F_7F,
    };
    Format::new()
        .set_bold()
        .set_font_color(Color::White)
        .set_background_color(Color::RGB(color))
        .set_border(FormatBorder::Thin)
}

fn note(spec: &Spec) -> Note {
    let text = format!("{} ({})\n{}\n{}.", spec.name, spec.need.words(), spec.help, spec.rule);
    Note::new(text).set_width(280).set_height(110).add_author_prefix(false)
}

/// The sheet that explains each column.
fn columns(sheet: &mut Worksheet, template: &Template<'_>) -> Result<(), XlsxError> {
    sheet.set_name("Columns")?.set_freeze_panes(1, 0)?;
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    let heads = [
        ("Column", 36.0),
        ("Needed", 26.0),
        ("What it is", 60.0),
        ("What a cell may hold", 48.0),
        ("For example", 44.0),
    ];
    for (column, (head, width)) in (0..).zip(heads) {
        sheet.set_column_width(column, width)?;
        sheet.write_string_with_format(0, column, head, &header_format(Need::Required))?;
    }
    let mut last = 2;
    for (row, spec) in (1..).zip(template.columns()) {
        last = row + 2;
        sheet.set_row_height(row, row_height(&[(spec.help, heads[2].1), (spec.rule, heads[3].1)]))?;
        for (column, text) in (0..).zip([spec.name, spec.need.words(), spec.help, spec.rule, spec.example]) {
            sheet.write_string_with_format(row, column, text, &wrapped)?;
        }
    }
    sheet.write_string(last, 0, format!("A row whose subaccount_sid begins with {EXAMPLE} is skipped."))?;
    Ok(())
}

/// The values of the lists, one list a column, out of sight.
fn lists(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name(LISTS)?.set_hidden(true);
    for (column, list) in (0..).zip(&LIST_COLUMNS) {
        sheet.write_string(0, column, list.title())?;
        for (row, value) in (1..).zip(list.values()) {
            sheet.write_string(row, column, value)?;
        }
    }
    Ok(())
}

/// A list to choose from, and the columns that it is for.
enum ListOf {
    Column(Column),
    JobPositions,
    States,
    Countries,
}

const LIST_COLUMNS: [ListOf; 9] = [
    ListOf::Column(Column::BusinessIdentity),
    ListOf::Column(Column::BusinessType),
    ListOf::Column(Column::BusinessIndustry),
    ListOf::Column(Column::BusinessRegistrationIdentifier),
    ListOf::Column(Column::BusinessRegionsOfOperation),
    ListOf::Column(Column::UseCase),
    ListOf::JobPositions,
    ListOf::States,
    ListOf::Countries,
];

impl ListOf {
    fn takes(&self, spec: &Spec) -> bool {
        match self {
            ListOf::Column(column) => *column == spec.column,
            ListOf::JobPositions => spec.values == values::JOB_POSITIONS,
            ListOf::States => spec.column == Column::Region,
            ListOf::Countries => spec.column == Column::IsoCountry,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            ListOf::Column(column) => column.name(),
            ListOf::JobPositions => "job_position",
            ListOf::States => "region",
            ListOf::Countries => "iso_country",
        }
    }

    fn values(&self) -> Vec<&'static str> {
        match self {
            ListOf::Column(column) => column.spec().values.to_vec(),
            ListOf::JobPositions => values::JOB_POSITIONS.to_vec(),
            ListOf::States => values::STATES.iter().map(|(code, _)| *code).collect(),
            ListOf::Countries => vec!["US"],
        }
    }
}

/// What the example row holds in a column.
fn example(spec: &Spec) -> String {
    match spec.column {
        Column::SubaccountSid => format!("{EXAMPLE} {}", spec.example),
        _ => spec.example.to_owned(),
    }
}
