"""The return model: members, blend, base rate, and correction for calendar drift."""
