//! What every test of the binary needs.

use assert_cmd::Command;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of its own, and the binary in it without any of the machine's settings.
pub struct Fixture {
    pub folder: TempDir,
}

/// How a command ended.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture { folder: tempfile::tempdir().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("trusthub-onboard"));
        command.current_dir(&self.folder).args(arguments);
        for variable in [
            "TWILIO_ACCOUNT_SID",
            "TWILIO_AUTH_TOKEN",
            "TWILIO_REGION",
            "TWILIO_EDGE",
            "TRUSTHUB_ONBOARD_BASE_URL",
            "TRUSTHUB_PRIMARY_PROFILE_SID",
        ] {
            command.env_remove(variable);
        }
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.finish(&mut self.command(arguments))
    }

    pub fn finish(&self, command: &mut Command) -> Done {
        let output = command.output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(!err.contains("panicked"), "{err}");
        Done { code: output.status.code().expect("an exit code"), out, err }
    }

    /// The results as one map a row.
    pub fn results(&self) -> Vec<HashMap<String, String>> {
        self.rows("results.csv")
    }

    /// The results of the numbers as one map a line.
    pub fn numbers(&self) -> Vec<HashMap<String, String>> {
        self.rows("results-numbers.csv")
    }

    fn rows(&self, name: &str) -> Vec<HashMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).expect(name);
        reader.deserialize().collect::<Result<_, _>>().expect("rows")
    }
}

pub fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name).display().to_string()
}

/// The clean sample sheet as rows of cells, its header first.
pub fn sample_rows() -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_path(sample("customers.csv")).expect("the sample");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

pub fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(vec![]);
    for row in rows {
        writer.write_record(row).expect("a row");
    }
    writer.into_inner().expect("bytes")
}

pub fn column(rows: &[Vec<String>], name: &str) -> usize {
    rows[0].iter().position(|it| it == name).expect("a column")
}

/// Writes `sheet.csv` with one customer, one of whose two numbers is on the profile of another customer already.
pub fn with_a_number_of_another_customer(fixture: &Fixture) {
    let mut rows = sample_rows();
    let numbers = column(&rows, "phone_numbers");
    rows[1][numbers] = "PN0000000000000000000000000000dead".to_owned();
    fixture.write("other.csv", csv_of(&rows[..2]));
    assert_eq!(fixture.run(&["run", "other.csv", "--sandbox", "--no-submit"]).code, 0);
    // The number is the first customer's, so the second one's profile cannot have it.
    rows[2][numbers] = "PN0000000000000000000000000000beef; PN0000000000000000000000000000dead".to_owned();
    fixture.write("sheet.csv", csv_of(&[rows[0].clone(), rows[2].clone()]));
}
