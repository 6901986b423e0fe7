//! `validate`: everything that is wrong with a sheet, without the network.

use super::args::{FormatArg, ValidateArgs};
use super::files::must_differ;
use super::sheet::Sheet;
use super::style::{say, tell};
use super::{Exit, Stop};
use crate::plan::Submission;
use crate::report::{
    Annotations, Estimate, FindingsFormat, FindingsPrinter, annotate, check_writable, spell_duration,
};
use crate::twilio::Rate;

/// The rate of a run that says nothing else: a fifth of what third parties report as Twilio's limit
/// of concurrent calls, and twenty times what public scripts dare.
pub const DEFAULT_RATE: f64 = 20.0;

pub fn validate(args: &ValidateArgs) -> Result<Exit, Stop> {
    let format = match args.format {
        FormatArg::Text => FindingsFormat::Text,
        FormatArg::Json => FindingsFormat::Json,
        FormatArg::Csv => FindingsFormat::Csv,
    };
    let mut printer = FindingsPrinter::new(format, anstream::AutoStream::auto(std::io::stdout()));
    let parent =
        std::env::var("TWILIO_ACCOUNT_SID").ok().and_then(|text| crate::model::Sid::parse(text.trim()));
    let mut annotations = Annotations::default();
    if let Some(path) = &args.annotate {
        must_differ(&[("the sheet", &args.sheet.path), ("--annotate", path)])?;
        check_writable(path)?;
    }
    let sheet = Sheet::survey(&args.sheet, parent, &mut |finding| {
        if args.annotate.is_some() {
            annotations.add(finding.clone());
        }
        printer.take(finding);
    })?;
    printer.finish(&sheet.survey);
    let survey = &sheet.survey;
    let estimate = Estimate::of(&survey.work, Submission::ProductAfterApproval);
    let rate = args.rate.unwrap_or(Rate::PerSecond(DEFAULT_RATE));
    let text = format!(
        "{}: {}\n{} rows: {} valid, {} invalid\n{}",
        sheet.name(),
        survey.layout,
        survey.rows,
        survey.valid,
        survey.invalid(),
        match rate {
            Rate::PerSecond(rate) => format!(
                "A run makes at least {} calls: at {rate} calls/s that takes at least {}, reviews apart",
                estimate.calls,
                spell_duration((estimate.calls as f64 / rate) as u64)
            ),
            Rate::Unlimited => format!("A run makes at least {} calls", estimate.calls),
        }
    );
    match format {
        FindingsFormat::Text => say!("{text}"),
        // What programs read stays apart from what people read.
        FindingsFormat::Json | FindingsFormat::Csv => tell!("{text}"),
    }
    if let Some(path) = &args.annotate {
        let written = annotate(&sheet.source, survey, &annotations, path)?;
        tell!("Every mistake is marked in {}: correct it there and run it", written.display());
    }
    Ok(if survey.invalid() > 0 || survey.rows == 0 { Exit::InvalidRows } else { Exit::Success })
}
