"""Widgets of load tests: plan form, forecast, live figures, charts, calls, comparison."""
