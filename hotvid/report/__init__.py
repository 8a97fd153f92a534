"""The report: one HTML file that shows a clip's people, plays, turns and can be measured in."""

from hotvid.report.report import Report, write_report

__all__ = ["Report", "write_report"]
