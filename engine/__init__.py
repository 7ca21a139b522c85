"""Records of people in any number: one scan, then everything bucket by bucket in bounded memory."""
