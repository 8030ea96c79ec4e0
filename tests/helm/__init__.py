"""The chart in helm/, by Helm's own engine."""
