//! [`Outputs`]: the files that the report goes to. They are opened before the run, so that a file which
//! cannot be written is known then. Opening empties them, so that an old report is not taken for the new
//! one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::csv::write_csv;
use super::hgrm::write_hgrm;
use super::html;
use super::named::named_times;
use super::runs::{Run, Runs};
use super::shape::Page;
use super::text::write_text;

/// Where the report goes, beside stdout.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destinations {
    /// The whole report as JSON.
    pub(crate) json: Option<PathBuf>,
    /// The run second by second, as comma-separated values.
    pub(crate) csv: Option<PathBuf>,
    /// A folder: one file for each histogram.
    pub(crate) hgrm: Option<PathBuf>,
    /// The report as one page with charts.
    pub(crate) html: Option<PathBuf>,
}

/// The files, opened.
#[derive(Debug)]
pub(crate) struct Outputs {
    json: Option<Output>,
    csv: Option<Output>,
    html: Option<Output>,
    /// A folder.
    hgrm: Option<PathBuf>,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    file: File,
}

impl Outputs {
    /// Opens them all.
    ///
    /// # Errors
    ///
    /// One sentence, if one of them cannot be written.
    pub(crate) fn open(wanted: &Destinations) -> Result<Self, String> {
        let open = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
        if let Some(folder) = &wanted.hgrm {
            fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        }
        Ok(Outputs {
            json: open(&wanted.json)?,
            csv: open(&wanted.csv)?,
            html: open(&wanted.html)?,
            hgrm: wanted.hgrm.clone(),
        })
    }

    /// Writes the report into all files, and as text on stdout.
    ///
    /// # Errors
    ///
    /// One sentence, if one of them cannot be written.
    pub(crate) fn write(self, runs: &Runs) -> Result<(), String> {
        // The reader may have closed the output.
        let _ = write_text(runs, &mut io::stdout().lock());
        let Some((_, shown)) = runs.shown() else { return Ok(()) };
        if let Some(json) = self.json {
            json.write(|out| write_json(&runs.page(), out))?;
        }
        if let Some(csv) = self.csv {
            csv.write(|out| write_csv(&shown.summary.series, out))?;
        }
        if let Some(html) = self.html {
            html.write(|out| out.write_all(html::page(runs).as_bytes()))?;
        }
        if let Some(folder) = self.hgrm {
            write_histograms(shown, &folder)?;
        }
        Ok(())
    }

    /// There is no report: writes why, into the files that would have it.
    ///
    /// # Errors
    ///
    /// One sentence, if the file cannot be written.
    pub(crate) fn fail(
        self,
        verdict: &'static str,
        exit_code: u8,
        why: &str,
    ) -> Result<(), String> {
        let page = Page::of_no_run(verdict, exit_code, Some(why));
        if let Some(json) = self.json {
            json.write(|out| write_json(&page, out))?;
        }
        match self.html {
            Some(html) => html.write(|out| out.write_all(html::page_of_no_run(why).as_bytes())),
            None => Ok(()),
        }
    }
}

impl Output {
    fn create(path: &Path) -> Result<Self, String> {
        let file = File::create(path).map_err(|error| cannot_write(path, &error))?;
        Ok(Output { path: path.to_owned(), file })
    }

    fn write(
        self,
        tell: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), String> {
        let mut out = BufWriter::new(self.file);
        let written = tell(&mut out).and_then(|()| out.flush());
        written.map_err(|error| cannot_write(&self.path, &error))
    }
}

fn write_json(page: &Page<'_>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, page)?;
    writeln!(out)
}

/// Writes one file for each histogram, also for empty ones: so it can be seen that they are empty.
fn write_histograms(run: &Run, folder: &Path) -> Result<(), String> {
    for named in named_times(&run.outcome.record) {
        let output = Output::create(&folder.join(format!("{}.hgrm", named.key)))?;
        output.write(|out| write_hgrm(named.times, out))?;
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}
