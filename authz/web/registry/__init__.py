"""The routes of people, contracts and annexes."""
