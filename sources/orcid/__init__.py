"""ORCID: dated educations and employments from the public file."""
