"""How likely a researcher abroad is to return: cumulative incidence with competing exits."""
