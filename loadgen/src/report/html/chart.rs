//! [`Chart`]: lines over an axis, as inline SVG. Colours are the page's: shapes have classes, not fills.
//!
//! A wide chart is drawn twice, in two shapes, and the style shows one of them: on a phone a wide drawing would be
//! as high as a finger and its labels too small to read. The page has no script that could draw it anew.

use std::fmt::{self, Write};

use super::escape::Escaped;
use super::scale::Scale;

/// A chart.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// A sentence under the title, or nothing.
    pub(super) note: &'a str,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line<'a>>,
    /// The range of x that has a shaded background, and what that means.
    pub(super) band: Option<(f64, f64, &'static str)>,
    /// Values of x that have a mark, and what happened there.
    pub(super) marks: Vec<(f64, &'a str)>,
    /// The width. All charts have about the same height.
    pub(super) width: Width,
}

/// How wide a chart is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Width {
    Half,
    Whole,
}

/// An axis, and how its values are written.
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) label: fn(f64) -> String,
}

/// A line. It is broken where a value is unknown.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// The frame around the plot, in the SVG's own units.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 26.0;

/// The room for a digit of a label, where labels are largest: on a narrow screen.
const LETTER: f64 = 9.5;

/// The classes of the first and the second line. There are at most two, so that they are easy to tell
/// apart.
const CLASSES: [&str; 2] = ["one", "two"];

/// A shape of a drawing: its class, and its width and height.
type Shape = (&'static str, f64, f64);

/// For half of the page, and for all of it.
const HALF: Shape = ("half", NARROW_WIDTH, 200.0);
const WHOLE: Shape = ("whole", 1060.0, 300.0);
/// A wide chart on a narrow screen: somewhat higher than others, because it matters most.
const NARROW: Shape = ("narrow", NARROW_WIDTH, 260.0);
/// The width of what a phone shows.
pub(super) const NARROW_WIDTH: f64 = 520.0;

/// A chart that is being drawn in a shape.
struct Drawing<'c> {
    chart: &'c Chart<'c>,
    shape: Shape,
}

