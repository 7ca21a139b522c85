"""What stands between records of people and what others may see."""
