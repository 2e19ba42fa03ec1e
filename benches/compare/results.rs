//! benches/RESULTS.md, read back. What is shown of a run elsewhere is made of the text that was kept, so that a
//! test can make it again.

pub struct Results<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Results<'a> {
    /// Of the first table.
    pub fn of(text: &'a str) -> Self {
        let mut lines = text.lines().skip_while(|line| !line.starts_with("| measured |")).map(cells);
        let columns = lines.next().unwrap_or_default();
        Self { columns, rows: lines.skip(1).take_while(|cells| !cells.is_empty()).collect() }
    }

    /// As it is shown; `None` where there is no such row, or nothing was measured.
    pub fn cell(&self, row: &str, column: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|name| *name == column)?;
        let cell = *self.rows.iter().find(|cells| cells[0] == row)?.get(at)?;
        (cell != "–").then_some(cell)
    }

    pub fn number(&self, row: &str, column: &str) -> Option<f64> {
        self.cell(row, column)?.replace(' ', "").parse().ok()
    }
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map(|inner| inner.split('|').map(str::trim).collect()).unwrap_or_default()
}
