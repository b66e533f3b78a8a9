"""Trains, exports and imports the click-through-rate models that Podium serves."""