impl Drawing<'_> {
    fn size(&self) -> (f64, f64) {
        (self.shape.1, self.shape.2)
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.chart.x.scale.place(value) * (self.size().0 - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let height = self.size().1 - TOP - BOTTOM;
        TOP + (1.0 - self.chart.y.scale.place(value)) * height
    }

    fn write_axes(&self, out: &mut String) -> fmt::Result {
        let (width, height) = self.size();
        let (right, bottom) = (width - RIGHT, height - BOTTOM);
        if let Some((from, to, what)) = self.chart.band {
            let (from, to) = (self.x(from), self.x(to));
            let (wide, high) = (to - from, bottom - TOP);
            write!(
                out,
                r#"<rect class="band" x="{from:.1}" y="{TOP}" width="{wide:.1}" height="{high:.1}"/>"#
            )?;
            if wide > 36.0 {
                let (x, y) = (from + 6.0, TOP + 13.0);
                write!(out, r#"<text x="{x:.1}" y="{y:.1}">{}</text>"#, Escaped(what))?;
            }
        }
        for &tick in &self.chart.y.scale.ticks {
            let y = self.y(tick);
            write!(
                out,
                r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#
            )?;
            let (x, y, label) = (LEFT - 8.0, y + 4.0, (self.chart.y.label)(tick));
            write!(
                out,
                r#"<text x="{x:.1}" y="{y:.1}" text-anchor="end">{}</text>"#,
                Escaped(&label)
            )?;
        }
        // From the right, so that the end keeps its label where there is no room for all.
        let mut free = width;
        for &tick in self.chart.x.scale.ticks.iter().rev() {
            let (x, y, label) = (self.x(tick), bottom + 18.0, (self.chart.x.label)(tick));
            let wide = label.chars().count() as f64 * LETTER;
            let (anchor, end) =
                if x > right - 16.0 { ("end", x) } else { ("middle", x + wide / 2.0) };
            if end > free {
                continue;
            }
            free = end - wide - LETTER;
            write!(
                out,
                r#"<text class="under" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{}</text>"#,
                Escaped(&label)
            )?;
        }
        Ok(())
    }

    fn write_line(&self, line: &Line<'_>, class: &str, out: &mut String) -> fmt::Result {
        let bottom = self.size().1 - BOTTOM;
        for piece in pieces(&line.points) {
            let places: Vec<(f64, f64)> =
                piece.iter().map(|&(x, y)| (self.x(x), self.y(y))).collect();
            let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let path = path.join("L");
            let ((first, y), (last, _)) = (places[0], places[places.len() - 1]);
            if places.len() == 1 {
                write!(
                    out,
                    r#"<circle class="dot {class}" cx="{first:.1}" cy="{y:.1}" r="2.5"/>"#
                )?;
                continue;
            }
            if self.chart.lines.len() == 1 {
                write!(
                    out,
                    r#"<path class="area" d="M{path}L{last:.1} {bottom:.1}L{first:.1} {bottom:.1}Z"/>"#
                )?;
            }
            write!(out, r#"<path class="line {class}" d="M{path}"/>"#)?;
        }
        Ok(())
    }

    /// Invisible strips with titles, which show the values under the pointer. This needs no script.
    fn write_hints(&self, out: &mut String) -> fmt::Result {
        let Some(line) = self.chart.lines.first() else { return Ok(()) };
        let high = self.size().1 - TOP - BOTTOM;
        let mut from = LEFT;
        for (at, &(x, _)) in line.points.iter().enumerate() {
            let next = line.points.get(at + 1).map_or(x, |&(next, _)| next);
            let to = (self.x(x) + self.x(next)) / 2.0;
            let values = self.chart.lines.iter().filter_map(|line| {
                let value = line.points.get(at)?.1?;
                Some(format!("{} {}", line.name, (self.chart.y.label)(value)))
            });
            let text =
                format!("{}: {}", (self.chart.x.label)(x), values.collect::<Vec<_>>().join(", "));
            let (wide, text) = ((to - from).max(0.1), Escaped(&text));
            write!(
                out,
                r#"<rect class="hit" x="{from:.1}" y="{TOP}" width="{wide:.1}" height="{high:.1}"><title>{text}</title></rect>"#
            )?;
            from = to;
        }
        Ok(())
    }

    /// Upright lines. Each lies over the hints, and has a wider one that the pointer can hit.
    fn write_marks(&self, out: &mut String) -> fmt::Result {
        let bottom = self.size().1 - BOTTOM;
        for &(value, what) in &self.chart.marks {
            let (x, what) = (self.x(value), Escaped(what));
            write!(
                out,
                r#"<g class="mark"><title>{}: {what}</title><path class="reach" d="M{x:.1} {TOP}V{bottom}"/><path d="M{x:.1} {TOP}V{bottom}"/></g>"#,
                (self.chart.x.label)(value)
            )?;
        }
        Ok(())
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let ((class, width, height), title) = (self.shape, Escaped(self.chart.title));
        write!(
            out,
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">"#
        )?;
        self.write_axes(out)?;
        // The first line is the one that matters. It is drawn last, and so on top.
        for (line, class) in self.chart.lines.iter().zip(CLASSES).rev() {
            self.write_line(line, class, out)?;
        }
        self.write_hints(out)?;
        self.write_marks(out)?;
        out.write_str("</svg>")
    }
}

impl Chart<'_> {
    /// Appends the chart, with its title and its legend.
    pub(super) fn write(&self, out: &mut String) -> fmt::Result {
        let (wide, shapes): (&str, &[Shape]) = match self.width {
            Width::Half => ("", &[HALF]),
            Width::Whole => (" wide", &[WHOLE, NARROW]),
        };
        let title = Escaped(self.title);
        write!(out, r#"<section class="card{wide}"><h2>{title}</h2><div class="keys">"#)?;
        for (line, class) in self.lines.iter().zip(CLASSES) {
            write!(out, r#"<span><i class="{class}"></i>{}</span>"#, Escaped(line.name))?;
        }
        write!(out, "<span>{}</span>{}</div>", Escaped(self.note), more(self.width))?;
        out.write_str(r#"<div class="scroll" tabindex="0">"#)?;
        for &shape in shapes {
            Drawing { chart: self, shape }.write(out)?;
        }
        out.write_str("</div></section>\n")
    }
}

/// The words that a narrow screen shows beside what is wider than it.
pub(super) const fn more(width: Width) -> &'static str {
    match width {
        Width::Half => "",
        Width::Whole => "<span class=\"more\">more to the right &rarr;</span>",
    }
}

/// The parts of a line in which it is known.
fn pieces(points: &[(f64, Option<f64>)]) -> Vec<Vec<(f64, f64)>> {
    let pieces = points.split(|(_, y)| y.is_none()).filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.iter().filter_map(|&(x, y)| Some((x, y?))).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_where_it_is_not_known() {
        let points =
            [(0.0, Some(1.0)), (1.0, None), (2.0, Some(2.0)), (3.0, Some(3.0)), (4.0, None)];
        assert_eq!(pieces(&points), [vec![(0.0, 1.0)], vec![(2.0, 2.0), (3.0, 3.0)]]);
        assert!(pieces(&[]).is_empty());
    }

    #[test]
    fn a_wide_chart_has_a_shape_for_a_phone_and_its_labels_stand_apart() {
        let axis = |scale| Axis { scale, label: |value| format!("{value:.0}") };
        let chart = Chart {
            title: "T",
            note: "",
            x: axis(Scale::ratios(10_000.0, 20_000.0)),
            y: axis(Scale::from_zero(2.0)),
            lines: vec![Line { name: "one", points: vec![(10_000.0, Some(1.0))] }],
            band: None,
            marks: Vec::new(),
            width: Width::Whole,
        };
        let labels = |chart: &Chart<'_>| {
            let mut out = String::new();
            chart.write(&mut out).expect("a string");
            let (whole, narrow) = out.split_once("<svg class=\"narrow\"").expect("two shapes");
            assert!(whole.contains("<svg class=\"whole\"") && out.matches("<svg").count() == 2);
            [whole, narrow].map(|shape| shape.matches("class=\"under\"").count())
        };
        assert_eq!(labels(&chart), [2, 2]);
        let crowded = Chart { x: axis(Scale::numbers(12)), ..chart };
        let long = |value: f64| format!("number {value}");
        let crowded = Chart { x: Axis { label: long, ..crowded.x }, ..crowded };
        let [wide, narrow] = labels(&crowded);
        assert!(wide < 12 && narrow < wide && narrow >= 2, "{wide} and {narrow}");
    }
}
